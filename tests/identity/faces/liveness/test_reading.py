"""Real models on a drawn head and on frames that are none."""

import random

import numpy as np
import pytest
import simplejpeg

from identity.faces import dlib_eye, liveness
from identity.faces.liveness import simulated
from identity.faces.liveness.drawing import drawn_face
from identity.faces.liveness.grid import display_grid
from identity.faces.liveness.judging import judge
from identity.faces.liveness.messages import Frame
from identity.faces.liveness.policy import default
from identity.faces.liveness.reading import read_burst
from identity.faces.liveness.refusals import BadBurst


def jpeg(pixels: np.ndarray) -> bytes:
    return simplejpeg.encode_jpeg(np.ascontiguousarray(pixels), quality=90, colorspace="RGB")


@pytest.fixture(scope="module")
def frames() -> list[Frame]:
    """Eight of a drawn head, each moved by a little."""
    face = drawn_face()
    return [Frame(jpeg(np.roll(face, 2 * (number % 3), axis=1)), 250 * number) for number in range(8)]


def test_a_drawn_face_has_its_landmarks_where_they_are_drawn() -> None:
    (marks,) = dlib_eye.find_landmarks(drawn_face(), detection_side_px=320)
    assert marks.shape == (68, 2)
    assert np.abs(marks[36:42].mean(axis=0) - (194, 317)).max() < 8
    assert np.abs(marks[42:48].mean(axis=0) - (286, 317)).max() < 8
    # The corners of the mouth, and the lips' inner middle between them.
    assert marks[48, 0] < 215 < 265 < marks[54, 0]
    assert abs(marks[62, 1] - 424) < 10
    assert abs(marks[66, 1] - 424) < 10


def test_what_a_burst_shows(frames: list[Frame]) -> None:
    reading = read_burst(frames)
    assert [frame.faces for frame in reading.frames] == [1] * 8
    assert reading.repeated == 5
    assert reading.least_likeness > 0.9
    assert reading.frames[1].shift_px == pytest.approx(2, abs=0.3)
    face = reading.frames[0].face
    assert face is not None
    assert abs(face.pose.yaw) < 5
    red, green, blue = face.skin
    assert red > green > blue
    assert face.beside == pytest.approx((150, 165, 175), abs=12)


def test_frames_that_make_no_burst(frames: list[Frame]) -> None:
    small = jpeg(drawn_face()[::2, ::2])
    for bad in (
        frames[:7],
        [Frame(frames[0].jpeg, number) for number in range(41)],
        [*frames[:7], Frame(frames[7].jpeg, frames[6].at_ms)],
        [*frames[:7], Frame(b"\x89PNG", 9000)],
        [*frames[:7], Frame(frames[7].jpeg[:-2000], 9000)],
        [*frames[:7], Frame(small, 9000)],
        [Frame(jpeg(np.zeros((2001, 2001, 3), np.uint8)), number) for number in range(8)],
        [Frame(frames[0].jpeg, -1), *frames],
        [Frame(jpeg(np.zeros((9, 9, 3), np.uint8)), number) for number in range(8)],
    ):
        with pytest.raises(BadBurst):
            read_burst(bad)


def test_a_burst_without_a_face_and_of_odd_size_is_a_verdict_and_no_error() -> None:
    grey = np.full((321, 255, 3), 120, np.uint8)
    grey[::7] += 1
    challenge = liveness.draw(session_id="s", device_thumbprint="d")
    burst = [Frame(jpeg(np.roll(grey, number, axis=0)), 250 * number) for number in range(8)]
    verdict = liveness.judge_burst(burst, challenge)
    assert verdict.decision != "live"
    assert {"face-unclear", "not-ahead", "light-unanswered"} <= {reason.code for reason in verdict.reasons}


def test_a_regular_pattern_of_fine_stripes_stands_out_of_a_face() -> None:
    face = drawn_face()[200:456, 112:368]
    stripes = 1 + 0.08 * np.sin(np.arange(256) * 2 * np.pi / 3.1)[None, :, None]
    seen = np.clip(face * stripes, 0, 255).astype(np.uint8)
    assert display_grid(face) < default().display.most_grid < display_grid(seen)


@pytest.fixture(scope="module")
def sitter() -> simulated.Sitter:
    face = drawn_face()
    (marks,) = dlib_eye.find_landmarks(face, detection_side_px=320)
    return simulated.Sitter(face, marks, random.Random(3))


def test_the_self_test_tells_a_drawn_head_from_its_picture_on_a_screen() -> None:
    assert liveness.self_test() is None


def test_the_self_test_says_why_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dlib_eye, "find_landmarks", lambda *_, **__: [])
    assert liveness.self_test() == "0 faces were found where one is drawn"


@pytest.mark.slow
@pytest.mark.parametrize("species", simulated.Species.__args__)
def test_no_simulated_attack_on_a_drawn_head_is_live(sitter: simulated.Sitter, species: simulated.Species) -> None:
    challenge = liveness.draw(session_id="s", device_thumbprint="d", chance=random.Random(1))
    other = liveness.draw(session_id="s", device_thumbprint="d", chance=random.Random(2))
    frames = simulated.attack(species, sitter, challenge, other, 5)
    assert judge(read_burst(frames), challenge, default()).decision != "live"

"""The rules on figures made up: what a good answer shows, and each way to spoil it."""

import math
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from identity.faces.liveness import Challenge, draw
from identity.faces.liveness.challenge import COLOURS
from identity.faces.liveness.judging import answer_to_light, judge
from identity.faces.liveness.messages import BurstReading, FaceReading, FrameReading, Pose
from identity.faces.liveness.policy import Code, default
from identity.faces.liveness.wording import TIPS

CHALLENGE = msgspec.structs.replace(
    draw(session_id="s", device_thumbprint="d"),
    steps=("turn_left", "blink", "open_mouth"),
    colours=(COLOURS[0], COLOURS[3], COLOURS[1], COLOURS[4], COLOURS[0], COLOURS[2], COLOURS[5]),
)


def face(at_ms: int, challenge: Challenge = CHALLENGE, solid: float = 0.45) -> FaceReading:
    """Somebody who does the steps of CHALLENGE in the middle of their times."""
    number, within = divmod(at_ms - challenge.lead_ms, challenge.step_ms)
    step = challenge.steps[number] if number >= 0 and 400 <= within < 1700 else None
    yaw = {"turn_left": 14.0, "turn_right": -14.0}.get(step or "", 0.0)
    colour = challenge.colours[challenge.colour_at(at_ms)]
    return FaceReading(
        pose=Pose(yaw=3.0 + yaw, pitch=-2.0, roll=1.0, residual=0.04),
        eyes=0.15 if step == "blink" else 0.28,
        mouth=0.3 if step == "open_mouth" else 0.03,
        smile=0.62,
        parallax=(solid * math.sin(math.radians(yaw)), 0.0),
        skin=_lit((150.0, 110.0, 90.0), colour, 0.15),
        beside=_lit((90.0, 100.0, 110.0), colour, 0.02),
        eye_distance_px=92.0,
    )


def _lit(surface: tuple[float, ...], colour: tuple[int, ...], phone: float) -> tuple[float, float, float]:
    red, green, blue = (part * (1 + phone * shown / 255) for part, shown in zip(surface, colour, strict=True))
    return red, green, blue


def burst(of: Callable[[int], FaceReading | None] = face, **changes: Any) -> BurstReading:
    frames = tuple(
        msgspec.structs.replace(
            FrameReading(at_ms=at, faces=1, face=of(at), shift_px=1.2, display=0.55), **changes.get("frame", {})
        )
        for at in range(100, CHALLENGE.length_ms, 250)
    )
    return BurstReading(
        frames=frames,
        repeated=changes.get("repeated", 0),
        least_likeness=changes.get("least_likeness", 0.85),
        sha256=(),
    )


def changed(at_ms: int, **figures: Any) -> FaceReading:
    return msgspec.structs.replace(face(at_ms), **figures)


def told(reading: BurstReading, challenge: Challenge = CHALLENGE) -> tuple[str, list[str]]:
    verdict = judge(reading, challenge, default())
    return verdict.decision, [reason.code for reason in verdict.reasons]


def test_who_does_what_is_asked_is_live() -> None:
    verdict = judge(burst(), CHALLENGE, default())
    assert (verdict.decision, verdict.reasons) == ("live", ())
    assert verdict.policy == default().id


def test_each_step_left_out_is_named_with_its_tip() -> None:
    verdict = judge(burst(lambda at: changed(at, eyes=0.28)), CHALLENGE, default())
    (reason,) = verdict.reasons
    assert (verdict.decision, reason.code, reason.step) == ("not_live", "step-missed", "blink")
    assert "Nhắm mắt" in reason.tip.vi
    assert "Close your eyes" in reason.tip.en


def test_the_same_steps_in_another_order_are_missed() -> None:
    other = msgspec.structs.replace(CHALLENGE, steps=("open_mouth", "turn_left", "blink"))
    decision, codes = told(burst(), other)
    assert decision == "not_live"
    assert codes.count("step-missed") == 3
    assert "step-unasked" in codes


def test_the_other_side_is_no_turn() -> None:
    right = msgspec.structs.replace(CHALLENGE, steps=("turn_right", "blink", "open_mouth"))
    assert told(burst(), right) == ("not_live", ["step-missed", "step-unasked"])


def test_a_turn_whose_nose_goes_along_is_flat() -> None:
    assert told(burst(lambda at: face(at, solid=0.08))) == ("not_live", ["moves-flat"])
    line = default().solid.least_parallax
    assert told(burst(lambda at: face(at, solid=line + 0.001)))[0] == "live"
    assert told(burst(lambda at: face(at, solid=line - 0.001)))[0] == "not_live"


def test_without_a_turn_nothing_is_said_of_solids() -> None:
    steps = msgspec.structs.replace(CHALLENGE, steps=("smile", "blink", "open_mouth"))
    assert told(burst(lambda at: changed(at, pose=Pose(3.0, -2.0, 1.0, 0.04), parallax=(0.0, 0.0))), steps)[1] == [
        "step-missed"
    ]


@pytest.mark.parametrize(
    ("changes", "decision", "code"),
    [
        ({"repeated": 1}, "not_live", "frames-repeated"),
        ({"least_likeness": 0.3}, "not_live", "another-person"),
        ({"frame": {"shift_px": 0.01}}, "not_live", "frames-still"),
        ({"frame": {"display": 1.8}}, "not_live", "screen-grid"),
    ],
)
def test_each_cue_speaks_for_itself(changes: dict[str, Any], decision: str, code: str) -> None:
    assert told(burst(**changes)) == (decision, [code])


def test_light_that_is_not_answered_or_answered_by_everything() -> None:
    assert told(burst(lambda at: changed(at, skin=(150.0, 110.0, 90.0)))) == ("unsure", ["light-unanswered"])
    assert told(burst(lambda at: changed(at, beside=face(at).skin))) == ("unsure", ["light-flat"])


def test_colours_of_another_challenge_are_no_answer() -> None:
    turned = msgspec.structs.replace(CHALLENGE, colours=CHALLENGE.colours[::-1])
    light = answer_to_light(burst(), turned, default())
    assert light is not None
    assert light.correlation < default().light.least_correlation


def test_a_camera_that_slowly_corrects_its_white_leaves_the_answer_alone() -> None:
    def drifting(at: int) -> FaceReading:
        red, green, blue = face(at).skin
        return changed(at, skin=(red * (1 + at / 40_000), green, blue * (1 - at / 40_000)))

    assert told(burst(drifting)) == ("live", [])


def test_a_recording_with_a_gap_or_cut_short_goes_to_a_person() -> None:
    whole = burst()
    gap = msgspec.structs.replace(whole, frames=whole.frames[:10] + whole.frames[13:])
    assert "frames-missing" in told(gap)[1]
    short = msgspec.structs.replace(whole, frames=whole.frames[:-4])
    assert "frames-missing" in told(short)[1]
    late = msgspec.structs.replace(whole.frames[-1], at_ms=CHALLENGE.length_ms + 701)
    assert "frames-missing" in told(msgspec.structs.replace(whole, frames=(*whole.frames[:-1], late)))[1]


def test_faces_lost_and_faces_too_many() -> None:
    half = burst(lambda at: face(at) if at % 500 < 250 else None)
    assert "face-unclear" in told(half)[1]
    assert told(burst(frame={"faces": 2}))[1] == ["several-faces"]


def test_who_never_looked_ahead_is_not_measured_against_anything() -> None:
    decision, codes = told(burst(lambda at: face(at) if at > CHALLENGE.lead_ms else None))
    assert (decision, codes) == ("unsure", ["not-ahead"])


def test_badly_found_faces_do_not_count() -> None:
    """A face found at the wrong place once read as a turn nobody had made."""
    wild = Pose(yaw=40.0, pitch=20.0, roll=0.0, residual=0.2)
    assert told(burst(lambda at: changed(at, pose=wild) if at in (2850, 4850) else face(at))) == ("live", [])


def test_every_code_has_an_answer_and_a_tip_in_both_languages() -> None:
    codes = set(Code.__args__)
    assert codes == set(default().answers) == set(TIPS)
    assert all(words.vi and words.en for words in TIPS.values())
    assert default().status == "assumption"

"""The selfie's gate: on portraits changed until they are useless, and on a head turned by arithmetic."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from benchmarks import covering
from identity import faces
from identity.faces import dlib_eye, quality
from identity.faces.aligning import align
from identity.faces.quality import Measures
from identity.faces.refusals import EyesClosed, FaceOccluded, FaceOverexposed, FacePose
from kit import images
from kit.refusal import Refusal
from tests.identity.faces.conftest import jpeg

Photo = Callable[[str], bytes]

GOOD = Measures(
    eye_distance_px=120.0,
    share_inside=1.0,
    luminance=120.0,
    burnt=0.0,
    sharpness=400.0,
    turn=0.0,
    nod=0.5,
    openness=0.28,
    eye_light=0.9,
    lips=0.0,
)


def judged(**changed: float) -> list[str]:
    """The codes of what is advised."""
    return [tip.code for tip in quality.judge_selfie(Measures(**(_fields(GOOD) | changed)))]


def _fields(found: Measures) -> dict[str, float]:
    return {name: getattr(found, name) for name in found.__struct_fields__}


def head(*, yaw: float = 0.0, pitch: float = 0.0, openness: float = 0.28) -> dlib_eye.SeenFace:
    """A head of eyes, nose tip and mouth corners, turned (degrees; down is positive) and seen from far away."""
    points = np.array(
        [[-0.5, 0, 0], [0.5, 0, 0], [0, 0.55, -0.5], [-0.35, 1.05, -0.15], [0.35, 1.05, -0.15]]
    )  # in eye distances: right, down, away
    y, p = math.radians(yaw), math.radians(pitch)
    beside = np.array([[math.cos(y), 0, math.sin(y)], [0, 1, 0], [-math.sin(y), 0, math.cos(y)]])
    nod = np.array([[1, 0, 0], [0, math.cos(p), -math.sin(p)], [0, math.sin(p), math.cos(p)]])
    seen = (points @ beside.T @ nod.T)[:, :2] * 100
    lid = np.array([[0, 0], [10, -1], [20, -1], [30, 0], [20, 1], [10, 1]]) * [1, 15 * openness]
    return dlib_eye.SeenFace((0, 200, 200, 0), seen, np.stack([lid, lid + np.array([70, 0])]))


@pytest.mark.parametrize("name", ["obama", "obama2", "obama3", "biden"])
def test_no_good_portrait_is_refused(photo: Photo, name: str) -> None:
    assert faces.describe(photo(name)).image_sha256


def test_a_face_from_the_front_needs_no_advice() -> None:
    assert judged() == []
    seen = head()
    assert (seen.turn, seen.nod, seen.openness) == pytest.approx((0, 0.52, 0.28), abs=0.005)


@pytest.mark.parametrize(
    ("pitch", "outcome"),
    [(-45, FacePose), (-40, FacePose), (-31, ["face-pose"]), (-20, []), (15, []), (31, ["face-pose"]), (40, FacePose)],
)
def test_a_face_raised_or_lowered(pitch: float, outcome: list[str] | type[Refusal]) -> None:
    nod = head(pitch=pitch).nod
    if isinstance(outcome, list):
        assert judged(nod=nod) == outcome
    else:
        with pytest.raises(outcome):
            judged(nod=nod)


@pytest.mark.parametrize("roll", [-30, 30])
def test_a_head_on_its_shoulder_is_not_turned(photo: Photo, roll: int) -> None:
    upright = images.decode(photo("obama"))
    leaning = upright.rotate(roll, Image.Resampling.BILINEAR)
    before, after = (dlib_eye.find_faces(image)[0] for image in (upright, leaning))
    assert (after.turn, after.nod) == pytest.approx((before.turn, before.nod), abs=0.06)


def test_turned_and_raised_is_said_once() -> None:
    assert judged(turn=-0.3, nod=0.25) == ["face-pose"]


@pytest.mark.parametrize("name", ["obama", "obama2", "obama3", "biden"])
def test_a_face_that_is_burnt_out(photo: Photo, name: str) -> None:
    """Its mean luminance may be 220: hair and nostrils stay dark when nothing of the skin is left."""
    portrait = images.decode(photo(name))
    with pytest.raises(FaceOverexposed):
        for gain in (2.5, 3, 3.5, 4):
            faces.describe(jpeg(portrait.point(lambda value, gain=gain: value * gain)))


def test_a_bright_day_is_taken_with_advice(photo: Photo) -> None:
    bright = images.decode(photo("obama2")).point(lambda value: value * 2.2)
    assert [tip.code for tip in faces.describe(jpeg(bright)).tips if tip.code != "face-pose"] == ["face-overexposed"]


def test_closed_eyes_are_refused_and_narrow_ones_are_not() -> None:
    assert head(openness=0.1).openness == pytest.approx(0.1)
    assert judged(openness=0.18) == []
    assert judged(openness=0.15) == ["eyes-closed"]
    with pytest.raises(EyesClosed):
        judged(openness=0.11)


@pytest.mark.parametrize("name", ["obama", "obama2", "obama3"])
@pytest.mark.parametrize("colour", [(240, 242, 245), (150, 190, 220)])
def test_a_mask_is_refused(photo: Photo, name: str, colour: tuple[int, int, int]) -> None:
    """White and blue masks went through: dlib guesses the mouth, and both models describe cloth."""
    with pytest.raises(FaceOccluded):
        faces.describe(jpeg(covering.masked(images.decode(photo(name), longest_side_px=1_600), colour)))


@pytest.mark.parametrize("name", ["obama", "obama2", "biden"])
def test_dark_glasses_are_refused(photo: Photo, name: str) -> None:
    with pytest.raises(FaceOccluded):
        faces.describe(jpeg(covering.in_dark_glasses(images.decode(photo(name), longest_side_px=1_600))))


@pytest.mark.parametrize("name", ["obama", "obama2", "obama3", "biden"])
def test_no_light_makes_a_face_look_covered(photo: Photo, name: str) -> None:
    """Dusk, a bright day, lamps and screens, light from one side, black and white."""
    plain = images.decode(photo(name), longest_side_px=1_600)
    lit: list[Image.Image] = [
        plain.convert("L").convert("RGB"),
        *(plain.point(lambda value, gain=gain: value * gain) for gain in (0.5, 1.6)),
        *(_tinted(plain, *gains) for gains in ((1.2, 1.0, 0.7), (0.75, 1.0, 1.2))),
        *(_shaded(plain, axis) for axis in (0, 1)),
    ]
    for picture in lit:
        seen = dlib_eye.find_faces(picture)[0]
        found = quality.measure(seen, *align(picture, seen.points))
        assert judged(eye_light=found.eye_light, lips=found.lips) == []


def _tinted(image: Image.Image, *gains: float) -> Image.Image:
    bands = [band.point(lambda value, gain=gain: value * gain) for band, gain in zip(image.split(), gains, strict=True)]
    return Image.merge("RGB", bands)


def _shaded(image: Image.Image, axis: int) -> Image.Image:
    """Less than half the light at the bottom, or at one side."""
    pixels = np.asarray(image, np.float64)
    falling = np.linspace(1.0, 0.4, pixels.shape[axis])
    shape = (-1, 1, 1) if axis == 0 else (1, -1, 1)
    return Image.fromarray((pixels * falling.reshape(shape)).astype(np.uint8))


def test_an_eye_under_a_patch_and_pale_lips_are_no_cover(photo: Photo) -> None:
    patched = covering.in_dark_glasses(images.decode(photo("obama"), longest_side_px=1_600), eyes=1)
    assert faces.describe(jpeg(patched)).image_sha256
    assert judged(lips=-0.12, eye_light=0.7) == []
    assert judged(lips=-0.2) == judged(eye_light=0.6) == ["face-occluded"]


def test_one_open_eye_is_enough() -> None:
    """A shadow over one eye is no closed face."""
    seen = head()
    shut = seen.eyes.copy()
    shut[0, :, 1] = shut[0, 0, 1]
    assert dlib_eye.SeenFace(seen.box, seen.points, shut).openness == pytest.approx(0.28)


def test_lids_brought_together(photo: Photo) -> None:
    """What the gate can see of eyes that close, on a portrait: measured less open, and advised."""
    portrait = images.decode(photo("obama"))
    before = dlib_eye.find_faces(portrait)[0]
    narrowed = _narrowed(portrait, before, 0.55)
    assert dlib_eye.find_faces(narrowed)[0].openness < 0.7 * before.openness
    assert [tip.code for tip in faces.describe(jpeg(narrowed)).tips] == ["eyes-closed"]


def _narrowed(image: Image.Image, face: dlib_eye.SeenFace, kept: float) -> Image.Image:
    """Upper lids drawn down until `kept` of each eye's height is open."""
    before = np.asarray(image, np.float64)
    after = before.copy()
    for lids in face.eyes:
        width = float(np.linalg.norm(lids[3] - lids[0]))
        along = (lids[3] - lids[0]) / width
        down = np.array([-along[1], along[0]])
        across, depth = (lids - lids[0]) @ along, (lids - lids[0]) @ down
        left, top = np.floor(lids.min(axis=0) - 0.6 * width).astype(int)
        right, bottom = np.ceil(lids.max(axis=0) + 0.4 * width).astype(int)
        x, y = np.meshgrid(np.arange(left, right), np.arange(top, bottom))
        u, v = ((np.stack([x, y], -1) - lids[0]) @ axis for axis in (along, down))
        margin = 0.06 * width * np.sin(np.pi * np.clip(u / width, 0, 1))
        upper = np.interp(u, across[:4], depth[:4]) - margin
        lower = np.interp(u, across[[0, 5, 4, 3]], depth[[0, 5, 4, 3]]) + margin
        edge, brow = lower - (lower - upper) * kept, upper - 0.45 * width
        source = np.where(
            v < edge,
            brow + (v - brow) * (upper - brow) / (edge - brow),
            upper + (v - edge) * (lower - upper) / np.maximum(lower - edge, 1e-6),
        )
        inside = (u > 0) & (u < width) & (v > brow) & (v < lower)
        at = lids[0] + u[..., None] * along + source[..., None] * down
        column, row = np.round(at).astype(int)[inside].T
        after[y[inside], x[inside]] = before[row, column]
    return Image.fromarray(after.astype(np.uint8))

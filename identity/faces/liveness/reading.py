"""What a burst of frames shows, frame by frame: figures only, nothing is judged here. Runs in an inference worker."""

import hashlib
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from identity.faces import dlib_eye, sface_eye
from identity.faces.aligning import align
from identity.faces.liveness import grid, solid
from identity.faces.liveness.messages import (
    LEAST_FRAMES,
    MOST_FRAMES,
    BurstReading,
    FaceReading,
    Frame,
    FrameReading,
    Rgb,
)
from identity.faces.liveness.refusals import BadBurst
from kit import images
from kit.refusal import Refusal

# A phone films with two megapixels; forty photos of fifty would keep a worker for a minute.
_MOST_PIXELS: Final = 4_000_000
_WORKING_SIDE_PX: Final = 640
# A face that fills a quarter of the frame is found at this size, in a fifth of the time of the whole.
_DETECTION_SIDE_PX: Final = 320
# Each costs as much as everything else of a frame together; a change of person shows in a few.
_LIKENESSES: Final = 5
_CROP_PX: Final = 256
_LEAST_SIDE_PX: Final = 240

Pixels = NDArray[np.uint8]


def read_burst(frames: list[Frame]) -> BurstReading:
    """Every frame read. Refuses BadBurst: too few or too many, not JPEG, small or large, not of one size, or not in order of time."""
    bad = BadBurst(least=LEAST_FRAMES, most=MOST_FRAMES)
    if not LEAST_FRAMES <= len(frames) <= MOST_FRAMES:
        raise bad
    if any(late.at_ms <= early.at_ms for early, late in pairwise(frames)) or frames[0].at_ms < 0:
        raise bad
    try:
        pictures = [_decoded(frame.jpeg) for frame in frames]
    except Refusal as refusal:
        raise bad from refusal
    if len({picture.shape for picture in pictures}) != 1 or min(pictures[0].shape[:2]) < _LEAST_SIDE_PX:
        raise bad
    marks = [dlib_eye.find_landmarks(picture, detection_side_px=_DETECTION_SIDE_PX) for picture in pictures]
    reference = next((found[0] for found in marks if len(found) == 1), None)
    if reference is None:
        centre = (pictures[0].shape[1] / 2, pictures[0].shape[0] / 2)
    else:
        centre = tuple(reference[27:36].mean(axis=0))
    crops = [_crop(picture, centre) for picture in pictures]
    read: list[FrameReading] = []
    for number, (frame, picture, found) in enumerate(zip(frames, pictures, marks, strict=True)):
        face = _face(picture, found[0], reference) if len(found) == 1 and reference is not None else None
        read.append(
            FrameReading(
                at_ms=frame.at_ms,
                faces=len(found),
                face=face,
                shift_px=_shift(crops[number - 1], crops[number]) if number else 0.0,
                display=grid.display_grid(_square(picture, centre)),
            )
        )
    digests = tuple(hashlib.sha256(frame.jpeg).digest() for frame in frames)
    return BurstReading(
        frames=tuple(read),
        repeated=len(digests) - len(set(digests)),
        least_likeness=_least_likeness(pictures, marks),
        sha256=digests,
    )


def _decoded(jpeg: bytes) -> Pixels:
    if not jpeg.startswith(b"\xff\xd8"):
        raise images.BadImage
    return np.asarray(images.decode(jpeg, max_pixels=_MOST_PIXELS, longest_side_px=_WORKING_SIDE_PX))


def _face(picture: Pixels, marks: solid.Points, reference: solid.Points) -> FaceReading:
    unit = solid.eye_distance(marks)
    eyes = [_openness(marks[first : first + 6]) for first in (36, 42)]
    return FaceReading(
        pose=solid.pose(marks, (picture.shape[1], picture.shape[0])),
        eyes=sum(eyes) / 2,
        mouth=_between(marks, 62, 66) / unit,
        smile=_between(marks, 48, 54) / max(_between(marks, 36, 45), 1.0),
        parallax=solid.nose_parallax(reference, marks),
        skin=_mean_colour(picture, [marks[[1, 31, 48, 4]], marks[[15, 35, 54, 12]]]),
        beside=_mean_colour(picture, _beside(marks)),
        eye_distance_px=unit,
    )


def _openness(eye: solid.Points) -> float:
    """Soukupová and Čech 2016: both heights of six landmarks over twice the width."""
    return (_between(eye, 1, 5) + _between(eye, 2, 4)) / max(2 * _between(eye, 0, 3), 1.0)


def _between(marks: solid.Points, one: int, two: int) -> float:
    return float(np.hypot(*(marks[one] - marks[two])))


def _beside(marks: solid.Points) -> list[solid.Points]:
    """What stands at the height of the face, left and right of it, beyond ears and hair."""
    left, right = marks[0], marks[16]
    across, down = right - left, (marks[8] - marks[27]) * 0.6
    outer = [left - 0.2 * across, left - 0.5 * across], [right + 0.2 * across, right + 0.5 * across]
    return [np.array([near, far, far + down, near + down]) for near, far in outer]


def _mean_colour(picture: Pixels, areas: list[solid.Points]) -> Rgb:
    """Over the parts of the areas that lie in the picture; black when none does."""
    import cv2

    mask = np.zeros(picture.shape[:2], np.uint8)
    for area in areas:
        cv2.fillConvexPoly(mask, cv2.convexHull(np.rint(area).astype(np.int32)), (1,))
    red, green, blue, _ = cv2.mean(picture, mask)
    return red, green, blue


def _crop(picture: Pixels, centre: tuple[float, ...]) -> NDArray[np.float32]:
    return np.asarray(_square(picture, centre).mean(axis=2), np.float32)


def _square(picture: Pixels, centre: tuple[float, ...]) -> Pixels:
    """The same place of every frame, around the first face."""
    side = min(_CROP_PX, *picture.shape[:2]) // 2 * 2
    left = int(np.clip(centre[0] - side / 2, 0, picture.shape[1] - side))
    top = int(np.clip(centre[1] - side / 2, 0, picture.shape[0] - side))
    return picture[top : top + side, left : left + side]


def _shift(before: NDArray[np.float32], after: NDArray[np.float32]) -> float:
    import cv2

    window = cv2.createHanningWindow(before.shape[::-1], cv2.CV_32F)
    (x, y), _ = cv2.phaseCorrelate(before, after, window)
    return float(np.hypot(x, y))


def _least_likeness(pictures: list[Pixels], marks: list[list[solid.Points]]) -> float:
    alone = [number for number, found in enumerate(marks) if len(found) == 1]
    chosen = sorted({alone[round(at)] for at in np.linspace(0, len(alone) - 1, _LIKENESSES)}) if alone else []
    vectors = [_described(pictures[number], marks[number][0]) for number in chosen]
    return min((float(vectors[0] @ vector) for vector in vectors[1:]), default=1.0)


def _described(picture: Pixels, marks: solid.Points) -> NDArray[np.float32]:
    points = np.array([marks[36:42].mean(axis=0), marks[42:48].mean(axis=0), marks[30], marks[48], marks[54]])
    return sface_eye.embed(align(Image.fromarray(picture), points)[0])

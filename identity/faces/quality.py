"""Is the photo good enough to compare? Measured on the aligned face, never on the frame around it."""

from typing import Final

import msgspec
import numpy as np
from PIL import Image

from identity.faces.dlib_eye import SeenFace
from identity.faces.messages import Tip
from identity.faces.refusals import (
    FaceBlurred,
    FaceCutOff,
    FaceOverexposed,
    FacePose,
    FaceTooDark,
    FaceTooSmall,
    MultipleFaces,
    NoFace,
)
from kit.refusal import Refusal

# Pairs are the line below (or above) which a photo is refused, and the one where it is taken with a tip.

# A second face smaller than this share of the first is a passer-by or a poster.
_SECOND_FACE_AREA: Final = 0.3
_LEAST_SHARE_INSIDE: Final = 0.9
# ICAO's portrait floor is 90 px between the eyes; below 60 the models lose people. In the picture as worked on.
_LEAST_EYE_DISTANCE_PX: Final = (60.0, 90.0)
# Mean luminance of the face, 0 to 255. Near-black frames were a fifth of one field set; dark skin in plain light lies
# above.
_LEAST_LUMINANCE: Final = (32.0, 50.0)
_MOST_LUMINANCE: Final = (240.0, 225.0)
# Variance of the Laplacian at 112 px: a sharp portrait has 370 to 930; a blur of 3 % of the eye distance leaves 34 to
# 70, one of 5 % leaves 10 to 23 (the portraits of `portraits.py`).
_LEAST_SHARPNESS: Final = (10.0, 40.0)
# Nose tip beside the middle of the eyes, in eye distances; about 0.35 at 25 to 30 degrees.
_MOST_TURN: Final = (0.35, 0.25)


class Measures(msgspec.Struct, frozen=True):
    """What was measured on one aligned face."""

    eye_distance_px: float
    share_inside: float
    luminance: float
    sharpness: float
    turn: float


def measure(face: SeenFace, aligned: Image.Image, share_inside: float) -> Measures:
    """The figures the gate judges; `aligned` is the face in 112 x 112."""
    grey = np.asarray(aligned.convert("L"), np.float64)
    laplacian = grey[:-2, 1:-1] + grey[2:, 1:-1] + grey[1:-1, :-2] + grey[1:-1, 2:] - 4 * grey[1:-1, 1:-1]
    return Measures(
        eye_distance_px=face.eye_distance_px,
        share_inside=share_inside,
        luminance=float(grey.mean()),
        sharpness=float(laplacian.var()),
        turn=face.turn,
    )


def the_one_face(faces: list[SeenFace]) -> SeenFace:
    """The face of a selfie, of those found, largest first. Refuses NoFace, MultipleFaces."""
    if not faces:
        raise NoFace
    if len(faces) > 1 and faces[1].area_px > _SECOND_FACE_AREA * faces[0].area_px:
        raise MultipleFaces
    return faces[0]


def judge_selfie(found: Measures) -> tuple[Tip, ...]:
    """Advice on a selfie that is good enough. Refuses the first of the faults that make it useless."""
    if found.share_inside < _LEAST_SHARE_INSIDE:
        raise FaceCutOff
    # Each with its value and its two lines, signed so that less is worse.
    judged: tuple[tuple[type[Refusal], float, tuple[float, float]], ...] = (
        (FaceTooSmall, found.eye_distance_px, _LEAST_EYE_DISTANCE_PX),
        (FacePose, -abs(found.turn), _negative(_MOST_TURN)),
        (FaceTooDark, found.luminance, _LEAST_LUMINANCE),
        (FaceOverexposed, -found.luminance, _negative(_MOST_LUMINANCE)),
        (FaceBlurred, found.sharpness, _LEAST_SHARPNESS),
    )
    for refusal, value, (useless, _) in judged:
        if value < useless:
            raise refusal
    return tuple(Tip(refusal.code, refusal().message) for refusal, value, (_, poor) in judged if value < poor)


def _negative(lines: tuple[float, float]) -> tuple[float, float]:
    return -lines[0], -lines[1]

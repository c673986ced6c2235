"""Is the photo good enough to compare? Measured on the aligned face, never on the frame around it."""

from typing import Final

import msgspec
import numpy as np
from PIL import Image

from identity.faces.dlib_eye import SeenFace
from identity.faces.messages import Tip
from identity.faces.refusals import (
    EyesClosed,
    FaceBlurred,
    FaceCutOff,
    FaceOccluded,
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
# Share of the face that is burnt out, which the mean does not tell: dark hair and shadows keep it low. Portraits have up to
# 0.05; brightened until half is burnt, the least like itself has a cosine of 0.4 to 0.6 left (benchmarks/quality.py).
_BURNT_LUMINANCE: Final = 250
_MOST_BURNT: Final = (0.5, 0.3)
# Variance of the Laplacian at 112 px: a sharp portrait has 370 to 930; a blur of 3 % of the eye distance leaves 34 to
# 70, one of 5 % leaves 10 to 23 (the portraits of `portraits.py`).
_LEAST_SHARPNESS: Final = (10.0, 40.0)
# Nose tip beside the middle of the eyes, in eye distances; about 0.35 at 25 to 30 degrees.
_MOST_TURN: Final = (0.35, 0.25)
# Nose tip on the way from the eyes down to the mouth: for a head whose nose stands out by half an eye distance, 26 and
# 36 degrees up, 25 and 37 degrees down.
_LEAST_NOD: Final = (0.2, 0.3)
_MOST_NOD: Final = (0.8, 0.7)
# Light of the brighter eye's surroundings over the cheeks': portraits have 0.82 and more, in any light; drawn black glasses at most
# 0.13, and with a glint or brown ones up to 0.6. One eye under a patch is no covered face.
_LEAST_EYE_LIGHT: Final = (0.4, 0.65)
# Redness (red less green, over the light) of the reddest of the mouth beyond that of the nose's bridge: lips are never paler than
# skin by much. Portraits have -0.09 and more (-0.12 in shade), drawn masks of white, blue and grey at most -0.30. A pink one, a
# black-and-white picture and a hand are not told. A nose burnt by the sun makes it less, hence the distance.
_LEAST_LIPS: Final = (-0.25, -0.17)
# Height over width of the more open eye. dlib's points on one still picture are a weak witness: portraits with open
# eyes have 0.23 to 0.40, 0.19 in dusk or glare (benchmarks/quality.py), and lids drawn shut often no less. So only what no
# open eye shows is refused: narrow eyes and smiles must pass. A blink in a burst of pictures is told by `liveness`.
_LEAST_OPENNESS: Final = (0.12, 0.17)


class Measures(msgspec.Struct, frozen=True):
    """What was measured on one aligned face."""

    eye_distance_px: float
    share_inside: float
    luminance: float
    burnt: float
    sharpness: float
    turn: float
    nod: float
    openness: float
    eye_light: float
    lips: float


# In the aligned face, as rows and columns around SFace's five points.
_BRIDGE: Final = np.s_[46:60, 51:62]
_MOUTH: Final = np.s_[84:101, 42:72]
_CHEEKS: Final = (np.s_[64:78, 28:42], np.s_[64:78, 70:84])
_EYES: Final = (np.s_[47:57, 29:47], np.s_[47:57, 65:83])


def measure(face: SeenFace, aligned: Image.Image, share_inside: float) -> Measures:
    """The figures the gate judges; `aligned` is the face in 112 x 112."""
    grey = np.asarray(aligned.convert("L"), np.float64)
    laplacian = grey[:-2, 1:-1] + grey[2:, 1:-1] + grey[1:-1, :-2] + grey[1:-1, 2:] - 4 * grey[1:-1, 1:-1]
    red, green, _ = np.moveaxis(np.asarray(aligned, np.float64), -1, 0)
    redness, bridge = red - green, float(grey[_BRIDGE].mean())
    cheeks = float(np.median([grey[cheek] for cheek in _CHEEKS]))
    return Measures(
        eye_distance_px=face.eye_distance_px,
        share_inside=share_inside,
        luminance=float(grey.mean()),
        burnt=float(np.mean(grey >= _BURNT_LUMINANCE)),
        sharpness=float(laplacian.var()),
        turn=face.turn,
        nod=face.nod,
        openness=face.openness,
        eye_light=max(float(np.percentile(grey[eye], 90)) for eye in _EYES) / max(cheeks, 1.0),
        lips=(float(np.percentile(redness[_MOUTH], 90)) - float(np.median(redness[_BRIDGE]))) / max(bridge, 1.0),
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
        (FacePose, found.nod, _LEAST_NOD),
        (FacePose, -found.nod, _negative(_MOST_NOD)),
        (FaceTooDark, found.luminance, _LEAST_LUMINANCE),
        (FaceOverexposed, -found.burnt, _negative(_MOST_BURNT)),
        (FaceBlurred, found.sharpness, _LEAST_SHARPNESS),
        (FaceOccluded, found.eye_light, _LEAST_EYE_LIGHT),
        (FaceOccluded, found.lips, _LEAST_LIPS),
        # Last: in a dark or blurred face the lids are guessed.
        (EyesClosed, found.openness, _LEAST_OPENNESS),
    )
    for refusal, value, (useless, _) in judged:
        if value < useless:
            raise refusal
    # A face turned and raised is told once.
    advised = dict.fromkeys(refusal for refusal, value, (_, poor) in judged if value < poor)
    return tuple(Tip(refusal.code, refusal().message) for refusal in advised)


def _negative(lines: tuple[float, float]) -> tuple[float, float]:
    return -lines[0], -lines[1]

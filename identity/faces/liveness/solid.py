"""A head as a solid: where the 68 landmarks stand on an average adult, the pose read from them, and what a plane cannot do.

The figures are rounded adult averages of facial anthropometry (eye corners 34 and 92 mm apart, mouth 52, face 140, nose tip
43 mm before the outer corners), laid out in dlib's order. Nobody has this head; a pose read with it is good to a few degrees.
"""

from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from identity.faces.liveness.messages import Pose

Points = NDArray[np.float64]

# dlib's order, in millimetres: x to the right of the picture, y down, z towards the camera, from between the inner corners
# of the eyes. The jaw's left half, the left brow, nose, left eye and left half of the mouth; the rest is their mirror image.
_JAW: Final = (
    (-76, 6, -75), (-76, 26, -72), (-73, 46, -66), (-69, 64, -55), (-61, 82, -42), (-49, 97, -28), (-34, 108, -15),
    (-17, 115, -6),
)  # fmt: skip
_CHIN: Final = (0, 117, -3)
_BROW: Final = ((-58, -8, -14), (-50, -18, -3), (-38, -23, 5), (-24, -23, 9), (-10, -19, 11))
_BRIDGE: Final = ((0, -4, 10), (0, 10, 18), (0, 23, 26), (0, 36, 33))
_NOSTRIL: Final = ((-15, 43, 11), (-8, 46, 17))
_NOSE_BASE: Final = (0, 48, 20)
_EYE: Final = ((-46, 1, -10), (-38, -4, -3), (-27, -4, -1), (-17, 2, -4), (-27, 5, -2), (-38, 5, -4))
_OUTER_LIPS: Final = ((-26, 71, 4), (-16, 66, 14), (-6, 63, 19))
_LOWER_LIP: Final = ((0, 82, 17), (-7, 81, 16), (-16, 77, 13))
_INNER_LIPS: Final = ((-22, 71, 7), (-7, 70, 16))

EYE_CORNERS: Final = (36, 39, 42, 45)
# What neither a smile nor a blink nor an open mouth moves.
_RIGID: Final = (*range(17, 36), *EYE_CORNERS)
# The ridge of the nose stands before everything else; the rest of the rigid points lies near one plane.
_NOSE: Final = (28, 29, 30)
_BEHIND: Final = (17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 31, 35, 36, 39, 42, 45, 48, 54)
# Of a phone's camera with about 60 degrees across the longer side: its focal length in longer sides.
_FOCAL: Final = 0.9


@cache
def head() -> Points:
    """The 68 points, (68, 3), in millimetres."""

    def mirrored(points: tuple[tuple[int, int, int], ...]) -> list[tuple[int, int, int]]:
        return [(-x, y, z) for x, y, z in points]

    right_eye = mirrored(tuple(_EYE[i] for i in (3, 2, 1, 0, 5, 4)))
    upper = [*_OUTER_LIPS, (0, 65, 20), *mirrored(_OUTER_LIPS[::-1])]
    lower = [*mirrored(_LOWER_LIP[:0:-1]), *_LOWER_LIP]
    inner = [*_INNER_LIPS, (0, 70, 17), *mirrored(_INNER_LIPS[::-1]), (7, 73, 15), (0, 74, 16), (-7, 73, 15)]
    points = [
        *_JAW, _CHIN, *mirrored(_JAW[::-1]), *_BROW, *mirrored(_BROW[::-1]), *_BRIDGE, *_NOSTRIL, _NOSE_BASE,
        *mirrored(_NOSTRIL[::-1]), *_EYE, *right_eye, *upper, *lower, *inner,
    ]  # fmt: skip
    return np.array(points, np.float64)


def eye_distance(marks: Points) -> float:
    """Between the middles of the eyes, in the unit of `marks`, (68, 2)."""
    return float(np.hypot(*(marks[42:48].mean(axis=0) - marks[36:42].mean(axis=0))))


def pose(marks: Points, size: tuple[int, int]) -> Pose:
    """How the head of 68 landmarks, (68, 2), is turned in a picture of `size`, width and height."""
    import cv2

    model = np.ascontiguousarray(head()[list(_RIGID)] * (1, 1, -1))
    seen = np.ascontiguousarray(marks[list(_RIGID)])
    focal = _FOCAL * max(size)
    camera = np.array([[focal, 0, size[0] / 2], [0, focal, size[1] / 2], [0, 0, 1]])
    # Begun before the camera and upright: some views also fit a head behind it.
    away = focal * 63 / max(eye_distance(marks), 1.0)
    middle = (seen.mean(axis=0) - (size[0] / 2, size[1] / 2)) * away / focal
    shift = np.array([[middle[0]], [middle[1]], [away]])
    _, turn, shift = cv2.solvePnP(
        model, seen, camera, np.zeros(4), np.zeros((3, 1)), shift, useExtrinsicGuess=True, flags=cv2.SOLVEPNP_ITERATIVE
    )
    matrix = cv2.Rodrigues(turn)[0]
    drawn = cv2.projectPoints(model, turn, shift, camera, np.zeros(4))[0][:, 0]
    residual = float(np.sqrt(((drawn - seen) ** 2).sum(axis=1).mean())) / eye_distance(marks)
    # Where the face looks, its own -z, and where its own x points.
    ahead, right = -matrix[:, 2], matrix[:, 0]
    return Pose(
        yaw=float(np.degrees(np.arctan2(ahead[0], -ahead[2]))),
        pitch=float(np.degrees(np.arcsin(np.clip(ahead[1], -1, 1)))),
        roll=float(np.degrees(np.arctan2(right[1], right[0]))),
        residual=residual,
    )


def nose_parallax(reference: Points, marks: Points) -> tuple[float, float]:
    """How far the nose's ridge stands beside where a plane through the face would carry it, x and y, in eye distances.

    The plane's motion is the homography of the landmarks behind the nose: whatever way a flat print is held, its nose goes along.
    A turned head's does not: about half an eye distance times the sine of the turn. Both (68, 2).
    """
    import cv2

    unit = eye_distance(reference)
    start = reference.mean(axis=0)
    one, two = (reference - start) / unit, (marks - marks.mean(axis=0)) / eye_distance(marks)
    plane, _ = cv2.findHomography(one[list(_BEHIND)], two[list(_BEHIND)], 0)
    if plane is None:
        return 0.0, 0.0
    carried = cv2.perspectiveTransform(one[None, list(_NOSE)], plane)[0]
    x, y = (two[list(_NOSE)] - carried).mean(axis=0)
    return float(x), float(y)

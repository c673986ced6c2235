"""A face turned, scaled and cut to 112 x 112 by five points, as ArcFace and its kin, SFace among them, were trained to see it."""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

SIDE_PX: Final = 112

# Where eyes, nose tip and mouth corners stand in 112 x 112 (OpenCV, FaceRecognizerSF; the same as insightface's).
_TEMPLATE: Final = np.array(
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]]
)


def align(image: Image.Image, points: NDArray[np.float64]) -> tuple[Image.Image, float]:
    """The face turned, scaled and cut to 112 x 112, and the share of it that lies inside the picture."""
    forward = _similarity(points)
    # Bilinear sampling skips pixels when it shrinks by more than two: shrink the picture first.
    shrink = min(1.0, 2 * float(np.hypot(forward[0, 0], forward[1, 0])))
    if shrink < 1:
        size = max(1, round(image.width * shrink)), max(1, round(image.height * shrink))
        image = image.resize(size, Image.Resampling.BILINEAR)
        forward = _similarity(points * shrink)
    back = np.linalg.inv(forward)
    face = image.transform(
        (SIDE_PX, SIDE_PX), Image.Transform.AFFINE, tuple(back[:2].ravel()), Image.Resampling.BILINEAR
    )
    return face, _share_inside(back, image.size)


def _similarity(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """The turn, scale and shift, (3, 3), that brings `points` nearest to the template (Umeyama 1991)."""
    target_mean, mean = _TEMPLATE.mean(axis=0), points.mean(axis=0)
    target, source = _TEMPLATE - target_mean, points - mean
    left, strengths, right = np.linalg.svd(target.T @ source / len(points))
    signs = np.array([1.0, np.sign(np.linalg.det(left @ right))])
    turn = left @ np.diag(signs) @ right
    scale = float(strengths @ signs / source.var(axis=0).sum())
    matrix = np.eye(3)
    matrix[:2, :2] = scale * turn
    matrix[:2, 2] = target_mean - scale * turn @ mean
    return matrix


def _share_inside(back: NDArray[np.floating], size: tuple[int, int]) -> float:
    steps = np.linspace(0, SIDE_PX - 1, 15)
    grid = np.array([[x, y, 1.0] for x in steps for y in steps]).T
    x, y, _ = np.asarray(back @ grid, np.float64)
    return float(np.mean((x >= 0) & (x < size[0]) & (y >= 0) & (y < size[1])))

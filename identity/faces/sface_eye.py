"""The second eye: OpenCV Zoo's SFace on onnxruntime, with faces aligned by the first eye's landmarks."""

from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from identity.faces import weights

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

MODEL: Final = "sface-2021dec-int8bq"
SIDE_PX: Final = 112

# Where SFace was trained to see eyes, nose tip and mouth corners in 112 x 112 (OpenCV, FaceRecognizerSF).
_TEMPLATE: Final = np.array(
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]]
)


@cache
def session() -> "InferenceSession":
    """The model of this process. Refuses FaceModelsUnavailable."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(weights.sface(), options, providers=["CPUExecutionProvider"])


def embed(face: Image.Image) -> NDArray[np.float32]:
    """SFace's description of an aligned 112 x 112 face, (128,), of length 1; cosine, 1 is the same picture."""
    # The mean and the scale are part of the graph: it takes RGB from 0 to 255, channels first.
    pixels = np.asarray(face, np.float32).transpose(2, 0, 1)[None]
    vector = np.asarray(session().run(None, {weights.SFACE_INPUT: pixels})[0], np.float32)[0]
    return vector / np.linalg.norm(vector)


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

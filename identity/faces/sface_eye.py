"""The second eye: OpenCV Zoo's SFace on onnxruntime, for faces aligned by the first eye's landmarks."""

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from identity.faces import onnx_eye, weights

if TYPE_CHECKING:
    from onnxruntime import InferenceSession


@cache
def session() -> "InferenceSession":
    """The model of this process. Refuses FaceModelsUnavailable."""
    return onnx_eye.session(weights.sface())


def embed(face: Image.Image) -> NDArray[np.float32]:
    """SFace's description of an aligned 112 x 112 face, (128,), of length 1; cosine, 1 is the same picture."""
    # The mean and the scale are part of the graph: it takes RGB from 0 to 255, channels first.
    pixels = np.asarray(face, np.float32).transpose(2, 0, 1)[None]
    vector = np.asarray(session().run(None, {weights.SFACE_INPUT: pixels})[0], np.float32)[0]
    return vector / np.linalg.norm(vector)

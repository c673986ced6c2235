"""The eye an operator brings: an ArcFace-class ONNX network on onnxruntime, checked when it is loaded."""

import hashlib
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from identity.faces.aligning import SIDE_PX
from identity.faces.models import Brought
from identity.faces.refusals import FaceModelsUnavailable

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

_CHANNELS_FIRST: Final = (3, SIDE_PX, SIDE_PX)
_CHANNELS_LAST: Final = (SIDE_PX, SIDE_PX, 3)


def session(network: bytes) -> "InferenceSession":
    """A network on one thread. Raises what onnxruntime does, which is an Exception of no common kind."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(network, options, providers=["CPUExecutionProvider"])


class OnnxEye:
    """Takes (n, 3, 112, 112) or (n, 112, 112, 3) of float32, prepared as the operator's text says; gives one vector."""

    def __init__(self, brought: Brought) -> None:
        """Refuses FaceModelsUnavailable unless the file is the one known at start and does what the text beside it says."""
        self._preparation = brought.preparation
        self._reason = f"{brought.file.name}: "
        try:
            network = brought.file.read_bytes()
            if hashlib.sha256(network).hexdigest() != brought.sha256:
                raise self._unavailable("is another file than at start")
            self._session = session(network)
        except FaceModelsUnavailable:
            raise
        except Exception as error:
            raise self._unavailable(f"cannot be loaded, {error}") from error
        self._input, self._channels_first = self._layout()
        self.embed(Image.new("RGB", (SIDE_PX, SIDE_PX), "grey"))

    def embed(self, face: Image.Image) -> NDArray[np.float32]:
        """The network's description of an aligned 112 x 112 face, (dimension,), of length 1; cosine, 1 is the same picture.

        Refuses FaceModelsUnavailable when the network gives anything else than so many finite numbers.
        """
        wanted = self._preparation
        pixels = np.asarray(face, np.float32)
        pixels = pixels[:, :, ::-1] if wanted.channels == "bgr" else pixels
        pixels = (pixels - np.array(wanted.mean, np.float32)) / np.array(wanted.deviation, np.float32)
        pixels = pixels.transpose(2, 0, 1) if self._channels_first else pixels
        try:
            given = self._session.run(None, {self._input: np.ascontiguousarray(pixels[None])})[0]
        except Exception as error:
            raise self._unavailable(f"does not take a face, {error}") from error
        vector = np.asarray(given, np.float32).ravel()
        length = float(np.linalg.norm(vector))
        if len(vector) != wanted.dimension:
            raise self._unavailable(f"gives {len(vector)} numbers, not {wanted.dimension}")
        if not np.isfinite(length) or length == 0:
            raise self._unavailable("gives no finite numbers")
        return vector / np.float32(length)

    def _layout(self) -> tuple[str, bool]:
        """The input's name, and whether its channels come first."""
        inputs = self._session.get_inputs()
        shape: list[Any] = list(inputs[0].shape) if len(inputs) == 1 and inputs[0].type == "tensor(float)" else []
        for fixed, channels_first in ((_CHANNELS_FIRST, True), (_CHANNELS_LAST, False)):
            # A size that is left open is a name, or None.
            if len(shape) == 4 and all(
                size == here for size, here in zip(shape[1:], fixed, strict=True) if isinstance(size, int)
            ):
                return inputs[0].name, channels_first
        asked = ", ".join(f"{one.type} {one.shape}" for one in inputs)
        raise self._unavailable(f"asks for {asked}, not for one picture of 112 x 112 in float32")

    def _unavailable(self, why: str) -> FaceModelsUnavailable:
        # In one line: onnxruntime tells its troubles in several.
        return FaceModelsUnavailable(reason=self._reason + " ".join(why.split())[:300])

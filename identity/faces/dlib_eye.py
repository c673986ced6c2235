"""The first eye: dlib through `face_recognition`, for finding, landmarks and encoding. No other file imports it."""

from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile

from identity.faces import weights

# dlib's detector sees faces from 80 px on; at this size of the whole picture one in eight of its side is enough.
_DETECTION_SIDE_PX: Final = 640
_SECOND_LOOK_SIDE_PX: Final = 1280
_MAX_ENLARGEMENT: Final = 4.0

Box = tuple[int, int, int, int]
"""Top, right, bottom, left, in pixels of the picture looked at."""


class SeenFace(msgspec.Struct, frozen=True):
    """One face; `points`, (5, 2) as x and y: both eyes from the picture's left, nose tip, mouth corners.

    `eyes`, (2, 6, 2): the lids of each, from one corner over the upper lid to the other and back.
    """

    box: Box
    points: NDArray[np.float64]
    eyes: NDArray[np.float64]

    @property
    def area_px(self) -> int:
        top, right, bottom, left = self.box
        return (bottom - top) * (right - left)

    @property
    def eye_distance_px(self) -> float:
        return float(np.hypot(*(self.points[1] - self.points[0])))

    @property
    def turn(self) -> float:
        """How far the nose tip stands beside the middle of the eyes, in eye distances; about 0 from the front."""
        eyes = self.points[1] - self.points[0]
        nose = self.points[2] - self.points[:2].mean(axis=0)
        return float(nose @ eyes / (eyes @ eyes))

    @property
    def nod(self) -> float:
        """How far down from the eyes to the mouth the nose tip stands; 0.28 to 0.55 on portraits, more looking down."""
        eyes = self.points[1] - self.points[0]
        down = np.array([-eyes[1], eyes[0]])
        nose, mouth = self.points[2], self.points[3:].mean(axis=0)
        middle = self.points[:2].mean(axis=0)
        return float((nose - middle) @ down / ((mouth - middle) @ down))

    @property
    def openness(self) -> float:
        """Height over width of the eye that is open wider (Soukupová and Čech 2016)."""
        height = np.linalg.norm(self.eyes[:, 1:3] - self.eyes[:, [5, 4]], axis=2).mean(axis=1)
        width = np.linalg.norm(self.eyes[:, 3] - self.eyes[:, 0], axis=1)
        return float((height / width).max())


def _dlib() -> Any:
    """Its stubs know little of it."""
    return import_module("dlib")


@cache
def _face_recognition() -> ModuleType:
    dlib = _dlib()
    # Importing it loads the encoder too, and fails when that is damaged: finding and landmarks would be gone with it.
    load, dlib.face_recognition_model_v1 = dlib.face_recognition_model_v1, str
    try:
        import face_recognition
    finally:
        dlib.face_recognition_model_v1 = load
    # Importing it also makes Pillow read truncated photos in the whole process.
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    return face_recognition


def warm() -> None:
    """Loads what finds faces and their points."""
    _face_recognition()


@cache
def load_encoder() -> None:
    """Loads what describes them, before the first `encode`. Refuses FaceModelsUnavailable."""
    file = weights.dlib_encoder()
    _face_recognition().api.face_encoder = _dlib().face_recognition_model_v1(str(file))


def find_faces(image: Image.Image) -> list[SeenFace]:
    """Every face in an RGB picture, largest first."""
    boxes = _boxes(image, _DETECTION_SIDE_PX) or _boxes(image, _SECOND_LOOK_SIDE_PX)
    if not boxes:
        return []
    landmarks: list[dict[str, Any]] = _face_recognition().face_landmarks(np.asarray(image), boxes, model="large")
    faces = [
        SeenFace(box, _five_points(marks), np.array([marks["left_eye"], marks["right_eye"]], np.float64))
        for box, marks in zip(boxes, landmarks, strict=True)
    ]
    return sorted(faces, key=lambda face: face.area_px, reverse=True)


def find_landmarks(pixels: NDArray[np.uint8], *, detection_side_px: int) -> list[NDArray[np.float64]]:
    """dlib's 68 points, (68, 2) as x and y, of every face of an RGB picture, largest first.

    Looks once, at `detection_side_px` for the longer side, where it sees faces from 80 px on: quick enough for every frame of a burst.
    """
    boxes = _boxes(Image.fromarray(pixels), detection_side_px)
    boxes.sort(key=lambda box: box[2] - box[0], reverse=True)
    landmarks: list[dict[str, Any]] = _face_recognition().face_landmarks(pixels, boxes, model="large") if boxes else []
    return [_in_order(marks) for marks in landmarks]


def encode(image: Image.Image, face: SeenFace) -> NDArray[np.float32]:
    """dlib's description of the face, (128,), once `load_encoder` was called; Euclidean distance, 0 is the same picture."""
    (encoding,) = _face_recognition().face_encodings(np.asarray(image), [face.box], model="small")
    return np.asarray(encoding, np.float32)


def _boxes(image: Image.Image, side_px: int) -> list[Box]:
    scale = min(side_px / max(image.size), _MAX_ENLARGEMENT)
    size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    view = np.asarray(image.resize(size, Image.Resampling.BILINEAR))
    found: list[Box] = _face_recognition().face_locations(view, number_of_times_to_upsample=0, model="hog")
    return [
        (round(top / scale), round(right / scale), round(bottom / scale), round(left / scale))
        for top, right, bottom, left in found
    ]


def _in_order(marks: dict[str, Any]) -> NDArray[np.float64]:
    """The 68 points in dlib's own order; `face_recognition` names them, and says the mouth's corners with both lips."""
    upper, lower = marks["top_lip"], marks["bottom_lip"]
    named = ("chin", "left_eyebrow", "right_eyebrow", "nose_bridge", "nose_tip", "left_eye", "right_eye")
    inner = [*upper[:6:-1], *lower[10:7:-1]]
    return np.array([*(point for name in named for point in marks[name]), *upper[:7], *lower[1:6], *inner], np.float64)


def _five_points(marks: dict[str, Any]) -> NDArray[np.float64]:
    """Of dlib's 68 points, the five that SFace's template names."""
    return np.array(
        [
            np.mean(marks["left_eye"], axis=0),
            np.mean(marks["right_eye"], axis=0),
            marks["nose_bridge"][3],
            marks["top_lip"][0],
            marks["top_lip"][6],
        ],
        np.float64,
    )

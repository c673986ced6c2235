"""Portraits with something drawn over the face: what the gate's lines for covered faces are tried on. Simple shapes, and no photograph of either."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from identity.faces import dlib_eye

_DETECTION_SIDE_PX = 640
_LIDS = (slice(36, 42), slice(42, 48))


def masked(image: Image.Image, colour: tuple[int, int, int]) -> Image.Image:
    """A cloth of this colour from the middle of the nose down to the jaw, lit as the face is, with a little grain."""
    marks = _landmarks(image)
    outline = Image.new("L", image.size)
    ImageDraw.Draw(outline).polygon([(x, y) for x, y in (*marks[1:16], marks[28])], fill=255)
    light = np.asarray(image.convert("L").filter(ImageFilter.GaussianBlur(25)), np.float64)[..., None] / 160
    grain = np.random.default_rng(0).normal(0, 6, (image.height, image.width, 3))
    cloth = Image.fromarray(np.clip(np.array(colour) * light + grain, 0, 255).astype(np.uint8))
    return Image.composite(cloth, image, outline.filter(ImageFilter.GaussianBlur(2)))


def in_dark_glasses(image: Image.Image, *, eyes: int = 2) -> Image.Image:
    """Nearly black glass before each eye, or before the first of them alone."""
    marks, covered = _landmarks(image), image.copy()
    for lids in _LIDS[:eyes]:
        x, y = marks[lids].mean(axis=0)
        width = float(np.ptp(marks[lids][:, 0]))
        box = (x - 0.95 * width, y - 0.65 * width, x + 0.95 * width, y + 0.75 * width)
        ImageDraw.Draw(covered).ellipse(box, fill=(15, 15, 18))
    return covered


def _landmarks(image: Image.Image) -> NDArray[np.float64]:
    """dlib's 68 points of the largest face."""
    return dlib_eye.find_landmarks(np.asarray(image), detection_side_px=_DETECTION_SIDE_PX)[0]

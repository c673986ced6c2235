"""What years and cheap printers do to print: applied to masks of ink and to finished sides. All from a generator."""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

# float32 (height, width), 0 bare to 1 full ink.
Mask = NDArray[Any]


def worn(mask: Mask, noise: np.random.Generator, *, spread_px: float, broken: float, fade: float) -> Mask:
    """Ink that spread (or, negative, thinned), that misses strips and specks (`broken`), that faded in patches (`fade`)."""
    height, width = mask.shape
    if spread_px > 0.05:
        mask = np.minimum(cv2.GaussianBlur(mask, (0, 0), spread_px) * (1.25 + 0.5 * spread_px), 1)
    elif spread_px < -0.05:
        # Thinned from the outside: what the blur leaves under the threshold was a stroke's rim.
        mask = np.clip((cv2.GaussianBlur(mask, (0, 0), -spread_px) - 0.25) * 1.4, 0, 1)
    if broken > 0:
        specks = cv2.GaussianBlur(noise.standard_normal(mask.shape, dtype=np.float32), (0, 0), 1.1) * 3.9
        strips = cv2.GaussianBlur(noise.standard_normal((height, 1), dtype=np.float32), (1, 5), 0.8, sigmaY=0.8) * 1.7
        mask = mask * (1 - np.clip((specks + strips - (3.4 - 1.6 * broken)) * 1.5, 0, 1))
    if fade > 0:
        patches = noise.uniform(1 - fade, 1, (max(2, height // 90), max(2, width // 120))).astype(np.float32)
        mask = mask * cv2.resize(patches, (width, height), interpolation=cv2.INTER_LINEAR)
    return mask


def scratch(image: NDArray[Any], noise: np.random.Generator, count: int) -> None:
    """Hair-thin light lines across a side (uint8 RGB, changed in place)."""
    height, width = image.shape[:2]
    layer = np.zeros((height, width), np.uint8)
    for _ in range(count):
        start = noise.uniform((0, 0), (width, height))
        angle, length = noise.uniform(0, 2 * np.pi), noise.uniform(0.05, 0.5) * width
        end = start + length * np.array((np.cos(angle), np.sin(angle)))
        points = [(round(float(x)), round(float(y))) for x, y in (start, end)]
        cv2.line(layer, points[0], points[1], (int(noise.integers(50, 130)),), 1, cv2.LINE_AA)
    share = cv2.GaussianBlur(layer, (0, 0), 0.7).astype(np.float32)[:, :, None] / 255
    image[:] = (image + (250 - image.astype(np.float32)) * share).astype(np.uint8)

"""A face that was drawn, good enough for dlib to find and to place its landmarks: the self-test needs no photograph of anybody."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

WIDTH_PX: Final = 480
HEIGHT_PX: Final = 640
_MIDDLE: Final = WIDTH_PX / 2

Colour = tuple[int, int, int]
Mask = NDArray[np.float32]


class _Sheet:
    """RGB in floating point, painted on with soft ellipses and with light."""

    def __init__(self, colour: Colour) -> None:
        self.pixels = np.full((HEIGHT_PX, WIDTH_PX, 3), colour, np.float32)
        self._y, self._x = np.mgrid[0:HEIGHT_PX, 0:WIDTH_PX].astype(np.float32)

    def paint(self, at: tuple[float, float], radii: tuple[float, float], colour: Colour, soft: float = 0.15) -> None:
        mask = np.clip((1 - np.sqrt(self._away(at, radii))) / soft + 0.5, 0, 1)[:, :, None]
        self.pixels += mask * (np.array(colour, np.float32) - self.pixels)

    def light(self, at: tuple[float, float], radii: tuple[float, float], amount: float) -> None:
        """Brighter by `amount` at the middle, darker when it is negative."""
        self.pixels *= 1 + amount * np.exp(-self._away(at, radii))[:, :, None]

    def _away(self, at: tuple[float, float], radii: tuple[float, float]) -> Mask:
        return ((self._x - at[0]) / radii[0]) ** 2 + ((self._y - at[1]) / radii[1]) ** 2


def drawn_face() -> NDArray[np.uint8]:
    """Head and shoulders of nobody, RGB, (640, 480, 3); always the same."""
    sheet = _Sheet((150, 165, 175))
    _head(sheet)
    for side in (-1, 1):
        _eye(sheet, side)
    _nose(sheet)
    _mouth(sheet)
    grain = np.random.default_rng(1).standard_normal((HEIGHT_PX // 2, WIDTH_PX // 2)).repeat(2, 0).repeat(2, 1)
    return np.clip(sheet.pixels + 3 * grain[:, :, None], 0, 255).astype(np.uint8)


def _head(sheet: _Sheet) -> None:
    sheet.paint((_MIDDLE, 760), (230, 210), (60, 70, 100))
    sheet.paint((_MIDDLE, 500), (62, 90), (170, 120, 95))
    sheet.paint((_MIDDLE, 300), (142, 178), (45, 33, 28))
    sheet.paint((_MIDDLE, 335), (122, 155), (205, 155, 125))
    sheet.light((_MIDDLE, 255), (90, 50), 0.1)
    sheet.light((_MIDDLE, 475), (80, 28), -0.22)
    for side in (-1, 1):
        sheet.paint((_MIDDLE + side * 124, 335), (18, 38), (190, 138, 110))
        sheet.light((_MIDDLE + side * 115, 380), (45, 120), -0.28)
        sheet.light((_MIDDLE + side * 62, 366), (28, 24), 0.1)


def _eye(sheet: _Sheet, side: int) -> None:
    x = _MIDDLE + side * 46
    sheet.light((x, 310), (40, 26), -0.34)
    sheet.paint((x, 286), (33, 6.5), (70, 52, 44), 0.5)
    sheet.paint((x, 316), (21, 10), (60, 40, 35))
    sheet.paint((x, 317), (19.5, 8.5), (235, 230, 226))
    sheet.paint((x, 317), (8.5, 8.5), (62, 42, 32))
    sheet.paint((x, 317), (3.6, 3.6), (12, 10, 10))
    sheet.paint((x + 2.5, 314), (1.6, 1.6), (250, 250, 250))
    sheet.paint((x, 308), (22, 4), (95, 62, 52), 0.5)


def _nose(sheet: _Sheet) -> None:
    sheet.light((_MIDDLE, 338), (8, 38), 0.16)
    sheet.light((_MIDDLE, 364), (14, 12), 0.14)
    sheet.light((_MIDDLE, 386), (26, 6), -0.25)
    for side in (-1, 1):
        sheet.light((_MIDDLE + side * 17, 344), (9, 38), -0.14)
        sheet.light((_MIDDLE + side * 26, 368), (10, 9), -0.18)
        sheet.paint((_MIDDLE + side * 12, 378), (7, 4), (90, 55, 48), 0.5)


def _mouth(sheet: _Sheet) -> None:
    for side in (-1, 1):
        sheet.light((_MIDDLE + side * 48, 404), (8, 26), -0.13)
    sheet.paint((_MIDDLE, 420), (38, 9), (168, 92, 88), 0.3)
    sheet.paint((_MIDDLE, 431), (32, 10), (182, 104, 98), 0.3)
    sheet.paint((_MIDDLE, 424.5), (37, 2), (92, 44, 44), 0.5)
    sheet.light((_MIDDLE, 450), (30, 7), -0.18)

"""Whether a photograph of a card is worth reading, before any of it is read.

Every measure is taken from the card itself, and against the card's own contrast and brightness: a worn, a dim or a
sparsely printed card is not a bad photograph.
"""

import math
from typing import TYPE_CHECKING, Any

import msgspec

from ocr import locating, refusals
from ocr.documents.layout import Place, Side
from ocr.reading import Decision, SideQuality

if TYPE_CHECKING:
    from ocr.locating import Flat, Pixels

# Thresholds found on the families of ocr/training/scenes.py (benchmarks/photos.py shows both sides of each).
BLURRED_BELOW = 32.0
"""A hundred over the width of an edge, in pixels of the flattened card: 3.1 px, half a small letter's stroke and its gap."""
DARK_BELOW = 45.0
GLARE_ABOVE = 0.05
GLARE_NOTED_ABOVE = 0.004
COLOURLESS_BELOW = 6.0
"""In L*a*b* units at full light."""
GRID_ABOVE = 1.0

_SMALL_WIDTH, _SMALL_HEIGHT = 320, 202
_BURNT = 250
# In pixels of the small picture: 1.3 mm, wider than any gap between lines of print, and 4 mm, wider than any blank of white.
_SPOT_PX, _LARGE_SPOT_PX = 5, 15
_CELLS = (20, 13)
_WINDOW_PX = 25
_STROKE_CONTRAST = 24.0
_TILE_PX = 256


class Verdict(msgspec.Struct, frozen=True):
    """What was measured, and what follows: `review` when a person should look, with the codes that say why.

    `burnt` are the places of the card that a reflection has turned white. A photo to be taken again is no verdict: `judge`
    refuses it.
    """

    quality: SideQuality
    decision: Decision = "accept"
    codes: tuple[str, ...] = ()
    burnt: tuple[Place, ...] = ()

    def turned(self) -> "Verdict":
        """Of the same card the other way up."""
        return msgspec.structs.replace(
            self,
            burnt=tuple(
                Place(round(1 - p.x - p.width, 4), round(1 - p.y - p.height, 4), p.width, p.height) for p in self.burnt
            ),
        )


def judge(flat: "Flat", side: Side) -> Verdict:
    """Refuses CardCutOff, CardTooSmall, CardTooDark, CardGlare, CardOnScreen, CardPhotocopied and CardBlurred, in that order."""
    import cv2

    if flat.cut_off:
        raise refusals.CardCutOff(side=side)
    if flat.card_width_px < locating.SMALLEST_CARD_PX:
        raise refusals.CardTooSmall(side=side)
    small = cv2.resize(flat.image, (_SMALL_WIDTH, _SMALL_HEIGHT), interpolation=cv2.INTER_AREA)
    grey = cv2.cvtColor(flat.image, cv2.COLOR_BGR2GRAY)
    brightness = float(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY).mean())
    spots, glare_share = _burnt_out(small)
    quality = SideQuality(
        card_width_px=flat.card_width_px,
        sharpness=round(sharpness(grey), 1),
        brightness=round(brightness, 1),
        glare_share=round(float(spots.mean()), 4),
    )
    if brightness < DARK_BELOW:
        raise refusals.CardTooDark(side=side)
    if glare_share > GLARE_ABOVE:
        raise refusals.CardGlare(side=side)
    if quality.sharpness < BLURRED_BELOW:
        raise refusals.CardBlurred(side=side)
    if display_grid(flat) > GRID_ABOVE:
        raise refusals.CardOnScreen(side=side)
    codes: list[str] = []
    if colour(small) < COLOURLESS_BELOW:
        if _has_colour(flat.photo):
            raise refusals.CardPhotocopied(side=side)
        codes.append(refusals.CardPhotocopied.code)
    burnt = _places(spots) if quality.glare_share > GLARE_NOTED_ABOVE else ()
    return Verdict(quality=quality, decision="review" if codes else "accept", codes=tuple(codes), burnt=burnt)


def sharpness(grey: "Pixels") -> float:
    """A hundred over the width of an edge in pixels, along the direction in which edges are widest.

    An edge's width is the step across it over its slope, so that pale print counts as much as black. Only windows with as
    much contrast as the print has are asked: noise in blank places cannot pass for sharpness, and a card with little text
    is judged by the text it has. Movement widens edges across it alone: both directions must be sharp.
    """
    import cv2
    import numpy as np

    calm = cv2.GaussianBlur(grey, (5, 5), 1.0)
    window = np.ones((_WINDOW_PX, _WINDOW_PX), np.uint8)
    grid = (slice(_WINDOW_PX, -_WINDOW_PX, _WINDOW_PX // 2),) * 2
    contrast = cv2.subtract(cv2.dilate(calm, window)[grid], cv2.erode(calm, window)[grid]).astype(np.float32)
    printed = contrast >= max(_STROKE_CONTRAST * float(grey.mean()) / 180, 0.5 * float(np.percentile(contrast, 95)))
    widest = 0.0
    for across in ((1, 0), (0, 1)):
        slope = cv2.dilate(cv2.convertScaleAbs(cv2.Sobel(calm, cv2.CV_16S, *across), alpha=0.25), window)[grid]
        width = contrast[printed] / (math.sqrt(2 * math.pi) * np.maximum(slope[printed] / 2, 0.25))
        widest = max(widest, float(np.percentile(width, 35)))
    return 100 / max(widest, 0.5)


def colour(small: "Pixels") -> float:
    """How far the most colourful twentieth of the card is from its average colour: a lamp tints all of it alike."""
    import cv2
    import numpy as np

    tiny = cv2.resize(small, (80, 50), interpolation=cv2.INTER_AREA)
    light = min(4.0, 200 / max(1.0, float(np.percentile(tiny, 80))))
    lab = (
        cv2.cvtColor(cv2.convertScaleAbs(tiny, alpha=light), cv2.COLOR_BGR2LAB)[:, :, 1:]
        .reshape(-1, 2)
        .astype(np.float32)
    )
    return float(np.percentile(np.linalg.norm(lab - np.median(lab, axis=0), axis=1), 95))


def display_grid(flat: "Flat") -> float:
    """How plain the pattern of a display's pixels is: peaks of the spectrum that are in the same place all over the card.

    Printed lines bend and end; a display's grid goes on. What JPEG's own blocks leave is left out.
    """
    import numpy as np

    tiles = _plain_tiles(flat)
    if not tiles:
        return 0.0
    told = np.mean([_peaks(tile) for tile in tiles], axis=0)
    return float(told.max())


def _plain_tiles(flat: "Flat") -> "list[Pixels]":
    """Squares of the photo, as sampled by the camera, where the card is least printed."""
    import cv2
    import numpy as np

    part = flat.part(0)
    height, width = part.pixels.shape[:2]
    if min(height, width) < _TILE_PX:
        return []
    inside = np.zeros((height, width), np.uint8)
    cv2.fillConvexPoly(inside, np.rint(part.within(flat.corners)).astype(np.int32), (1,))
    step = _TILE_PX // 2
    places: list[tuple[float, Any]] = []
    for top in range(0, height - _TILE_PX + 1, step):
        for left in range(0, width - _TILE_PX + 1, step):
            if inside[top : top + _TILE_PX : 32, left : left + _TILE_PX : 32].mean() < 0.98:
                continue
            tile = part.pixels[top : top + _TILE_PX, left : left + _TILE_PX]
            coarse = cv2.resize(tile, (32, 32), interpolation=cv2.INTER_AREA)[:, :, 1]
            places.append((float(coarse.std()), tile))
    places.sort(key=lambda place: place[0])
    return [tile for _, tile in places[:5]]


def _peaks(tile: "Pixels") -> "Pixels":
    """How much higher each frequency stands than those around it, in powers of ten; the rest is at most 0."""
    import cv2
    import numpy as np

    grey = cv2.cvtColor(tile, cv2.COLOR_BGR2GRAY).astype(np.float32)
    grey -= cv2.GaussianBlur(grey, (0, 0), 6)
    fade = np.hanning(_TILE_PX).astype(np.float32)
    spectrum = np.fft.rfft2(grey * fade[:, None] * fade)
    power = np.log10(np.abs(spectrum).astype(np.float32) + 1.0)
    power = np.fft.fftshift(power, axes=0)
    around = cv2.blur(power, (17, 17), borderType=cv2.BORDER_REFLECT)
    told = cv2.dilate(power - around, np.ones((5, 5), np.uint8))
    y, x = np.mgrid[-_TILE_PX // 2 : _TILE_PX // 2, 0 : _TILE_PX // 2 + 1]
    told[np.hypot(x, y) < 0.07 * _TILE_PX] = 0
    eighth = _TILE_PX // 8
    blocky = ((x % eighth < 4) | (x % eighth > eighth - 4)) & ((y % eighth < 4) | (y % eighth > eighth - 4))
    told[blocky] = 0
    return told


def _burnt_out(small: "Pixels") -> "tuple[Pixels, float]":
    """Where the card is pure white in patches larger than the gaps of print, and the share of it that is in large ones."""
    import cv2
    import numpy as np

    white = (small.min(axis=2) >= _BURNT).astype(np.uint8)
    spots, large = (
        cv2.morphologyEx(white, cv2.MORPH_OPEN, np.ones((px, px), np.uint8)) for px in (_SPOT_PX, _LARGE_SPOT_PX)
    )
    return spots, float(large.mean())


def _places(spots: "Pixels") -> tuple[Place, ...]:
    """The burnt-out cells of a grid over the card, those beside and below each other joined."""
    import cv2
    import numpy as np

    columns, rows = _CELLS
    burnt = cv2.resize(spots.astype(np.float32), _CELLS, interpolation=cv2.INTER_AREA) > 0.3
    runs: list[list[int]] = []  # first column, end, first row, end
    for row in range(rows):
        column = 0
        while column < columns:
            end = column
            while end < columns and burnt[row, end]:
                end += 1
            if end > column:
                above = next((run for run in runs if run[:2] == [column, end] and run[3] == row), None)
                if above is None:
                    runs.append([column, end, row, row + 1])
                else:
                    above[3] = row + 1
            column = end + 1
    return tuple(
        Place(round(a / columns, 4), round(top / rows, 4), round((b - a) / columns, 4), round((end - top) / rows, 4))
        for a, b, top, end in runs
    )


def _has_colour(photo: "Pixels") -> bool:
    """Whether a colour camera took it: even of a grey page, light and noise leave some. Else nothing is known."""
    import numpy as np

    some = photo[:: max(1, photo.shape[0] // 64), :: max(1, photo.shape[1] // 64)].astype(np.int16)
    return float(np.abs(some - some.mean(axis=2, keepdims=True)).mean()) > 1.0

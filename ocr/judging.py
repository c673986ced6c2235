"""Whether a photograph of a card is worth reading, before any of it is read.

Every measure is taken from the card itself, and against the card's own contrast and brightness: a worn, a dim or a
sparsely printed card is not a bad photograph.
"""

import functools
import math
from typing import TYPE_CHECKING, Any

import msgspec

from ocr import locating, refusals
from ocr.documents.layout import Place, Side
from ocr.reading import Decision, SideQuality

if TYPE_CHECKING:
    from ocr.locating import Flat, Pixels

# Thresholds found on the families of ocr/training/scenes.py (benchmarks/photos.py shows both sides of each).
BLURRED_BELOW = 36.0
"""A hundred over the width of an edge, in pixels of the flattened card: 2.8 px, a blur under which small print runs together."""
DARK_BELOW = 45.0
GLARE_ABOVE = 0.05
GLARE_NOTED_ABOVE = 0.004
COLOURLESS_BELOW = 3.8
"""In L*a*b* units, the paper being white."""
COLOURS_APART_ABOVE, DISPLAY_ABOVE, MAYBE_DISPLAY_ABOVE = 0.87, 3.1, 2.5
"""Powers of ten: how far colours stand apart, and that and the pattern together. Displays have 3.3 and more in all; fine
print in two inks reaches 2.9. What lies between, a person looks at."""

_SMALL_WIDTH, _SMALL_HEIGHT = 320, 202
_BURNT = 250
# In pixels of the small picture: 1.3 mm, wider than any gap between lines of print, and 4 mm, wider than any blank of white.
_SPOT_PX, _LARGE_SPOT_PX = 5, 15
_CELLS = (20, 13)
_WINDOW_PX = 25
_STROKE_CONTRAST = 24.0
# Across, down and both diagonals, along which upright strokes are wider by nature.
_WAYS = ((1.0, 0.0, 1.0), (0.0, 1.0, 1.0), (0.7071, 0.7071, 0.8), (0.7071, -0.7071, 0.8))
_TILE_PX = 256


class Verdict(msgspec.Struct, frozen=True):
    """What was measured, and what follows: `review` when a person should look, with the codes that say why.

    `burnt` are the places of the card that a reflection has turned white. `colourless` in a photo that has colours: a copy,
    unless this side has no colour of its own, which only reading tells. A photo to be taken again is no verdict: `judge`
    refuses it.
    """

    quality: SideQuality
    decision: Decision = "accept"
    codes: tuple[str, ...] = ()
    burnt: tuple[Place, ...] = ()
    colourless: bool = False

    def turned(self) -> "Verdict":
        """Of the same card the other way up."""
        return msgspec.structs.replace(
            self,
            burnt=tuple(
                Place(round(1 - p.x - p.width, 4), round(1 - p.y - p.height, 4), p.width, p.height) for p in self.burnt
            ),
        )


def judge(flat: "Flat", side: Side) -> Verdict:
    """Refuses CardCutOff, CardTooSmall, CardTooDark, CardGlare, CardBlurred and CardOnScreen, in that order."""
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
    pattern, colours_apart = display_grid(flat)
    display = pattern + colours_apart if colours_apart > COLOURS_APART_ABOVE else 0.0
    if display > DISPLAY_ABOVE:
        raise refusals.CardOnScreen(side=side)
    codes: list[str] = []
    if display > MAYBE_DISPLAY_ABOVE:
        codes.append(refusals.CardOnScreen.code)
    grey_card, colour_photo = colour(small) < COLOURLESS_BELOW, _has_colour(flat.photo)
    if grey_card and not colour_photo:
        codes.append(refusals.CardPhotocopied.code)
    burnt = _places(spots) if quality.glare_share > GLARE_NOTED_ABOVE else ()
    return Verdict(
        quality=quality,
        decision="review" if codes else "accept",
        codes=tuple(codes),
        burnt=burnt,
        colourless=grey_card and colour_photo,
    )


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
    across, down = (cv2.Sobel(calm, cv2.CV_16S, *way) for way in ((1, 0), (0, 1)))
    widest = 0.0
    for share_across, share_down, sharp in _WAYS:
        slope = cv2.convertScaleAbs(cv2.addWeighted(across, share_across, down, share_down, 0), alpha=0.25)
        steepest = cv2.dilate(slope, window)[grid][printed].astype(np.float32) / 2
        width = contrast[printed] / (math.sqrt(2 * math.pi) * np.maximum(steepest, 0.25))
        widest = max(widest, sharp * float(np.percentile(width, 35)))
    return 100 / max(widest, 0.5)


def colour(small: "Pixels") -> float:
    """How far the most colourful parts of the card (title, portrait, stamp) are from grey, its paper taken for white.

    A lamp tints paper and ink of a copy alike; what it tints is no colour of the card's.
    """
    import cv2
    import numpy as np

    tiny = cv2.resize(small, (80, 50), interpolation=cv2.INTER_AREA).reshape(-1, 1, 3).astype(np.float32)
    paper = np.maximum(np.percentile(tiny, 70, axis=0), 1.0)
    lab = cv2.cvtColor(np.clip(tiny * (0.8 / paper), 0, 1).astype(np.float32), cv2.COLOR_BGR2LAB)
    return float(np.percentile(np.linalg.norm(lab[:, 0, 1:], axis=1), 97))


def display_grid(flat: "Flat") -> tuple[float, float]:
    """How plain a regular pattern is, and how plain one whose red and blue stand beside each other, over most of the card.

    In powers of ten over what is around in the spectrum. Print may repeat itself, too, but in all colours at once: only a
    display has its red and its blue in different places. One whose pixels are smaller than 1.4 of the photo's leaves nothing.
    """
    import statistics

    peaks = [_highest_peaks(tile) for tile in _plain_tiles(flat)]
    if not peaks:
        return 0.0, 0.0
    return statistics.median(peak[0] for peak in peaks), statistics.median(peak[1] for peak in peaks)


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
    step = _TILE_PX // 2 if width < 5 * _TILE_PX else _TILE_PX
    places: list[tuple[float, Any]] = []
    for top in range(0, height - _TILE_PX + 1, step):
        for left in range(0, width - _TILE_PX + 1, step):
            if inside[top : top + _TILE_PX : 32, left : left + _TILE_PX : 32].mean() < 0.98:
                continue
            tile = part.pixels[top : top + _TILE_PX, left : left + _TILE_PX]
            places.append((float(tile[::8, ::8, 1].std()), tile))
    places.sort(key=lambda place: place[0])
    return [tile for _, tile in places[:5]]


def _highest_peaks(tile: "Pixels") -> tuple[float, float]:
    """Of all frequencies from an eighth of the sampling rate up: the highest in red and blue, and in their being apart.

    With red as the real and blue as the imaginary part of one picture, its spectrum at a frequency and at its negative are
    as strong as each other where the two rise and fall together, and differ by what they are out of step.
    """
    import cv2
    import numpy as np

    both = np.ascontiguousarray(tile[:, :, 2::-2]).astype(np.float32)
    both -= cv2.blur(both, (15, 15))
    fade, left_out = _tile_weights()
    spectrum = cv2.dft(both * fade, flags=cv2.DFT_COMPLEX_OUTPUT)
    power = (spectrum**2).sum(axis=2)
    half = _TILE_PX // 2
    power = np.roll(power, half, axis=0)
    ahead, back = power[1:, 1:half], power[:0:-1, :half:-1]
    highest: list[float] = []
    for strength in (ahead + back, np.abs(cv2.GaussianBlur(ahead - back, (3, 3), 0))):
        told = 0.5 * np.log10(strength + 1)
        told -= cv2.blur(told, (17, 17))
        told[left_out] = 0
        highest.append(float(told.max()))
    return highest[0], highest[1]


@functools.cache
def _tile_weights() -> "tuple[Pixels, Pixels]":
    """How a tile fades to its edges, (px, px, 1), and which frequencies are no sign of anything: coarse ones, and those of
    JPEG's blocks, which repeat every eight pixels."""
    import numpy as np

    fade = np.hanning(_TILE_PX).astype(np.float32)
    half, block = _TILE_PX // 2, _TILE_PX // 8
    y, x = np.mgrid[1 - half : half, 1:half]
    of_blocks = ((x + 2) % block < 5) & ((y + 2) % block < 5)
    return (fade[:, None] * fade)[:, :, None], of_blocks | (np.hypot(x, y) < 0.12 * _TILE_PX)


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
    return float(np.abs(some - some.mean(axis=2, keepdims=True)).mean()) > 0.25

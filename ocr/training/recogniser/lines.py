"""Lines as a flattened card shows them: type, ink, guilloche, wear, camera, JPEG; 48 pixels high, from a seed."""

import math
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from ocr.training.recogniser import texts

HEIGHT_PX = 48
WIDEST_PX = 1_040

Pixels = NDArray[np.uint8]


class Line(msgspec.Struct, frozen=True):
    """BGR uint8 (48, W, 3) and what it says."""

    image: Pixels
    text: str


class Typefaces:
    """Font files by family; a family is drawn first, so that one with seventy cuts does not drown the others."""

    def __init__(self, families: dict[str, list[Path]], zone: Sequence[Path]) -> None:
        self._families = [sorted(files) for _, files in sorted(families.items())]
        self._zone = list(zone)
        self._loaded: dict[tuple[Path, int], Any] = {}

    def draw(self, dice: random.Random, *, zone: bool = False) -> Path:
        return dice.choice(self._zone) if zone and dice.random() < 0.9 else dice.choice(dice.choice(self._families))

    def at(self, file: Path, size: int) -> Any:
        key = (file, size)
        if key not in self._loaded:
            if len(self._loaded) > 3_000:
                self._loaded.clear()
            self._loaded[key] = ImageFont.truetype(str(file), size, layout_engine=ImageFont.Layout.BASIC)
        return self._loaded[key]


def draw(dice: random.Random, faces: Typefaces, *, hardness: float = 1.0) -> Line:
    """One line by chance; `hardness` scales wear, distance, blur, noise and compression, 0 for a clean scan."""
    while True:
        runs, is_zone = texts.line(dice)
        image, text = render(runs, dice, faces, is_zone=is_zone, hardness=hardness)
        if image.shape[1] <= WIDEST_PX:
            return Line(image, text)


def render(
    runs: Sequence[str],
    dice: random.Random,
    faces: Typefaces,
    *,
    is_zone: bool = False,
    hardness: float = 1.0,
    ground: float = 1.0,
    as_set: bool = False,
) -> tuple[Pixels, str]:
    """These runs side by side as one line; the text is what a reader should answer, single spaces between runs.

    `ground` scales what is printed under the letters, waves and stamps; 0 is tinted paper. `as_set` is type
    that nothing wore, cut out straight and whole.
    """
    noise = np.random.default_rng(dice.getrandbits(32))
    ink, paper = _colours(dice)
    mask = _set(runs, dice, faces, is_zone=is_zone)
    mask = _whole(mask) if as_set else _worn(_cropped(mask, dice), dice, noise, hardness)
    # From here on at the size a flattened card has: half of that at which the type was set.
    mask = cv2.resize(mask, (max(8, mask.shape[1] // 2), max(8, mask.shape[0] // 2)), interpolation=cv2.INTER_AREA)
    image = _paper(mask.shape, paper, dice, noise, ground)
    cover = (mask.astype(np.float32) * (dice.uniform(0.72, 1.0) / 255))[:, :, None]
    image += (np.array(ink, np.float32) - image) * cover
    image = _photographed(image, dice, noise, hardness)
    width = max(8, round(image.shape[1] * HEIGHT_PX / image.shape[0]))
    final = cv2.resize(image, (width, HEIGHT_PX), interpolation=cv2.INTER_LINEAR)
    # A gap before a colon is how a line is set, not what it says.
    return final, " ".join(" ".join(runs).split()).replace(" :", ":")


def _colours(dice: random.Random) -> tuple[tuple[int, int, int], tuple[int, int, int]]:
    """Ink and paper, BGR: dark on light, sometimes the red of headings, sometimes faded."""
    kind = dice.random()
    if kind < 0.78:
        base = dice.randint(8, 95)
        ink = tuple(min(255, max(0, base + dice.randint(-14, 22))) for _ in range(3))
    elif kind < 0.92:
        ink = (dice.randint(20, 90), dice.randint(10, 70), dice.randint(130, 215))
    else:
        ink = (dice.randint(60, 150), dice.randint(40, 100), dice.randint(20, 90))
    light = dice.randint(max(150, ink[1] + 70), 250)
    paper = tuple(min(255, max(110, light + dice.randint(-28, 10))) for _ in range(3))
    return (ink[0], ink[1], ink[2]), (paper[0], paper[1], paper[2])


def _set(runs: Sequence[str], dice: random.Random, faces: Typefaces, *, is_zone: bool) -> Pixels:
    """A mask of the runs on one baseline, twice the size they have on the card."""
    size = dice.randint(36, 92)
    parts: list[tuple[Any, str, float]] = []
    for i, run in enumerate(runs):
        face = faces.draw(dice, zone=is_zone)
        own = max(24, round(size * (dice.uniform(0.7, 1.0) if len(runs) > 1 and i == 0 else 1.0)))
        tracking = 0.0
        if is_zone:
            tracking = own * dice.uniform(0.0, 0.5)
        elif dice.random() < 0.35:
            tracking = own * dice.uniform(-0.03, 0.14)
        parts.append((faces.at(face, own), run, tracking))
    gap = size * dice.uniform(0.3, 0.9)
    widths = [_advance(font, run, tracking) for font, run, tracking in parts]
    total = int(sum(widths) + gap * (len(parts) - 1)) + size
    canvas = Image.new("L", (total, round(size * 2.2)), 0)
    pen = ImageDraw.Draw(canvas)
    x, baseline = size * 0.5, size * 1.5
    for (font, run, tracking), width in zip(parts, widths, strict=True):
        if tracking == 0.0:
            pen.text((x, baseline), run, font=font, fill=255, anchor="ls")
        else:
            at = x
            for letter in run:
                pen.text((at, baseline), letter, font=font, fill=255, anchor="ls")
                at += font.getlength(letter) + tracking
        x += width + gap
    return np.asarray(canvas)


def _advance(font: Any, run: str, tracking: float) -> float:
    if tracking == 0.0:
        return float(font.getlength(run))
    return float(sum(font.getlength(letter) + tracking for letter in run))


def _cropped(mask: Pixels, dice: random.Random) -> Pixels:
    """Cut as a detector cuts: some room on every side, now and then a hair too little; askew by a degree or two."""
    angle = dice.gauss(0, 0.5) if dice.random() < 0.7 else dice.uniform(-2.2, 2.2)
    shear = dice.gauss(0, 0.03)
    height, width = mask.shape
    tilt = math.tan(math.radians(angle)) * min(1.0, 700 / width)
    matrix = np.array([[1, shear, -shear * height / 2], [tilt, 1, -tilt * width / 2]], dtype=np.float32)
    mask = cv2.warpAffine(mask, matrix, (width, height), flags=cv2.INTER_LINEAR)
    columns, rows = np.flatnonzero(mask.max(0) > 40), np.flatnonzero(mask.max(1) > 40)
    if not len(columns):
        return mask
    tall = rows[-1] - rows[0] + 1
    top = rows[0] - tall * dice.triangular(-0.03, 0.55, 0.16)
    bottom = rows[-1] + 1 + tall * dice.triangular(-0.03, 0.55, 0.16)
    left = columns[0] - tall * dice.triangular(-0.06, 1.0, 0.2)
    right = columns[-1] + 1 + tall * dice.triangular(-0.06, 1.0, 0.2)
    box = [round(v) for v in (top, bottom, left, right)]
    pads = (max(0, -box[0]), max(0, box[1] - height), max(0, -box[2]), max(0, box[3] - width))
    mask = cv2.copyMakeBorder(mask, *pads, cv2.BORDER_CONSTANT, value=(0,))
    return mask[box[0] + pads[0] : box[1] + pads[0], box[2] + pads[2] : box[3] + pads[2]]


def _whole(mask: Pixels) -> Pixels:
    """Cut straight, with a sixth of its height to spare."""
    columns, rows = np.flatnonzero(mask.max(0) > 40), np.flatnonzero(mask.max(1) > 40)
    if not len(columns):
        return mask
    rim = (rows[-1] - rows[0] + 1) // 6
    mask = mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return cv2.copyMakeBorder(mask, rim, rim, rim, rim, cv2.BORDER_CONSTANT, value=(0,))


def _worn(mask: Pixels, dice: random.Random, noise: np.random.Generator, hardness: float) -> Pixels:
    """Ink that spread, thinned, broke or faded in patches."""
    kind = dice.random()
    if kind < 0.12:
        # At three a tilde runs into the circumflex under it and a horn into the next letter, as in heavy type.
        reach = 3 if hardness > 0.5 and dice.random() < 0.5 else 2
        mask = cv2.dilate(mask, np.ones((reach, reach), np.uint8))
    elif kind < 0.24:
        mask = cv2.erode(mask, np.ones((2, 2), np.uint8))
    if dice.random() < 0.25 * hardness:
        patches = noise.uniform(
            dice.uniform(0.45, 0.8), 1.0, (max(2, mask.shape[0] // 14), max(2, mask.shape[1] // 18))
        )
        patches = cv2.resize(patches.astype(np.float32), mask.shape[::-1], interpolation=cv2.INTER_LINEAR)
        mask = (mask * patches).astype(np.uint8)
    if dice.random() < 0.08 * hardness:
        mask = mask.copy()
        for _ in range(dice.randint(1, 3)):
            start = (dice.randrange(mask.shape[1]), dice.randrange(mask.shape[0]))
            end = (start[0] + dice.randint(-200, 200), start[1] + dice.randint(-40, 40))
            cv2.line(mask, start, end, (dice.choice((0, 0, 120)),), dice.randint(1, 2))
    return mask


def _paper(
    shape: tuple[int, ...], paper: tuple[int, int, int], dice: random.Random, noise: np.random.Generator, ground: float
) -> NDArray[np.float32]:
    """Tint, fine waves, perhaps a piece of a stamp written across or the foot of the line above."""
    height, width = shape[:2]
    image = np.empty((height, width, 3), np.float32)
    image[:] = paper
    if dice.random() < 0.75:
        y, x = np.mgrid[0:height, 0:width].astype(np.float32)
        for _ in range(dice.randint(1, 3)):
            pitch = dice.uniform(4, 22)
            bend = dice.uniform(1, 13) * np.sin(x[0] / dice.uniform(20, 130) + dice.uniform(0, 6.3))
            slope = dice.uniform(-0.7, 0.7)
            wave = np.cos((y + bend + x * slope) * (2 * math.pi / pitch))
            strength = dice.uniform(4, 34) * ground
            image -= (np.clip(wave - dice.uniform(0.2, 0.9), 0, 1) * strength)[:, :, None] * np.array(
                [dice.uniform(0.4, 1.2) for _ in range(3)], np.float32
            )
    if dice.random() < 0.4:
        blotches = cv2.resize(
            noise.normal(0, dice.uniform(2, 9), (3, max(3, width // 30))).astype(np.float32),
            (width, height),
            interpolation=cv2.INTER_CUBIC,
        )
        image += blotches[:, :, None]
    if dice.random() < 0.22 * ground:
        _stamp(image, dice)
    if dice.random() < 0.12 * ground:
        edge = dice.randint(1, max(1, height // 9))
        strip = slice(0, edge) if dice.random() < 0.5 else slice(height - edge, height)
        for _ in range(dice.randint(3, 14)):
            left = dice.randrange(width)
            image[strip, left : left + dice.randint(2, 8)] = dice.randint(20, 110)
    return image


def _stamp(image: NDArray[np.float32], dice: random.Random) -> None:
    """Pale strokes as wide as a stamp's letters, crossing the line."""
    height, width = image.shape[:2]
    layer = np.zeros((height, width), np.uint8)
    for _ in range(dice.randint(1, 5)):
        start = (dice.randrange(width), dice.randint(-height, 2 * height))
        end = (start[0] + dice.randint(-80, 80), start[1] + dice.randint(-100, 100))
        cv2.line(layer, start, end, (255,), dice.randint(4, 17), cv2.LINE_AA)
    share = (layer.astype(np.float32) * (dice.uniform(0.05, 0.3) / 255))[:, :, None]
    image *= 1 - share
    image += share * np.array([dice.randint(30, 120), dice.randint(20, 90), dice.randint(140, 230)], np.float32)


def _photographed(
    image: NDArray[np.float32], dice: random.Random, noise: np.random.Generator, hardness: float
) -> Pixels:
    """Light, lens, sensor, JPEG, and the way back to the size the flattened card has."""
    height, width = image.shape[:2]
    if dice.random() < 0.5:
        slope = np.linspace(dice.uniform(0.62, 1.0), dice.uniform(0.62, 1.05), width, dtype=np.float32)
        image = image * slope[None, :, None]
    if dice.random() < 0.06 * hardness:
        centre, reach = dice.uniform(0, width), dice.uniform(0.5, 3.0) * height
        veil = np.exp(-(((np.arange(width) - centre) / reach) ** 2)) * dice.uniform(0.2, 0.75)
        image = image + (255 - image) * veil.astype(np.float32)[None, :, None]
    # 1 is the size on the flattened card; smaller is a card photographed from farther away.
    seen = dice.choices(
        (dice.uniform(0.88, 1.2), dice.uniform(0.62, 0.88), dice.uniform(0.45, 0.62)), (60, 34 * hardness, 6 * hardness)
    )[0]
    seen = max(seen, 12.5 / height)  # letters under that are refused before reading
    small = cv2.resize(image, (max(4, round(width * seen)), max(8, round(height * seen))), interpolation=cv2.INTER_AREA)
    if hardness > 0:
        sigma = abs(dice.gauss(0, 0.55)) * hardness * (1.0 if seen > 0.8 else 0.7)
        if sigma > 0.25:
            small = cv2.GaussianBlur(small, (0, 0), min(sigma, 1.7))
        if dice.random() < 0.1:
            reach = dice.choice((3, 5))
            kernel = np.zeros((reach, reach), np.float32)
            if dice.random() < 0.5:
                kernel[reach // 2] = 1 / reach
            else:
                np.fill_diagonal(kernel, 1 / reach)
            small = cv2.filter2D(small, -1, kernel)
        spread = abs(dice.gauss(0, 5)) * hardness
        if spread > 1:
            small = small + noise.standard_normal(small.shape, dtype=np.float32) * spread
    contrast, light = dice.uniform(0.7, 1.15), dice.uniform(-28, 22)
    small = np.clip((small - 128) * contrast + 128 + light, 0, 255).astype(np.uint8)
    if dice.random() < 0.08:
        small = cv2.cvtColor(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)
    if hardness > 0 and dice.random() < 0.7:
        _, packed = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, dice.randint(35, 95)])
        small = cv2.imdecode(packed, cv2.IMREAD_COLOR)
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR) if seen < 0.88 else small

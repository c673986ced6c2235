"""What a card's print stands on: a gradient of two tints under fine lines, none of them a real card's."""

import math
import random
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

# float32 of any shape that broadcasts to (height, width).
Field = NDArray[Any]
Rgb = tuple[int, int, int]
Tint = tuple[Rgb, Rgb]
Ground = Literal["waves", "rays", "net", "ripples", "plain", "rosettes", "weave", "scales"]

TRAINING: tuple[Ground, ...] = ("waves", "rays", "net", "ripples", "plain")
HELD_OUT: tuple[Ground, ...] = ("rosettes", "weave", "scales")


def lay(
    ground: Ground, tint: Tint, seed: int, *, size: tuple[int, int], pitch: float = 1.0, strength: float = 1.0
) -> NDArray[np.uint8]:
    """RGB of this size (width, height). `pitch` scales how many lines there are, `strength` how dark they are."""
    dice = random.Random(seed)  # noqa: S311 (a pattern, not a secret)
    x, y = _axes(*size)
    mix = 0.5 + 0.5 * np.sin(math.pi * (x * 0.9 + y * 0.6 - 0.35))
    dark = _DRAWN[ground](dice, x, y, pitch) * np.float32(120 * strength)
    picture = np.empty((size[1], size[0], 3), np.uint8)
    for channel, (one, two) in enumerate(zip(*tint, strict=True)):
        field = mix * np.float32(two - one)
        field += one - dark
        picture[:, :, channel] = np.clip(field, 0, 255, out=field)
    return picture


@lru_cache(maxsize=2)
def _axes(width: int, height: int) -> tuple[Field, Field]:
    return np.linspace(0, 1, width, dtype=np.float32)[None, :], np.linspace(0, 1, height, dtype=np.float32)[:, None]


def _lines(phase: Field) -> Field:
    """Thin dark lines where a phase comes round, 0 between them."""
    return np.clip(np.cos(phase) - 0.86, 0, 1)


def _waves(dice: random.Random, x: Field, y: Field, pitch: float) -> Field:
    """Two families of waves along the card, bent against each other."""
    dark: Any = 0
    for sign in (-1, 1):
        phase, count = dice.uniform(0, 6.28), dice.uniform(26, 34) * pitch
        bend = 0.06 * np.sin(2 * math.pi * x * dice.uniform(1.4, 2.6) + phase)
        bend = bend + 0.02 * np.sin(2 * math.pi * x * 9 + phase)
        dark = dark + _lines(2 * math.pi * count * (y + sign * bend))
    return dark


def _rays(dice: random.Random, x: Field, y: Field, pitch: float) -> Field:
    """Lines from a point beside the card."""
    at_x, at_y = dice.uniform(-0.4, -0.1), dice.uniform(-0.3, 1.3)
    angle = np.arctan2((y - at_y) * 0.63, x - at_x)
    sway = 0.012 * np.sin(x * dice.uniform(14, 30))
    return 1.4 * _lines((angle + sway) * dice.uniform(220, 320) * pitch)


def _net(dice: random.Random, x: Field, y: Field, pitch: float) -> Field:
    """Diagonals both ways."""
    count, slope = dice.uniform(24, 38) * pitch, dice.uniform(0.5, 1.4)
    return _lines(2 * math.pi * count * (y + slope * x)) + _lines(2 * math.pi * count * (y - slope * x))


def _ripples(dice: random.Random, x: Field, y: Field, pitch: float) -> Field:
    """Rings around two points."""
    dark: Any = 0
    for _ in range(2):
        away = np.hypot((x - dice.random()) * 1.586, y - dice.random())
        dark = dark + _lines(2 * math.pi * away * dice.uniform(22, 32) * pitch)
    return dark


def _plain(dice: random.Random, x: Field, y: Field, pitch: float) -> Field:
    """A fine grain, as offset print has under a lens."""
    grain = np.sin(x * dice.uniform(700, 1_100) * pitch) * np.sin(y * dice.uniform(450, 700) * pitch)
    return 0.035 * (1 + grain)


def _rosettes(dice: random.Random, x: Field, y: Field, pitch: float) -> Field:
    """Petalled rings around a point on the card."""
    at_x, at_y = (x - dice.uniform(0.3, 0.8)) * 1.586, y - dice.uniform(0.3, 0.7)
    petals = dice.choice((6, 8, 12))
    away = np.hypot(at_x, at_y) * (1 + 0.16 * np.cos(petals * np.arctan2(at_y, at_x)))
    return 1.3 * _lines(2 * math.pi * away * dice.uniform(24, 34) * pitch)


def _weave(dice: random.Random, x: Field, y: Field, pitch: float) -> Field:
    """Two waves multiplied: small lozenges that drift."""
    across = np.sin(2 * math.pi * (x + 0.03 * np.sin(5 * y)) * dice.uniform(34, 52) * pitch)
    along = np.sin(2 * math.pi * (y + 0.03 * np.sin(4 * x)) * dice.uniform(20, 32) * pitch)
    return 0.16 * np.clip(across * along, 0, 1)


def _scales(dice: random.Random, x: Field, y: Field, pitch: float) -> Field:
    """Arcs in rows, every other row shifted by half."""
    rows = dice.uniform(9, 13) * pitch
    row = np.floor(y * rows)
    column = np.mod(x * rows * 1.586 / 1.2 + 0.5 * np.mod(row, 2), 1) - 0.5
    away = np.hypot(column, np.mod(y * rows, 1) * 0.8)
    return 0.9 * _lines(2 * math.pi * away * 4)


_DRAWN: dict[Ground, Callable[[random.Random, Field, Field, float], Field]] = {
    "waves": _waves,
    "rays": _rays,
    "net": _net,
    "ripples": _ripples,
    "plain": _plain,
    "rosettes": _rosettes,
    "weave": _weave,
    "scales": _scales,
}

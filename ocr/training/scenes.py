"""Families of photographs, each from a seed: ones that must be read, ones that must be refused, and why."""

import math
from collections.abc import Callable

import msgspec
import numpy as np

from ocr.training import tables
from ocr.training.camera import Scene

_GROUNDS: tuple[tables.Background, ...] = ("wood", "cloth", "paper", "white", "keyboard", "hand")


def readable(seed: int, width_px: int = 2_016) -> Scene:
    """What people send who took some care: any ground, any way up, some tilt, house lamps, an old telephone."""
    dice = _dice(seed, 1)
    px = width_px / 2_016
    return Scene(
        seed=seed,
        width_px=width_px,
        height_px=width_px * 3 // 4,
        fill=dice.uniform(0.5, 0.8),
        tilt_degrees=dice.uniform(0, 15),
        turn_degrees=dice.uniform(0, 8),
        quarter_turns=int(dice.integers(4)),
        exposure=dice.uniform(0.6, 1.08),
        shadow=dice.uniform(0, 0.4),
        blur_px=dice.uniform(0.3, 1.2) * px,
        noise=dice.uniform(1, 7),
        jpeg_quality=int(dice.integers(70, 96)),
        background=_GROUNDS[int(dice.integers(len(_GROUNDS)))],
        cast=_lamp(dice),
        shadow_edge=dice.uniform(0.1, 0.4) if dice.random() < 0.25 else 0.0,
        flash=dice.uniform(0.1, 0.4) if dice.random() < 0.2 else 0.0,
        motion_px=dice.uniform(1, 3) * px if dice.random() < 0.2 else 0.0,
        motion_degrees=dice.uniform(0, 180),
        blotches=dice.uniform(1, 4) if dice.random() < 0.2 else 0.0,
        halo=dice.uniform(0.2, 1.0) if dice.random() < 0.5 else 0.0,
    )


def placed(seed: int, width_px: int = 1_008, tilt_degrees: float | None = None) -> Scene:
    """Hard to find: any ground, any turn, up to 30° of tilt, small or filling the frame, under every light."""
    dice = _dice(seed, 2)
    tilt = dice.uniform(0, 30) if tilt_degrees is None else tilt_degrees
    turn = float(dice.choice([dice.uniform(0, 5), 17.0, 45.0, dice.uniform(0, 90), 90.0]))
    # A card standing across the frame must be smaller to fit.
    upright = abs(math.sin(math.radians(turn)))
    largest = min(0.92, 0.66 / (0.63 * (1 - upright) + upright)) / (1 + 0.25 * math.sin(math.radians(tilt)))
    px = width_px / 2_016
    return msgspec.structs.replace(
        readable(seed, width_px),
        fill=dice.uniform(0.3, largest),
        tilt_degrees=tilt,
        turn_degrees=turn,
        exposure=dice.uniform(0.4, 1.1),
        shadow=dice.uniform(0, 0.5),
        blur_px=dice.uniform(0.3, 2.0) * px,
        flash=dice.uniform(0.1, 0.7) if dice.random() < 0.2 else 0.0,
        shadow_edge=dice.uniform(0.1, 0.6) if dice.random() < 0.3 else 0.0,
    )


def _blurred(dice: np.random.Generator, px: float) -> dict[str, object]:
    return {"blur_px": dice.uniform(5.5, 10) * px}


def _shaken(dice: np.random.Generator, px: float) -> dict[str, object]:
    return {"motion_px": dice.uniform(20, 45) * px, "motion_degrees": dice.uniform(0, 180)}


def _dark(dice: np.random.Generator, px: float) -> dict[str, object]:
    return {"exposure": dice.uniform(0.04, 0.14), "noise": dice.uniform(3, 7), "flash": 0.0, "cast": (1.0, 1.0, 1.0)}


def _glaring(dice: np.random.Generator, px: float) -> dict[str, object]:
    return {"glare": (dice.uniform(0.4, 0.65), dice.uniform(0.35, 0.65), dice.uniform(0.22, 0.35))}


def _far(dice: np.random.Generator, px: float) -> dict[str, object]:
    return {"fill": dice.uniform(0.16, 0.27)}


def _cut_off(dice: np.random.Generator, px: float) -> dict[str, object]:
    """One side, now and then a corner, out of the picture by a tenth of the card and more."""
    fill, sideways = dice.uniform(0.6, 0.75), dice.random() < 0.5
    away = (
        (0.5 - fill / 2 + fill * dice.uniform(0.12, 0.3))
        if sideways
        else (0.5 - fill * 0.42 + fill * dice.uniform(0.1, 0.2))
    )
    away *= float(dice.choice([-1, 1]))
    return {"fill": fill, "tilt_degrees": dice.uniform(0, 8), "offset": (away, 0.0) if sideways else (0.0, away)}


def _on_screen(dice: np.random.Generator, px: float) -> dict[str, object]:
    """A display whose pixels are 1.4 to 4 of the photograph's: finer ones leave nothing in it to be seen."""
    fill = dice.uniform(0.5, 0.8)
    dots = round(fill * 2_016 * px / dice.uniform(1.4, 4.0))
    return {"fill": fill, "screen_px": dots, "blur_px": dice.uniform(0.2, 0.7) * px, "motion_px": 0.0, "glare": None}


def _photocopied(dice: np.random.Generator, px: float) -> dict[str, object]:
    return {"photocopy": dice.uniform(0.1, 0.9)}


# By the code they must be refused with.
FAULTS: dict[str, tuple[Callable[[np.random.Generator, float], dict[str, object]], ...]] = {
    "card-blurred": (_blurred, _shaken),
    "card-too-dark": (_dark,),
    "card-glare": (_glaring,),
    "card-too-small": (_far,),
    "card-cut-off": (_cut_off,),
    "card-on-screen": (_on_screen,),
    "card-photocopied": (_photocopied,),
}


def faulty(code: str, seed: int, width_px: int = 2_016) -> Scene:
    """A readable scene with one fault, the one this refusal is named for."""
    dice = _dice(seed, 3)
    kinds = FAULTS[code]
    changes = kinds[seed % len(kinds)](dice, width_px / 2_016)
    return msgspec.structs.replace(readable(seed, width_px), **changes)


def _lamp(dice: np.random.Generator) -> tuple[float, float, float]:
    """From a warm bulb over daylight to a cool tube, as white balance leaves it."""
    warm, green = dice.uniform(-0.1, 0.1), dice.uniform(-0.03, 0.03)
    return (1 + warm, 1 + green, 1 - warm)


def _dice(seed: int, family: int) -> np.random.Generator:
    return np.random.default_rng([seed, family])

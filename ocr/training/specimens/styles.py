"""How a specimen looks, drawn by chance from two sets that share neither typeface nor ground: for training, and held out."""

import random
from collections.abc import Sequence

import msgspec

from ocr.training.specimens import grounds, typefaces
from ocr.training.specimens.grounds import Ground, Tint
from ocr.training.specimens.typefaces import Family

# Faces by role are file names of `kit.fonts` or paths.
_NOTO = {
    "value_face": "NotoSans-Regular.ttf",
    "value_bold_face": "NotoSans-Bold.ttf",
    "typed_face": "NotoSerif-Regular.ttf",
    "label_face": "NotoSans-Regular.ttf",
    "english_face": "NotoSerif-Italic.ttf",
    "heading_face": "NotoSans-Bold.ttf",
}


class Style(msgspec.Struct, frozen=True, kw_only=True):
    """The default is a card fresh from the printer, in the typefaces that come with the product."""

    seed: int = 0
    value_face: str = _NOTO["value_face"]
    value_bold_face: str = _NOTO["value_bold_face"]
    typed_face: str = _NOTO["typed_face"]
    """Of the values on a CMND of nine digits."""
    label_face: str = _NOTO["label_face"]
    english_face: str = _NOTO["english_face"]
    heading_face: str = _NOTO["heading_face"]
    size: float = 1.0
    """Factor on all text but the machine-readable zone, 0.92 to 1.08."""
    jitter: float = 0.0
    """How far values may stand off their places, in heights of the card."""
    tint: Tint | None = None
    """None is the kind's own."""
    ground: Ground = "waves"
    ground_pitch: float = 1.0
    ground_strength: float = 1.0
    spread_px: float = 0.0
    """Of the values' ink beyond its strokes; negative is thinner."""
    broken: float = 0.0
    fade: float = 0.0
    scratches: int = 0
    stamp_opacity: int = 38
    """Of SPECIMEN / MẪU written across, 0 to 255."""

    @classmethod
    def default(cls) -> "Style":
        return cls()

    @property
    def is_worn(self) -> bool:
        return bool(self.spread_px or self.broken or self.fade)

    @property
    def faces(self) -> frozenset[str]:
        """Everything its text is set in."""
        return frozenset(getattr(self, role) for role in _NOTO)


# Genuine cards of a kind are all tinted alike; these are how cameras and years turn them. The two sets share none.
TRAINING_TINTS: tuple[Tint | None, ...] = (
    None,
    ((214, 234, 226), (250, 242, 204)),
    ((200, 226, 238), (232, 236, 220)),
    ((226, 232, 226), (240, 238, 226)),
    ((196, 214, 196), (228, 230, 204)),
    ((224, 220, 206), (240, 232, 214)),
    ((208, 216, 232), (234, 230, 236)),
)
HELD_OUT_TINTS: tuple[Tint, ...] = (
    ((206, 228, 214), (240, 234, 216)),
    ((210, 232, 240), (244, 238, 222)),
    ((218, 226, 214), (236, 236, 218)),
    ((202, 220, 224), (238, 228, 208)),
    ((228, 230, 220), (246, 242, 232)),
)

# Real values are set in Arial's kin: mostly in these. The others of the held-out table share what is left.
_LIKELY = {"Liberation Sans": 30, "TeX Gyre Heros": 18, "Clear Sans": 16, "Open Sans": 16}
_LIKELY_SERIF = {"Liberation Serif": 12, "TeX Gyre Termes": 8}


def for_training(seed: int) -> Style:
    """A look for training: any typeface of the training table that is on this machine, Noto where none is."""
    dice = random.Random(f"training {seed}")  # noqa: S311 (a look, not a secret)
    found = [family for family in typefaces.families("training") if family.is_installed]
    sans, serif, mono = (_of_kind(found, kind) for kind in ("sans", "serif", "mono"))
    value = _chosen(dice, (sans, 78), (serif, 18), (mono, 4))
    label = _chosen(dice, (sans, 65), (serif, 35))
    typed = _chosen(dice, (mono, 50), (serif, 35), (sans, 15))
    return _style(
        dice, seed, (value, label, _chosen(dice, (serif, 70), (sans, 30)), typed), grounds.TRAINING, TRAINING_TINTS
    )


def held_out(seed: int) -> Style:
    """A look for tests and figures, of nothing that training sees. Refuses FontNotInstalled: no face stands in for another."""
    dice = random.Random(f"held out {seed}")  # noqa: S311
    known = typefaces.families("held_out")
    weights = {**_LIKELY, **_LIKELY_SERIF}
    value = dice.choices(known, [weights.get(family.name, 1 if family.kind != "mono" else 0) for family in known])[0]
    label = dice.choices(known, [weights.get(family.name, 0) for family in known])[0]
    english = dice.choices(known, [_LIKELY_SERIF.get(f.name, 0) * 3 + _LIKELY.get(f.name, 0) for f in known])[0]
    typed = dice.choices(known, [12 if f.kind == "mono" else _LIKELY_SERIF.get(f.name, 0) for f in known])[0]
    return _style(dice, seed, (value, label, english, typed), grounds.HELD_OUT, HELD_OUT_TINTS)


def _of_kind(found: Sequence[Family], kind: str) -> list[Family]:
    return [family for family in found if family.kind == kind]


def _chosen(dice: random.Random, *shares: tuple[list[Family], int]) -> Family | None:
    """One family, its kind first, so that many of one kind do not drown another; None when nothing is installed."""
    filled = [(found, share) for found, share in shares if found]
    if not filled:
        return None
    return dice.choice(dice.choices([found for found, _ in filled], [share for _, share in filled])[0])


def _style(
    dice: random.Random,
    seed: int,
    families: tuple[Family | None, Family | None, Family | None, Family | None],
    on: Sequence[Ground],
    tints: Sequence[Tint | None],
) -> Style:
    value, label, english, typed = families
    faces = dict(_NOTO)
    if value is not None:
        faces |= {"value_face": str(value.file("regular")), "value_bold_face": str(value.file("bold"))}
    if label is not None:
        faces |= {"label_face": str(label.file("regular")), "heading_face": str(label.file("bold"))}
    if english is not None:
        faces["english_face"] = str(english.file("italic"))
    if typed is not None:
        faces["typed_face"] = str(typed.file("regular"))
    used = dice.random() < 0.6
    return Style(
        seed=seed,
        **faces,
        size=round(dice.uniform(0.92, 1.08), 3),
        jitter=round(dice.uniform(0, 0.003), 4),
        tint=dice.choice(tints),
        ground=dice.choice(on),
        ground_pitch=round(dice.uniform(0.7, 1.4), 2),
        ground_strength=round(dice.uniform(0.4, 1.5), 2),
        spread_px=round(dice.uniform(-0.6, 0.9), 2) if dice.random() < 0.6 else 0.0,
        broken=round(dice.uniform(0.1, 0.9), 2) if used and dice.random() < 0.35 else 0.0,
        fade=round(dice.uniform(0.1, 0.5), 2) if used and dice.random() < 0.5 else 0.0,
        scratches=dice.randint(1, 14) if used and dice.random() < 0.5 else 0,
        stamp_opacity=dice.randint(18, 52),
    )

"""How a card generation is described: what each side says, and where on the flattened card things stand."""

from typing import Literal

import msgspec

Side = Literal["front", "back"]

# ID-1 of ISO/IEC 7810: 85.60 x 53.98 mm.
ASPECT = 85.60 / 53.98


class Place(msgspec.Struct, frozen=True):
    """A rectangle in fractions of the flattened card's width and height."""

    x: float
    y: float
    width: float
    height: float


class Label(msgspec.Struct, frozen=True):
    """The words printed before or above a field; an empty `field` marks words that only end another field's value."""

    field: str
    vi: str
    en: str
    many_lines: bool = False


class Layout(msgspec.Struct, frozen=True):
    """One side. `marks` are phrases found on this side of this generation and on no other supported one."""

    side: Side
    marks: tuple[str, ...]
    labels: tuple[Label, ...]
    qr: Place | None = None
    portrait: Place | None = None
    has_mrz: bool = False


class Document(msgspec.Struct, frozen=True):
    """One generation of cards."""

    kind: str
    name_vi: str
    name_en: str
    front: Layout
    back: Layout


class Unsupported(msgspec.Struct, frozen=True):
    """A kind that is recognised only to be refused: all of one set of `marks` seen, and none of `never`."""

    kind: str
    name_vi: str
    name_en: str
    marks: tuple[tuple[str, ...], ...]
    never: tuple[str, ...] = ()

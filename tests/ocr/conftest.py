"""Specimens everyone in this folder reads."""

import datetime
import functools

import msgspec
import numpy as np

from ocr.documents import Side
from ocr.printed import Said
from ocr.reading import Box
from ocr.steps import Steps
from ocr.training import camera
from ocr.training.recogniser.texts import ALPHABET
from ocr.training.specimens import CardFacts, Kind, Specimen, drawn_face, render

FACTS = CardFacts(
    number="079190012345",
    old_number="024680135",
    full_name="Nguyễn Trần Phương Thảo",
    date_of_birth=datetime.date(1990, 5, 17),
    sex="female",
    place_of_origin="Xã Tân Thạnh Đông, Huyện Củ Chi, Thành phố Hồ Chí Minh",
    residence="45/12 Đường Lê Thánh Tôn, Phường Sài Gòn, Thành phố Hồ Chí Minh",
    place_of_birth="Phường Bến Nghé, Quận 1, Thành phố Hồ Chí Minh",
    issued=datetime.date(2024, 8, 12),
    expires=datetime.date(2030, 5, 17),
    portrait=drawn_face(1),
)
_CHILD = CardFacts(
    number="079323004321",
    full_name="Nguyễn Lý Minh Châu",
    date_of_birth=datetime.date(2023, 3, 9),
    sex="female",
    place_of_origin="Xã Tân Thạnh Đông, Huyện Củ Chi, Thành phố Hồ Chí Minh",
    residence="45/12 Đường Lê Thánh Tôn, Phường Sài Gòn, Thành phố Hồ Chí Minh",
    place_of_birth="Phường Bến Nghé, Quận 1, Thành phố Hồ Chí Minh",
    issued=datetime.date(2025, 9, 3),
    expires=datetime.date(2037, 3, 9),
    father="Nguyễn Hữu Mẫu",
    mother="Nguyễn Trần Phương Thảo",
)


def facts(kind: Kind) -> CardFacts:
    """One holder, whose card was issued while such cards were; a child of hers on the card without a portrait."""
    changed = msgspec.structs.replace
    older = "45/12 Đường Lê Thánh Tôn, Phường Bến Nghé, Quận 1, Thành phố Hồ Chí Minh"
    match kind:
        case "cmnd_9":
            number, issued = "024680135", datetime.date(2009, 8, 12)
            return changed(
                FACTS,
                number=number,
                old_number=None,
                residence=older,
                issued=issued,
                expires=issued.replace(year=issued.year + 15),
            )
        case "cmnd_12":
            issued = datetime.date(2014, 8, 12)
            return changed(FACTS, residence=older, issued=issued, expires=issued.replace(year=issued.year + 15))
        case "cccd_barcode_2016":
            return changed(FACTS, residence=older, issued=datetime.date(2017, 8, 12))
        case "cccd_chip_2021":
            return changed(FACTS, issued=datetime.date(2022, 8, 12))
        case "can_cuoc_2024":
            return FACTS
        case "can_cuoc_2024_under_6":
            return _CHILD


@functools.cache
def card(kind: Kind) -> Specimen:
    """Both sides of a kind, rendered once."""
    return render(kind, facts(kind))


@functools.cache
def shot(kind: Kind, side: Side, taken: camera.Scene) -> bytes:
    """One photograph, taken once."""
    return camera.photograph(getattr(card(kind), side), taken)


def scene(**changes: object) -> camera.Scene:
    """A good photograph with something changed."""
    return msgspec.structs.replace(camera.GOOD, **changes)


BOX = Box(side="front", x=0.3, y=0.4, width=0.3, height=0.05)


def print_of(text: str, *, doubts: dict[int, tuple[str, float]] | None = None) -> Said:
    """A print read as this text, ~ where nothing is; `doubts` names other letters at some places, and how likely they are."""
    rows: list[np.ndarray] = []
    for i, letter in enumerate(text):
        row = np.full(1 + len(ALPHABET), 1e-6, np.float32)
        other, share = (doubts or {}).get(i, (letter, 0.0))
        row[_class(letter)] = 1 - share
        row[_class(other)] += share
        blank = np.full(1 + len(ALPHABET), 1e-6, np.float32)
        blank[0] = 1.0
        rows += [row, blank]
    steps = Steps.of(np.stack(rows), ALPHABET)
    return Said(text=text.replace("~", ""), confidence=steps.best()[1], box=BOX, steps=steps)


def _class(letter: str) -> int:
    return 0 if letter == "~" else 1 + ALPHABET.index(letter)

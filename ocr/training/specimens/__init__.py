"""Fictional cards of six kinds, front and back, each stamped SPECIMEN / MẪU. No real person, no real card.

Only what the regulations publish is imitated (headings, labels, what stands where); the state emblem, seals and security
printing are not.
"""

from collections.abc import Callable

from ocr.training.specimens import can_cuoc_2024, cccd_barcode_2016, cccd_chip_2021, cmnd_9, cmnd_12
from ocr.training.specimens.facts import CardFacts, Kind, Told
from ocr.training.specimens.pen import HEIGHT, WIDTH, Printed, Specimen
from ocr.training.specimens.portraits import drawn_face
from ocr.training.specimens.styles import Style

_DRAWN: dict[Kind, Callable[[Told, Style], Specimen]] = {
    "cmnd_9": cmnd_9.draw,
    "cmnd_12": cmnd_12.draw,
    "cccd_barcode_2016": cccd_barcode_2016.draw,
    "cccd_chip_2021": cccd_chip_2021.draw,
    "can_cuoc_2024": can_cuoc_2024.draw,
    "can_cuoc_2024_under_6": can_cuoc_2024.draw_under_6,
}


def render(
    kind: Kind,
    facts: CardFacts,
    *,
    style: Style | None = None,
    qr_facts: CardFacts | None = None,
    mrz_facts: CardFacts | None = None,
    print_facts: CardFacts | None = None,
) -> Specimen:
    """A specimen of these facts; a tampered one when the code, the machine-readable zone or the print has facts of its own.

    `qr_facts` are what the barcode of older kinds says, too. Refuses (ValueError) text that no size makes fit.
    """
    told = Told(printed=print_facts or facts, code=qr_facts or facts, zone=mrz_facts or facts)
    return _DRAWN[kind](told, style or Style())


__all__ = ["HEIGHT", "WIDTH", "CardFacts", "Kind", "Printed", "Specimen", "Style", "drawn_face", "render"]

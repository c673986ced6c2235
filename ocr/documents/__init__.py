"""One file per card generation: what is printed where, when it was issued and to whom."""

from ocr.documents import (
    can_cuoc_2024,
    can_cuoc_2024_under_6,
    cccd_barcode_2016,
    cccd_chip_2021,
    cmnd_9,
    cmnd_12,
)
from ocr.documents.layout import Document, Layout, Side

# Newest first; a variant stands behind the kind whose print it shares.
DOCUMENTS: dict[str, Document] = {
    module.DOCUMENT.kind: module.DOCUMENT
    for module in (can_cuoc_2024, can_cuoc_2024_under_6, cccd_chip_2021, cccd_barcode_2016, cmnd_12, cmnd_9)
}


def without_portrait(kind: str) -> Document | None:
    """The variant of a kind that a missing portrait tells, if it has one."""
    return next((d for d in DOCUMENTS.values() if d.variant_of == kind and d.front.portrait is None), None)


__all__ = ["DOCUMENTS", "Document", "Layout", "Side", "without_portrait"]

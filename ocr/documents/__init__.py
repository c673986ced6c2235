"""One file per card generation that is read; kinds that are only recognised, in order to be refused, stand here."""

from ocr.documents import can_cuoc_2024, cccd_chip_2021
from ocr.documents.layout import Document, Layout, Side

DOCUMENTS: dict[str, Document] = {d.kind: d for d in (can_cuoc_2024.DOCUMENT, cccd_chip_2021.DOCUMENT)}

__all__ = ["DOCUMENTS", "Document", "Layout", "Side"]

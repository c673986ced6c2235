"""A photograph of an identity card in, its fields with their evidence out.

    reading = ocr.read_card(front, back)

Blocking and heavy: call it in an inference worker (`kit.pool`). Importing this package loads no inference library.
"""

from typing import TYPE_CHECKING

from ocr import reading, refusals
from ocr.documents import DOCUMENTS
from ocr.reading import FIELDS, Box, Card, CardReading, Document, Field, Issue, SideQuality, Source

if TYPE_CHECKING:
    from ocr.chip import ChipReading
    from ocr.transcribing import Transcript

__all__ = [
    "FIELDS",
    "Box",
    "Card",
    "CardReading",
    "Document",
    "Field",
    "Issue",
    "SideQuality",
    "Source",
    "read_card",
    "read_card_with_portrait",
    "reading",
    "refusals",
    "warm",
]


def read_card(front: bytes, back: bytes | None, read_chip: "ChipReading | None" = None) -> CardReading:
    """Reads photos of both sides, given in either order; without the back nothing better than `retake` comes out.

    Refuses what no reading can be made of: kit.images' BadImage, ImageTooLarge, UnsupportedImageType, and every
    `ocr.refusals.CardRefusal`.
    """
    return read_card_with_portrait(front, back, read_chip).reading


def read_card_with_portrait(front: bytes, back: bytes | None, read_chip: "ChipReading | None" = None) -> Card:
    """The same, and the portrait cut from the front (JPEG), for comparing with a selfie."""
    from ocr import reconciling, transcribing
    from ocr.engine import reader

    photos = [front] if back is None else [front, back]
    names: tuple[reading.Side, ...] = ("front", "back")
    transcripts = [
        transcript
        for photo, name in zip(photos, names, strict=False)
        for transcript in transcribing.transcribe(photo, name, reader())
    ]
    _fit_together(transcripts)
    document = Document(
        kind=reconciling.kind_of(transcripts),
        sides=tuple(transcript.side for transcript in transcripts),
        quality={transcript.side: transcript.quality for transcript in transcripts},
    )
    return Card(
        reading=reconciling.reconcile(reconciling.evidence(transcripts, read_chip), document),
        portrait=next((transcript.portrait for transcript in transcripts if transcript.portrait), None),
        flat={transcript.side: transcript.flat for transcript in transcripts},
    )


def warm() -> None:
    """Loads the models and runs each once, so that a worker's first photo is as quick as its second."""
    import cv2
    import numpy as np

    from ocr import masking
    from ocr.engine import reader

    cv2.setNumThreads(1)
    picture = np.full((200, 640, 3), 255, dtype=np.uint8)
    cv2.putText(picture, "079000000000", (20, 120), cv2.FONT_HERSHEY_SIMPLEX, 2, (0, 0, 0), 4)
    boxes = reader().boxes(picture)
    reader().recognise(picture, boxes)
    masking.outlines(picture)


def _fit_together(transcripts: "list[Transcript]") -> None:
    """Refuses FrontMissing, SameSideTwice, SidesOfDifferentCards."""
    sides = [transcript.side for transcript in transcripts]
    if sides == ["back"]:
        raise refusals.FrontMissing
    if len(set(sides)) < len(sides):
        raise refusals.SameSideTwice(side=sides[0] if sides.count(sides[0]) > 1 else sides[1])
    # A back cannot tell a variant (the card of a child under six) from the kind whose print it shares.
    if len({DOCUMENTS[transcript.kind].variant_of or transcript.kind for transcript in transcripts}) > 1:
        raise refusals.SidesOfDifferentCards

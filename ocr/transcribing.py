"""One photograph of one side: which card and side it is, and what its print, its QR and its zone say."""

import datetime
import re
import statistics
from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from kit import names
from ocr import locating, mrz, qr, refusals
from ocr.documents import DOCUMENTS
from ocr.documents.layout import Label, Layout, Place, Side
from ocr.documents.unsupported import UNDER_6, UNSUPPORTED
from ocr.engine import Line, Reader
from ocr.finding import find, squeezed
from ocr.reading import Box, SideQuality

if TYPE_CHECKING:
    from ocr.locating import Pixels

NO_EXPIRY = "Không thời hạn"

# Standard deviation of grey over its mean: a face with hair and clothes has 0.3 to 0.7, the bare guilloche 0.03 to 0.05.
_PORTRAIT_UNEVENNESS = 0.12


class Said(msgspec.Struct, frozen=True):
    """A printed value as recognised."""

    text: str
    confidence: float
    box: Box


class Transcript(msgspec.Struct, frozen=True):
    """Everything one side says, before anything is compared."""

    kind: str
    side: Side
    printed: dict[str, Said]
    quality: SideQuality
    qr_texts: tuple[str, ...] = ()
    zone: mrz.Mrz | mrz.Broken | None = None
    portrait: bytes | None = None


def transcribe(photo: bytes, sent_as: Side, reader: Reader) -> Transcript:
    """Reads one photo; `sent_as` only names it in refusals. Refuses every CardRefusal, and what kit.images refuses."""
    refused: refusals.CardRefusal | None = None
    for flat in locating.flatten(locating.decode(photo), sent_as):
        try:
            return _transcribe_flat(flat, sent_as, reader)
        except refusals.CardRefusal as refusal:
            refused = refused or refusal
    assert refused is not None  # flatten never answers with an empty list
    raise refused


def _transcribe_flat(flat: locating.Flat, sent_as: Side, reader: Reader) -> Transcript:
    quality = locating.judge(flat, sent_as)
    boxes = reader.boxes(flat.image)
    lines = reader.recognise(flat.image, boxes)
    known = identify(lines, sent_as)
    if known is None:
        turned = flat.turned()
        lines = reader.recognise(turned.image, reader.boxes(turned.image))
        known = identify(lines, sent_as)
        if known is None:
            raise refusals.CardNotRecognised(side=sent_as)
        flat = turned
    kind, layout = known
    portrait = None
    if layout.portrait is not None:
        if not _has_portrait(flat, layout.portrait):
            if kind == "can_cuoc_2024":
                raise _not_supported(UNDER_6.kind, UNDER_6.name_vi, UNDER_6.name_en, sent_as)
        else:
            portrait = locating.jpeg(flat.closer(layout.portrait, 1.5))
    return Transcript(
        kind=kind,
        side=layout.side,
        printed=printed_values(lines, layout),
        quality=quality,
        qr_texts=tuple(qr.decode(flat, layout.qr)) if layout.qr else (),
        zone=_zone(flat, lines, reader) if layout.has_mrz else None,
        portrait=portrait,
    )


def identify(lines: Sequence[Line], sent_as: Side = "front") -> tuple[str, Layout] | None:
    """Generation and side by the phrases printed on it; None when too few are found. Refuses CardKindNotSupported."""
    best: tuple[int, str, Layout] | None = None
    for kind, document in DOCUMENTS.items():
        for layout in (document.front, document.back):
            phrases = {*layout.marks, *(label.en for label in layout.labels if len(label.en) > 6)}
            hits = sum(_seen(phrase, lines) for phrase in phrases) + sum(_seen(mark, lines) for mark in layout.marks)
            if best is None or hits > best[0]:
                best = (hits, kind, layout)
    if best is not None and best[0] >= 4:
        return best[1], best[2]
    for unsupported in UNSUPPORTED:
        if any(_seen(phrase, lines) for phrase in unsupported.never):
            continue
        if any(all(_seen(mark, lines) for mark in marks) for marks in unsupported.marks):
            raise _not_supported(unsupported.kind, unsupported.name_vi, unsupported.name_en, sent_as)
    return None


def printed_values(lines: Sequence[Line], layout: Layout) -> dict[str, Said]:
    """Each label's value: what follows it on its line, and the lines under it in its column."""
    usable = [line for line in lines if not _is_stamp(line)]
    values: dict[str, list[Said]] = {}
    anchors: list[_Anchor] = []
    loose: list[Line] = []
    for line in usable:
        spans = _labels_in(line.text, layout.labels)
        if not spans:
            loose.append(line)
        for i, (label, start, end) in enumerate(spans):
            stop = spans[i + 1][1] if i + 1 < len(spans) else len(line.text)
            rest = line.text[end:stop].strip(" :/.,;-|")
            length = max(1, len(line.text))
            left = line.box.left + (line.box.right - line.box.left) * start / length
            right = line.box.left + (line.box.right - line.box.left) * stop / length
            anchors.append(_Anchor(label, left, right, line.box.top, line.box.bottom, bool(rest)))
            if rest and label.field:
                values.setdefault(label.field, []).append(_said(rest, line, layout.side))
    for line in sorted(loose, key=lambda line: line.box.top):
        anchor = _anchor_beside(line, anchors) or _anchor_above(line, anchors)
        if anchor is None:
            continue
        anchor.bottom, anchor.full = max(anchor.bottom, line.box.bottom), True
        if anchor.label.field:
            values.setdefault(anchor.label.field, []).append(_said(line.text, line, layout.side))
    found = {field: _joined(said) for field, said in values.items()}
    if layout.side == "front":
        number = _twelve_digits(usable, layout.side)
        found.pop("number", None)
        if number is not None:
            found["number"] = number
    return found


def printed_day(text: str) -> datetime.date | None:
    """A date as cards print it, dd/mm/yyyy; nothing is repaired."""
    found = re.search(r"(?<![0-9])([0-9]{2})\s?[/.-]\s?([0-9]{2})\s?[/.-]\s?([0-9]{4})(?![0-9])", text)
    if found is None:
        return None
    try:
        return datetime.date(int(found[3]), int(found[2]), int(found[1]))
    except ValueError:
        return None


def printed_no_expiry(text: str) -> bool:
    return find(NO_EXPIRY, text) is not None


def printed_sex(text: str) -> str | None:
    """`male` for Nam; `female` for Nữ, whose second letter the recogniser does not know and spells as it pleases."""
    word = squeezed(text)[0]
    if word == "nam":
        return "male"
    return "female" if re.fullmatch(r"n[^am]{0,2}", word) else None


class _Anchor:
    """A label on the card, and how far down its value has been followed."""

    def __init__(self, label: Label, left: float, right: float, top: float, bottom: float, full: bool) -> None:
        self.label, self.left, self.right, self.top, self.bottom, self.full = label, left, right, top, bottom, full


def _labels_in(text: str, labels: Sequence[Label]) -> list[tuple[Label, int, int]]:
    """Labels on this line, left to right, each with the span its words take."""
    found: list[tuple[Label, int, int]] = []
    for label in labels:
        whole = find(f"{label.vi} / {label.en}", text)
        spans = (
            [whole]
            if whole
            else [span for words in (label.vi, label.en) if len(words) >= 7 and (span := find(words, text))]
        )
        if spans:
            found.append((label, min(s[0] for s in spans), max(s[1] for s in spans)))
    found.sort(key=lambda item: (item[1], item[1] - item[2]))
    kept: list[tuple[Label, int, int]] = []
    for item in found:
        if not kept or item[1] >= kept[-1][2]:
            kept.append(item)
    return kept


def _anchor_beside(line: Line, anchors: Sequence[_Anchor]) -> _Anchor | None:
    """A label without a value that ends just left of this line, on the same row."""
    middle = (line.box.top + line.box.bottom) / 2
    near = [
        anchor
        for anchor in anchors
        if not anchor.full
        and anchor.top < middle < anchor.bottom
        and -0.02 * locating.FLAT_WIDTH <= line.box.left - anchor.right <= 0.08 * locating.FLAT_WIDTH
    ]
    return max(near, key=lambda anchor: anchor.right, default=None)


def _anchor_above(line: Line, anchors: Sequence[_Anchor]) -> _Anchor | None:
    height = line.box.bottom - line.box.top
    near = [
        anchor
        for anchor in anchors
        if (anchor.label.many_lines or not anchor.full)
        and anchor.left - 0.03 * locating.FLAT_WIDTH <= line.box.left <= anchor.right + 0.02 * locating.FLAT_WIDTH
        and -0.4 * height <= line.box.top - anchor.bottom <= 1.2 * height
        and line.box.top > anchor.top
    ]
    return max(near, key=lambda anchor: anchor.bottom, default=None)


def _said(text: str, line: Line, side: Side) -> Said:
    width, height = locating.FLAT_WIDTH, locating.FLAT_HEIGHT
    place = Place(
        x=round(line.box.left / width, 4),
        y=round(line.box.top / height, 4),
        width=round((line.box.right - line.box.left) / width, 4),
        height=round((line.box.bottom - line.box.top) / height, 4),
    )
    return Said(text=names.nfc(text), confidence=line.confidence, box=Box.of(side, place))


def _joined(parts: list[Said]) -> Said:
    boxes = [part.box for part in parts]
    left, top = min(b.x for b in boxes), min(b.y for b in boxes)
    right, bottom = max(b.x + b.width for b in boxes), max(b.y + b.height for b in boxes)
    return Said(
        text=" ".join(part.text for part in parts),
        confidence=statistics.fmean(part.confidence for part in parts),
        box=Box(side=boxes[0].side, x=left, y=top, width=round(right - left, 4), height=round(bottom - top, 4)),
    )


def _twelve_digits(lines: Sequence[Line], side: Side) -> Said | None:
    """The one run of exactly twelve digits on the front, wherever its label went; None when two differ."""
    found: dict[str, Said] = {}
    for line in lines:
        for run in re.findall(r"(?<![0-9])[0-9]{12}(?![0-9])", re.sub(r"(?<=[0-9])[ .](?=[0-9])", "", line.text)):
            found.setdefault(run, _said(run, line, side))
    return next(iter(found.values())) if len(found) == 1 else None


def _is_stamp(line: Line) -> bool:
    """SPECIMEN / MẪU, small or written across: never a value."""
    tall = line.box.bottom - line.box.top > 0.09 * locating.FLAT_HEIGHT
    return tall or find("SPECIMEN", line.text) is not None


def _seen(phrase: str, lines: Sequence[Line]) -> bool:
    return any(find(phrase, line.text, wrong_share=0.2) for line in lines)


def _not_supported(kind: str, name_vi: str, name_en: str, side: Side) -> refusals.CardKindNotSupported:
    return refusals.CardKindNotSupported(side=side, kind=kind, kind_vi=name_vi, kind_en=name_en)


def _has_portrait(flat: locating.Flat, place: Place) -> bool:
    import cv2

    grey = cv2.cvtColor(flat.closer(place, 0.5), cv2.COLOR_BGR2GRAY)
    return float(grey.std() / max(grey.mean(), 1.0)) > _PORTRAIT_UNEVENNESS


# The zone fills the lowest 23 mm of the card.
_ZONE = Place(0.0, 0.66, 1.0, 0.34)


def _zone(flat: locating.Flat, lines: Sequence[Line], reader: Reader) -> mrz.Mrz | mrz.Broken | None:
    """From the lines already read; when those do not hold together, once more from a closer look."""
    in_zone = [line for line in lines if line.box.top > _ZONE.y * locating.FLAT_HEIGHT * 0.95]
    first = _zone_rows(flat.image, in_zone, reader)
    if isinstance(first, mrz.Mrz):
        return first
    closer = flat.closer(_ZONE, 1.25)
    return _zone_rows(closer, reader.recognise(closer, reader.boxes(closer)), reader) or first


def _zone_rows(image: "Pixels", lines: Sequence[Line], reader: Reader) -> mrz.Mrz | mrz.Broken | None:
    """Lines 1 and 2 carry check digits; the name does not, so it is read once more with the larger recogniser."""
    rows = _rows(lines)
    texts = ["".join(line.text for line in row) for row in rows]
    name_at = mrz.name_row(texts)
    if name_at is not None:
        again = reader.recognise(image, [line.box for line in rows[name_at]], spaced=True)
        texts[name_at] = "".join(line.text for line in again)
    return mrz.read(texts)


def _rows(lines: Sequence[Line]) -> list[list[Line]]:
    """Lines that stand side by side joined, top to bottom."""
    rows: list[list[Line]] = []
    for line in sorted(lines, key=lambda line: line.box.top + line.box.bottom):
        middle = (line.box.top + line.box.bottom) / 2
        if rows and rows[-1][0].box.top < middle < rows[-1][0].box.bottom:
            rows[-1].append(line)
        else:
            rows.append([line])
    return [sorted(row, key=lambda line: line.box.left) for row in rows]

"""One photograph of a card: which card and side it is, and what its print, its codes and its zone say."""

import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from kit import places
from kit.refusal import Refusal
from ocr import judging, labelling, locating, mrz, printed, qr, refusals, zoning
from ocr.documents import DOCUMENTS, Document, without_portrait
from ocr.documents.layout import Layout, Place, Side
from ocr.engine import Box as LineBox
from ocr.engine import Line, Reader
from ocr.finding import edits, squeezed
from ocr.printed import Said
from ocr.reading import Box, SideQuality

if TYPE_CHECKING:
    from ocr.locating import Flat, Pixels

# Standard deviation of grey over its mean: a face with hair and clothes has 0.3 to 0.7, the bare guilloche 0.03 to 0.05.
_PORTRAIT_UNEVENNESS = 0.12
# Of a value's height: how near a reflection is one that may have swallowed its end; and what its confidence is then worth.
_GLARE_BESIDE, _UNDER_GLARE = 1.5, 0.02
# Of a line's height: what the second look adds to both of its ends.
_ROOM = 0.4
# What is read with less confidence is read again.
_PLAIN = 0.995
# Letters that a line cut out whole may have otherwise than its pieces: ", 14 " and one misread.
_LETTERS_BETWEEN = 6
# That the map may mend in a text before it goes on.
_LETTERS_MENDED = 2
# Of a line's height: how far behind its end a word may stand that was not found.
_ANOTHER_WORD = 3.0
# How much larger a single word is sought.
_CLOSER = 2.0


class Transcript(msgspec.Struct, frozen=True):
    """Everything one side says, before anything is compared."""

    kind: str
    side: Side
    printed: dict[str, Said]
    quality: SideQuality
    qr_texts: tuple[str, ...] = ()
    zone: mrz.Mrz | mrz.Broken | None = None
    portrait: bytes | None = None
    flat: bytes = b""
    burnt: tuple[Place, ...] = ()
    doubts: tuple[str, ...] = ()
    """Codes of what a person should look at in this photo."""


def transcribe(photo: bytes, sent_as: Side, reader: Reader) -> list[Transcript]:
    """Reads one photo: one side, or both when both lie in it; `sent_as` only names it in refusals.

    Refuses every CardRefusal, and what kit.images refuses.
    """
    refused: refusals.CardRefusal | None = None
    read: list[tuple[Flat, Transcript]] = []
    for flat in _two_first(locating.flatten(_decoded(photo, sent_as), sent_as)):
        if read and not _beside(flat, read[0][0]):
            continue
        try:
            read.append((flat, _transcribe_flat(flat, sent_as, reader)))
        except refusals.CardRefusal as refusal:
            refused = refused or refusal
        if len(read) == 2:
            break
    if not read:
        assert refused is not None  # flatten never answers with an empty list
        raise refused
    return [transcript for _, transcript in read]


def _decoded(photo: bytes, sent_as: Side) -> "Pixels":
    """A damaged file says which of the two it is, as a bad photo does."""
    try:
        return locating.decode(photo)
    except Refusal as refusal:
        refusal.fields["side"] = sent_as
        raise


def _two_first(flats: "list[Flat]") -> "list[Flat]":
    """Two outlines side by side before one around both: a frame that happens to have a card's proportions."""
    for i, flat in enumerate(flats):
        for other in flats[i + 1 :]:
            if _beside(flat, other):
                return [flat, other, *(one for one in flats if one is not flat and one is not other)]
    return flats


def _beside(flat: "Flat", other: "Flat") -> bool:
    """Whether an outline may be the other side in the same photo: as large, and not the same place."""
    import numpy as np

    share = flat.card_width_px / other.card_width_px
    apart = np.abs(flat.corners.mean(0) - other.corners.mean(0)).max()
    return 0.7 < share < 1.4 and float(apart) > 0.5 * other.card_width_px


def _transcribe_flat(flat: "Flat", sent_as: Side, reader: Reader) -> Transcript:
    verdict = judging.judge(flat, sent_as)
    lines = reader.recognise(flat.image, reader.boxes(flat.image))
    known = labelling.identify(lines)
    if known is None:
        turned = flat.turned()
        lines = reader.recognise(turned.image, reader.boxes(turned.image))
        known = labelling.identify(lines)
        if known is None:
            raise refusals.CardNotRecognised(side=sent_as)
        flat = turned
        verdict = verdict.turned()
    kind, layout = known
    if verdict.colourless and layout.has_colour:
        raise refusals.CardPhotocopied(side=sent_as)
    values = labelling.printed_values(lines, layout, digits=DOCUMENTS[kind].number_digits)
    values, lines = heard_again(flat, reader, lines, values, layout, DOCUMENTS[kind].number_digits)
    values, lines = with_whole_lines(flat, reader, lines, values, layout)
    if any(label.field and label.field not in values for label in layout.labels):
        values = _second_look(flat, reader, layout, DOCUMENTS[kind].number_digits) | values
    values = with_last_words(flat, reader, lines, values, layout)
    values = {name: beside_glare(said, verdict.burnt) for name, said in values.items()}
    if "issuer" not in values and (issuer := _issuer(lines, DOCUMENTS[kind])) is not None:
        values["issuer"] = issuer
    portrait = None
    if layout.portrait is not None:
        if _has_portrait(flat, layout.portrait):
            portrait = locating.jpeg(flat.closer(layout.portrait, 1.5))
        elif (variant := without_portrait(kind)) is not None:
            kind, layout = variant.kind, variant.front
    return Transcript(
        kind=kind,
        side=layout.side,
        printed=values,
        quality=verdict.quality,
        qr_texts=tuple(qr.decode(flat, layout.qr)) if layout.qr else (),
        zone=zoning.read(flat, lines, reader) if layout.has_mrz else None,
        portrait=portrait,
        flat=locating.jpeg(flat.image),
        burnt=verdict.burnt,
        doubts=tuple(code for code in verdict.codes if code != refusals.CardPhotocopied.code or layout.has_colour),
    )


def beside_glare(said: Said, burnt: Sequence[Place]) -> Said:
    """A value that a reflection lies over, or that ends where one begins: its letters may be plain and others be gone."""
    box = said.box
    if box is None:
        return said
    margin = _GLARE_BESIDE * box.height
    touched = any(
        place.x < box.x + box.width + margin
        and place.x + place.width > box.x - margin
        and place.y < box.y + box.height
        and place.y + place.height > box.y
        for place in burnt
    )
    if not touched:
        return said
    return msgspec.structs.replace(said, confidence=said.confidence * _UNDER_GLARE, beside_glare=True)


def _issuer(lines: Sequence[Line], document: Document) -> Said | None:
    """The authority that all cards of this kind name, when most of its words stand on this side."""
    everything = " ".join(squeezed(line.text)[0] for line in lines)
    words = [squeezed(word)[0] for word in document.issuer_vi.split(" ")]
    if document.issuer_is_printed or sum(word in everything for word in words) < 0.8 * len(words):
        return None
    return Said(text=document.issuer_vi, confidence=1.0, box=None)


def heard_again(
    flat: "Flat", reader: Reader, lines: Sequence[Line], values: dict[str, Said], layout: Layout, digits: int
) -> tuple[dict[str, Said], Sequence[Line]]:
    """Values that are not read plainly once more, with more care, and the lines that they are then read from."""
    doubtful = {name: said.box for name, said in values.items() if said.confidence < _PLAIN and said.box is not None}
    some = [i for i, line in enumerate(lines) if any(_within(line, box) for box in doubtful.values())]
    if not some:
        return values, lines
    again = dict(zip(some, reader.recognise_again(flat.image, [lines[i].box for i in some]), strict=True))
    lines = [again.get(i, line) for i, line in enumerate(lines)]
    heard = labelling.printed_values(lines, layout, digits=digits)
    return values | {name: said for name, said in heard.items() if name in doubtful or name not in values}, lines


def with_whole_lines(
    flat: "Flat", reader: Reader, lines: Sequence[Line], values: dict[str, Said], layout: Layout
) -> tuple[dict[str, Said], Sequence[Line]]:
    """Addresses whose line was found in pieces with the line cut out whole, and the lines that they are then read from: a figure
    alone between them ("Phường 9, Phú Nhuận") or the end of the last one is in neither. Taken only where the address then
    stands on the map; else what was read of the pieces is not sure, however plain they are."""
    for name in printed.PLACES & values.keys():
        said = values[name]
        of_value = [line for line in lines if said.box is not None and _within(line, said.box)]
        broken = [pieces for row in zoning.rows(of_value) for pieces in _runs(row) if len(pieces) > 1]
        if not broken:
            continue
        whole = [functools.reduce(LineBox.up_to, (piece.box for piece in pieces)) for pieces in broken]
        heard = reader.recognise_again(flat.image, [_roomier(box) for box in whole])
        kept = [line for line in lines if not any(line in pieces for pieces in broken)]
        found = labelling.printed_values([*kept, *heard], layout).get(name)
        if found is None or edits(said.text, found.text) > _LETTERS_BETWEEN or not _is_somewhere(found):
            values = values | {name: msgspec.structs.replace(said, confidence=said.confidence * labelling.IN_PIECES)}
        else:
            values, lines = values | {name: found}, [*kept, *heard]
    return values, lines


def _runs(row: Sequence[Line]) -> list[list[Line]]:
    """The lines of a value that stand side by side, those that are pieces of one line together."""
    runs = [[row[0]]]
    for line in row[1:]:
        if _are_pieces(runs[-1][-1], line):
            runs[-1].append(line)
        else:
            runs.append([line])
    return runs


def _are_pieces(one: Line, other: Line) -> bool:
    """Level, and no more than a short word apart."""
    shared = min(one.box.bottom, other.box.bottom) - max(one.box.top, other.box.top)
    low, high = sorted((labelling.height_of(one), labelling.height_of(other)))
    return shared > 0.8 * low > 0.4 * high and other.box.left - one.box.right < labelling.SHORT_WORD * low


def _within(line: Line, box: Box) -> bool:
    """Whether a line is one of those that a value was read from."""
    middle = (line.box.top + line.box.bottom) / 2 / locating.FLAT_HEIGHT
    left, right = line.box.left / locating.FLAT_WIDTH, line.box.right / locating.FLAT_WIDTH
    return box.y < middle < box.y + box.height and left < box.x + box.width and right > box.x


def _second_look(flat: "Flat", reader: Reader, layout: Layout, digits: int) -> dict[str, Said]:
    """The values once more, through a red glass and cut with more room at both ends: a stamp written across the card no
    longer runs lines together, and a last figure that the box went through is whole."""
    import numpy as np

    image = np.repeat(flat.image[:, :, 2:], 3, axis=2)
    roomier = [_roomier(box) for box in reader.boxes(image)]
    return labelling.printed_values(reader.recognise(image, roomier), layout, digits=digits)


def with_last_words(
    flat: "Flat", reader: Reader, lines: Sequence[Line], values: dict[str, Said], layout: Layout
) -> dict[str, Said]:
    """Addresses that end nowhere with the line below them, looked for from closer by: one word alone ("Trị", "La") is too
    small a thing to be found in the picture of the whole card; or with what stands behind them, where the line was found to
    end too soon. Taken only where the address then stands on the map."""
    for name, said in values.items():
        if name not in printed.PLACES or said.box is None or _is_somewhere(said):
            continue
        for look in (_with_lines_below, _with_longer_line):
            longer = labelling.printed_values(look(flat, reader, lines, said.box), layout).get(name)
            if longer is not None and _goes_on(said.text, longer.text) and _is_somewhere(longer):
                values = values | {name: longer}
                break
    return values


def _goes_on(text: str, longer: str) -> bool:
    """Whether the longer text begins with the other, a letter or two of it mended, as the map may when it knows the province."""
    return len(longer) > len(text) and edits(text, longer[: len(text)]) <= _LETTERS_MENDED


def _is_somewhere(said: Said) -> bool:
    found = places.resolve(said.text)
    return bool(found.old or found.new) and not places.is_cut_short(said.text)


def _with_lines_below(flat: "Flat", reader: Reader, lines: Sequence[Line], box: Box) -> Sequence[Line]:
    """And what stands under a value's last line, at its label's left."""
    width, height = locating.FLAT_WIDTH, locating.FLAT_HEIGHT
    row = _last_row(lines, box)
    if not row:
        return lines
    left, high = min(line.box.left for line in row), labelling.height_of(row[0])
    place = Place(left / width - 0.01, box.y + box.height - 0.2 * high / height, 0.25, 2.2 * high / height)
    closer = flat.closer(place, _CLOSER)
    below = (
        msgspec.structs.replace(line, box=line.box.moved(1 / _CLOSER, place.x * width, place.y * height))
        for line in reader.recognise(closer, reader.boxes(closer))
    )
    return [*lines, *below]


def _with_longer_line(flat: "Flat", reader: Reader, lines: Sequence[Line], box: Box) -> Sequence[Line]:
    """A value's last line with room for a word behind it."""
    row = _last_row(lines, box)
    if not row:
        return lines
    last = max(row, key=lambda line: line.box.right)
    room = _ANOTHER_WORD * labelling.height_of(last) / max(1.0, last.box.right - last.box.left)
    longer = reader.recognise_again(flat.image, [last.box.part(0.0, 1 + room)])
    return [*(line for line in lines if line is not last), *longer]


def _last_row(lines: Sequence[Line], box: Box) -> list[Line]:
    bottom = (box.y + box.height) * locating.FLAT_HEIGHT
    return [line for line in lines if line.box.top < bottom <= line.box.bottom + 1 and not labelling.is_stamp(line)]


def _roomier(box: LineBox) -> LineBox:
    room = _ROOM * (box.bottom - box.top) / max(1.0, box.right - box.left)
    return box.part(-room, 1 + room)


def _has_portrait(flat: "Flat", place: Place) -> bool:
    import cv2

    grey = cv2.cvtColor(flat.closer(place, 0.5), cv2.COLOR_BGR2GRAY)
    return float(grey.std() / max(grey.mean(), 1.0)) > _PORTRAIT_UNEVENNESS

"""The machine-readable zone among the lines of a side, and lines that stand side by side."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ocr import locating, mrz
from ocr.documents.layout import ZONE
from ocr.engine import Line, Reader

if TYPE_CHECKING:
    from ocr.locating import Flat


def read(flat: "Flat", lines: Sequence[Line], reader: Reader) -> mrz.Mrz | mrz.Broken | None:
    """From the lines already read; when those do not hold together, once more from a closer look."""
    in_zone = [line for line in lines if line.box.top > ZONE.y * locating.FLAT_HEIGHT * 0.95]
    first = _of_rows(in_zone)
    if isinstance(first, mrz.Mrz):
        return first
    closer = flat.closer(ZONE, 1.25)
    return _of_rows(reader.recognise(closer, reader.boxes(closer))) or first


def _of_rows(lines: Sequence[Line]) -> mrz.Mrz | mrz.Broken | None:
    return mrz.read(["".join(_in_zone_letters(line) for line in row) for row in rows(lines)])


def _in_zone_letters(line: Line) -> str:
    return line.text if line.steps is None else line.steps.best(mrz.LETTERS)[0]


def rows(lines: Sequence[Line]) -> list[list[Line]]:
    """Lines that stand side by side joined, top to bottom."""
    rows: list[list[Line]] = []
    for line in sorted(lines, key=lambda line: line.box.top + line.box.bottom):
        middle = (line.box.top + line.box.bottom) / 2
        if rows and rows[-1][0].box.top < middle < rows[-1][0].box.bottom:
            rows[-1].append(line)
        else:
            rows.append([line])
    return [sorted(row, key=lambda line: line.box.left) for row in rows]

"""One scan of several papers, taken apart by page; runs in an inference worker, where a parser may crash."""

import io
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from uploads.examining import MAX_PAGES, PDF, examine
from uploads.refusals import NoPages, PagesLeftOver, PageUnknown

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument

_RANGE = re.compile(r"([1-9][0-9]{0,2})(?:\s*[-–]\s*([1-9][0-9]{0,2}))?", re.ASCII)


def pages_of(text: str) -> list[int] | None:
    """Page numbers as people write them, `1-2, 5`, from 1, each once and in this order; None for what is none."""
    found: dict[int, None] = {}
    for part in re.split(r"[,;]", text):
        said = _RANGE.fullmatch(part.strip())
        if said is None:
            return None
        first, last = int(said[1]), int(said[2] or said[1])
        if not first <= last <= MAX_PAGES:
            return None
        found |= dict.fromkeys(range(first, last + 1))
    return list(found)


def split(data: bytes, parts: Mapping[str, list[int]], leave_out: bool) -> dict[str, bytes]:
    """Blocking. A PDF of each part's pages; `parts` number them from 1, and a page may be of several.

    Refuses what `examine` does, NoPages for a picture, PageUnknown, and PagesLeftOver for pages that are of no part, unless they may be
    left out.
    """
    if examine(data).media_type != PDF:
        raise NoPages
    import pypdfium2

    whole = pypdfium2.PdfDocument(data)
    try:
        count, named = len(whole), {number for numbers in parts.values() for number in numbers}
        if outside := sorted(number for number in named if number > count):
            raise PageUnknown(page=outside[0], pages=count)
        left = [str(number) for number in range(1, count + 1) if number not in named]
        if left and not leave_out:
            raise PagesLeftOver(pages=", ".join(left))
        return {name: _of(whole, [number - 1 for number in numbers]) for name, numbers in parts.items()}
    finally:
        whole.close()


def _of(whole: "PdfDocument", indices: list[int]) -> bytes:
    import pypdfium2

    part, out = pypdfium2.PdfDocument.new(), io.BytesIO()
    try:
        part.import_pages(whole, indices)
        part.save(out)
    finally:
        part.close()
    return out.getvalue()

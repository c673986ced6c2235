"""Papers as PDF by typst: our own typefaces, data as JSON, nothing from the network, the same bytes every time."""

import logging
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from kit import fonts

if TYPE_CHECKING:
    import typst

# `@motcua/house` (the motto, field lines, the specimen mark) lies here, so that every room's paper may import it.
_PACKAGES = Path(__file__).parent / "typst"

_log = logging.getLogger(__name__)


def render(template: Path, data: dict[str, Any], *, at: datetime) -> bytes:
    """One paper. Blocks for some milliseconds and holds the interpreter lock: call it by `asyncio.to_thread`.

    `data` reaches the template as JSON (`json(bytes(sys.inputs.data))`), so what people typed is text and never markup.
    `at`, the instant of the fact the paper states, is the document's date: the same entry gives the same bytes.
    The template reads no file outside its own folder and `kit/typst`. A broken template raises `typst.TypstError`.
    """
    import typst  # here, so that importing the app does not wait for it

    pdf, warnings = typst.compile_with_warnings(
        template,
        root=template.parent,
        font_paths=_typefaces(),
        ignore_system_fonts=True,
        sys_inputs={"data": msgspec.json.encode(data).decode()},
        package_path=_PACKAGES,
        package_cache_path=_PACKAGES,
        # Archival (ISO 19005-2 level A: typefaces inside, text stays text) and accessible (ISO 14289-1: tags, title).
        pdf_standards=["a-2a", "ua-1"],
        timestamp=int(at.timestamp()),
    )
    for warning in warnings:
        _log.warning("%s: %s", template.name, warning.message)
    return pdf


@cache
def _typefaces() -> "typst.Fonts":
    import typst

    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[fonts.DIRECTORY])

"""What a stranger's file is, told by its content; runs in an inference worker, where a parser may crash."""

import io
import re
import struct

from kit.refusal import Refusal
from uploads.messages import Examined
from uploads.refusals import (
    EmptyFile,
    FileOfTwoKinds,
    PdfActiveContent,
    PdfDamaged,
    PdfEncrypted,
    PdfTooManyPages,
    UnsupportedFileType,
)

PDF = "application/pdf"
# The agencies' old PCs open these; a HEIC is read where it is only looked at, never kept as a paper.
_PICTURES = frozenset({"image/jpeg", "image/png", "image/webp"})
MAX_PAGES = 200

# An A4 sheet at 350 dots an inch: everything a clerk can read of a paper.
_SHOWN_LONGEST_SIDE_PX = 4096
_SHOWN_QUALITY = 88

# Readers look for a PDF's head and tail this far into a file (ISO 32000-1 annex H, implementation notes 13 and 18).
_PDF_EDGE_BYTES = 1024
_ZIP_END = struct.Struct("<4s4H2LH")
_ACTIVE = re.compile(rb"/(?:JavaScript|EmbeddedFile|RichMedia|Launch)(?![A-Za-z])")
_MARKUP = re.compile(rb"<(?:script|html|!doctype html|iframe|svg)[\s>]", re.IGNORECASE)


def warm() -> None:
    """Looks at a picture and a document of its own, so that the first file of a worker does not wait for their parsers."""
    import pypdfium2
    from PIL import Image

    picture, paper = io.BytesIO(), io.BytesIO()
    Image.new("RGB", (16, 16), "white").save(picture, "JPEG")
    document = pypdfium2.PdfDocument.new()
    document.new_page(100, 100)
    document.save(paper)
    document.close()
    for one in (picture, paper):
        examine(one.getvalue())


def examine(data: bytes) -> Examined:
    """Blocking. Refuses with what `refusals.py` and `kit.images` say of files and pictures."""
    if not data:
        raise EmptyFile
    if data.startswith(b"%PDF-"):
        return _pdf(data)
    from kit import images

    media_type = images.media_type(data)
    if media_type not in _PICTURES:
        raise UnsupportedFileType
    if b"%PDF-" in data[:_PDF_EDGE_BYTES] or _MARKUP.search(data) or _ends_as_zip(data):
        raise FileOfTwoKinds
    picture = images.decode(data, longest_side_px=_SHOWN_LONGEST_SIDE_PX)
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=_SHOWN_QUALITY, optimize=True)
    return Examined(media_type=media_type, shown=out.getvalue(), pages=None)


def _pdf(data: bytes) -> Examined:
    if _ends_as_zip(data):
        raise FileOfTwoKinds
    # PDFium mends what was cut off; half a paper must not count as the paper.
    if b"%%EOF" not in data[-_PDF_EDGE_BYTES:] or not _points_inside(data):
        raise PdfDamaged
    import pypdfium2
    from pypdfium2 import raw

    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        encrypted = raw.FPDF_GetLastError() == raw.FPDF_ERR_PASSWORD or "password" in str(error).lower()
        raise (PdfEncrypted if encrypted else PdfDamaged) from None
    try:
        # A file locked against change only opens without a password, yet cannot be joined, printed or signed.
        if raw.FPDF_GetSecurityHandlerRevision(document.raw) != -1:
            raise PdfEncrypted
        pages = len(document)
        if pages == 0:
            raise PdfDamaged
        if pages > MAX_PAGES:
            raise PdfTooManyPages(pages=MAX_PAGES)
        scripts = raw.FPDFDoc_GetJavaScriptActionCount(document.raw)
        if scripts != 0 or raw.FPDFDoc_GetAttachmentCount(document.raw) != 0 or _ACTIVE.search(data):
            raise PdfActiveContent
        document[0].close()
    except Refusal:
        raise
    except pypdfium2.PdfiumError:
        raise PdfDamaged from None
    finally:
        document.close()
    return Examined(media_type=PDF, shown=None, pages=pages)


def _points_inside(data: bytes) -> bool:
    """Whether the last `startxref` names a place in the file (ISO 32000-1 §7.5.5)."""
    found = re.findall(rb"startxref\s+(\d{1,10})\s", data[-_PDF_EDGE_BYTES:])
    return bool(found) and 0 < int(found[-1]) < len(data)


def _ends_as_zip(data: bytes) -> bool:
    """Whether an archive program would open the file: an end-of-directory record whose comment fills the rest."""
    tail = data[-(_ZIP_END.size + 0xFFFF) :]
    at = tail.rfind(b"PK\x05\x06")
    while at != -1:
        if len(tail) - at >= _ZIP_END.size:
            comment_bytes = _ZIP_END.unpack_from(tail, at)[-1]
            if at + _ZIP_END.size + comment_bytes == len(tail):
                return True
        at = tail.rfind(b"PK\x05\x06", 0, at)
    return False

"""What a stranger's file is, and what is not taken."""

import io
import struct
import zipfile

import pillow_heif
import pypdfium2
import pytest
from PIL import Image
from pypdfium2 import raw

from kit import images
from kit.images import BadImage
from kit.refusal import Refusal
from uploads.examining import MAX_PAGES, examine


def picture(kind="JPEG", size=(320, 200), **options) -> bytes:
    out = io.BytesIO()
    Image.linear_gradient("L").resize(size).convert("RGB").save(out, kind, **options)
    return out.getvalue()


def pdf(pages=1) -> bytes:
    document = pypdfium2.PdfDocument.new()
    for _ in range(pages):
        document.new_page(595, 842)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def archive() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        packed.writestr("run.me", "x" * 100)
    return out.getvalue()


def refused(data: bytes) -> str:
    with pytest.raises(Refusal) as told:
        examine(data)
    return told.value.code


@pytest.mark.parametrize(("kind", "media_type"), [("JPEG", "image/jpeg"), ("PNG", "image/png"), ("WEBP", "image/webp")])
def test_pictures_are_known_by_content_and_shown_as_jpeg(kind, media_type):
    examined = examine(picture(kind))
    assert examined.media_type == media_type
    assert examined.shown is not None
    assert examined.shown.startswith(b"\xff\xd8\xff")


def test_a_heic_is_no_paper():
    """Read where it is only looked at; kept as a paper, the agencies' PCs could not open the original."""
    out = io.BytesIO()
    pillow_heif.from_pillow(Image.new("RGB", (64, 48))).save(out)
    assert images.decode(out.getvalue()).size == (64, 48)
    assert refused(out.getvalue()) == "unsupported-file-type"


def test_a_pdf_is_known_by_content_and_its_pages_are_counted():
    examined = examine(pdf(3))
    assert (examined.media_type, examined.pages, examined.shown) == ("application/pdf", 3, None)


def test_where_a_photo_was_taken_is_not_shown():
    exif = Image.Exif()
    exif[0x010F] = "CameraOfSomebody"
    exif.get_ifd(0x8825)[1] = "N"
    exif.get_ifd(0x8825)[2] = (10.0, 46.0, 32.0)
    data = picture(exif=exif)
    assert b"CameraOfSomebody" in data
    shown = examine(data).shown
    assert shown is not None
    assert b"Exif" not in shown
    assert not Image.open(io.BytesIO(shown)).getexif()


def test_a_photo_taken_sideways_is_shown_upright():
    exif = Image.Exif()
    exif[0x0112] = 6
    shown = examine(picture(exif=exif)).shown
    assert shown is not None
    assert Image.open(io.BytesIO(shown)).size == (200, 320)


def test_a_picture_made_to_be_shown_is_no_larger_than_a_sheet():
    shown = examine(picture(size=(5000, 3000))).shown
    assert shown is not None
    assert max(Image.open(io.BytesIO(shown)).size) == 4096


@pytest.mark.parametrize(
    "data",
    [
        picture() + archive(),
        picture("PNG") + archive(),
        picture() + b"<html><script>alert(1)</script>",
        picture(comment=b"<SCRIPT src=//evil.example>"),
        picture(comment=b"%PDF-1.7 fake"),
        pdf() + archive(),
    ],
    ids=["jpeg+zip", "png+zip", "jpeg+html", "jpeg comment script", "jpeg+pdf", "pdf+zip"],
)
def test_a_file_of_two_kinds_is_refused(data):
    assert refused(data) == "file-of-two-kinds"


@pytest.mark.parametrize(
    "data",
    [
        b"GIF89a" + b"\0" * 100,
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"<!doctype html><p>hello",
        archive(),
        b"MZ\x90\0",
        b"II*\0",
        b"\0",
        b" \n%PDF-1.4",
    ],
)
def test_other_kinds_are_refused(data):
    assert refused(data) == "unsupported-file-type"


def test_an_empty_file_is_refused():
    assert refused(b"") == "empty-file"


@pytest.mark.parametrize("share", range(5, 100, 5))
def test_a_pdf_cut_off_anywhere_is_refused(share):
    data = pdf(2)
    assert refused(data[: len(data) * share // 100]) == "pdf-damaged"


@pytest.mark.parametrize("share", range(5, 100, 10))
def test_a_picture_cut_off_anywhere_is_refused(share):
    data = picture()
    with pytest.raises(BadImage):
        examine(data[: len(data) * share // 100])


def test_a_pdf_whose_table_lies_outside_the_file_is_refused():
    assert refused(b"%PDF-1.7\nnothing\nstartxref\n99999\n%%EOF\n") == "pdf-damaged"


def test_a_pdf_of_rubbish_with_the_right_ends_is_refused():
    assert refused(b"%PDF-1.7\n" + b"\x00rubbish" * 50 + b"\nstartxref\n9\n%%EOF\n") == "pdf-damaged"


def test_a_locked_pdf_is_refused(locked_pdf):
    assert refused(locked_pdf) == "pdf-encrypted"


def test_a_pdf_that_carries_another_file_is_refused():
    document = pypdfium2.PdfDocument.new()
    document.new_page(595, 842)
    name = "a.bin".encode("utf-16-le") + b"\0\0"
    attachment = raw.FPDFDoc_AddAttachment(document.raw, (raw.FPDF_WCHAR * (len(name) // 2)).from_buffer_copy(name))
    raw.FPDFAttachment_SetFile(attachment, document.raw, b"hello", 5)
    out = io.BytesIO()
    document.save(out)
    assert refused(out.getvalue()) == "pdf-active-content"


def test_a_pdf_that_runs_a_script_is_refused():
    assert refused(
        written([b"<< /Type /Catalog /Pages 2 0 R /OpenAction << /S /JavaScript /JS (app.alert(1)) >> >>"])
    ) == ("pdf-active-content")


def test_a_pdf_with_more_pages_than_a_clerk_reads_is_refused():
    assert refused(pdf(MAX_PAGES + 1)) == "pdf-too-many-pages"


def test_an_archive_s_mark_inside_a_picture_does_not_make_it_an_archive():
    examine(picture(comment=b"PK\x05\x06" + struct.pack("<4H2LH", 0, 0, 0, 0, 0, 0, 3)))


def written(first: list[bytes], trailer: bytes = b"") -> bytes:
    """A PDF of one page written by hand, its catalogue and trailer as given."""
    objects = [
        *first,
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] >>",
    ]
    out, places = b"%PDF-1.7\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return (
        out
        + b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<< /Size %d /Root 1 0 R %s>>\nstartxref\n%d\n%%%%EOF\n"
        % (
            len(objects) + 1,
            table,
            len(objects) + 1,
            trailer,
            len(out),
        )
    )


def test_a_pdf_written_by_hand_is_taken():
    assert examine(written([b"<< /Type /Catalog /Pages 2 0 R >>"])).pages == 1


@pytest.fixture
def locked_pdf() -> bytes:
    """The standard handler of revision 2 with an owner's and user's password we do not give (ISO 32000-1 §7.6.3)."""
    lock = b"/Encrypt << /Filter /Standard /V 1 /R 2 /P -44 /O <%s> /U <%s> >> /ID [<%s> <%s>] " % (
        b"11" * 32,
        b"22" * 32,
        b"33" * 16,
        b"33" * 16,
    )
    return written([b"<< /Type /Catalog /Pages 2 0 R >>"], lock)

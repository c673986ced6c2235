"""Papers keep every letter, run nobody's markup and come out the same twice."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pypdfium2
import pytest
import typst

from kit import pdf

AT = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
ROOT = Path(pdf.__file__).parent.parent

PLAIN = """#import "@motcua/house:1.0.0": data, paper
#show: paper.with(data.title)
#data.text
"""

# Every Vietnamese vowel with every tone, both cases, and the other letters of the alphabet.
TONES = "\u0300\u0309\u0303\u0301\u0323"


@pytest.fixture
def template(tmp_path: Path) -> Path:
    file = tmp_path / "plain.typ"
    file.write_text(PLAIN, encoding="utf-8")
    return file


def text_of(paper: bytes) -> str:
    document = pypdfium2.PdfDocument(paper)
    try:
        return "\n".join(page.get_textpage().get_text_bounded() for page in document)
    finally:
        document.close()


def test_every_vietnamese_letter_survives(template: Path) -> None:
    import unicodedata

    vowels = [unicodedata.normalize("NFC", v + tone) for v in "aăâeêioôơuưyAĂÂEÊIOÔƠUƯY" for tone in ("", *TONES)]
    letters = " ".join([*vowels, "Đ", "đ"])
    assert len(vowels) == 144
    assert text_of(pdf.render(template, {"title": "Chữ", "text": letters}, at=AT)).split() == letters.split()


@pytest.mark.parametrize(
    "typed",
    [
        '#import "@preview/evil:1.0.0": *',
        '#read("/etc/passwd")',
        "$x^2$ *đậm* _nghiêng_ `mã`",
        "] #panic() [",
        "= Tiêu đề",
        "<nhãn> @trích // chú thích",
        '"\\u{41}" \\',
    ],
)
def test_what_people_type_is_printed_and_never_run(template: Path, typed: str) -> None:
    assert typed in text_of(pdf.render(template, {"title": typed, "text": typed}, at=AT))


def test_the_document_names_itself_its_language_and_its_day(template: Path) -> None:
    paper = pdf.render(template, {"title": "Giấy khai sinh", "text": "x"}, at=AT)
    document = pypdfium2.PdfDocument(paper)
    said = document.get_metadata_dict()
    document.close()
    assert said["Title"] == "Giấy khai sinh"
    assert said["CreationDate"].startswith("D:20261120030000")
    assert b"/Lang(vi-VN)" in paper.replace(b"/Lang (", b"/Lang(")
    assert b"pdfaid:part>2<" in paper


def test_the_same_paper_has_the_same_bytes_from_any_thread(template: Path) -> None:
    data = {"title": "Giấy", "text": "Nguyễn Thị Hoà"}
    with ThreadPoolExecutor(4) as threads:
        papers = set(threads.map(lambda _: pdf.render(template, data, at=AT), range(8)))
    assert len(papers) == 1


def test_a_paper_reads_nothing_outside_its_folder(tmp_path: Path) -> None:
    folder = tmp_path / "papers"
    folder.mkdir()
    (tmp_path / "secret.txt").write_text("secret")
    file = folder / "nosy.typ"
    file.write_text('#read("../secret.txt")')
    with pytest.raises(typst.TypstError):
        pdf.render(file, {}, at=AT)


def test_no_paper_asks_the_network_for_a_package() -> None:
    papers = [file for room in ROOT.iterdir() if room.is_dir() and room.name[0] != "." for file in room.rglob("*.typ")]
    assert len(papers) >= 6
    assert [file for file in papers if "@preview" in file.read_text(encoding="utf-8")] == []

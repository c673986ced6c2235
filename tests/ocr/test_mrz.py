"""The machine-readable zone: DOMAIN's synthetic vector, every single-character error, the recogniser's look-alikes."""

import datetime

import pytest

from ocr import mrz

VECTOR = ("IDVNM3030000015079303000001<<5", "0301154F2801153VNM<<<<<<<<<<<0", "NGUYEN<<THI<HOA<<<<<<<<<<<<<<<")
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ<"


def test_vector_is_written_and_parsed() -> None:
    written = mrz.write(
        number="079303000001",
        date_of_birth=datetime.date(2003, 1, 15),
        sex="female",
        date_of_expiry=datetime.date(2028, 1, 15),
        full_name="Nguyễn Thị Hoa",
    )
    assert written == VECTOR
    said = mrz.parse(VECTOR)
    assert isinstance(said, mrz.Mrz)
    assert (said.number, said.sex, said.name) == ("079303000001", "female", "NGUYEN THI HOA")
    assert (said.date_of_birth, said.date_of_expiry) == (datetime.date(2003, 1, 15), datetime.date(2028, 1, 15))


def test_every_single_character_error_is_caught_save_for_the_listed_blind_spots() -> None:
    missed: set[tuple[int, int]] = set()
    for row, line in enumerate(VECTOR):
        for at, right in enumerate(line):
            for wrong in ALPHABET:
                if wrong == right:
                    continue
                damaged = list(VECTOR)
                damaged[row] = line[:at] + wrong + line[at + 1 :]
                if isinstance(mrz.parse((damaged[0], damaged[1], damaged[2])), mrz.Mrz):
                    missed.add((row, at))
    # No check digit covers the sex (M for F) or the name; print and QR are what those are held against.
    assert {place for place in missed if place[0] < 2} == {(1, 7)}
    assert all(row == 2 for row, at in missed if (row, at) != (1, 7))


def test_swapped_neighbours_are_caught_save_digits_that_differ_by_five() -> None:
    for row in (0, 1):
        line = VECTOR[row]
        for at in range(29):
            one, other = line[at], line[at + 1]
            if one == other:
                continue
            damaged = list(VECTOR)
            damaged[row] = line[:at] + other + one + line[at + 2 :]
            caught = isinstance(mrz.parse((damaged[0], damaged[1], damaged[2])), mrz.Broken)
            differ_by_five = one.isdigit() and other.isdigit() and abs(int(one) - int(other)) == 5
            assert caught or differ_by_five, (row, at)


@pytest.mark.parametrize(
    "seen",
    [
        ["IDVNM3O3OOOOO15O793O3OOOOO1<<5", "O3O1154F28O1153VNM<<<<<<<<<<<O", "NGUYEN<<THI<H0A<<<<<<<<<<<<<<<"],
        ["IDVNM3030000015079303000001«5", "0301154F2801153VNM<<<<<<<0", "NGUYEN<<THI<HOA<<<<<"],
        ["1DVNM3030000015079303000001<5", "0301154F2801153VNM<<<<<<<<<<<<<0", "NGUYENΛΛTHIΛHOAΛΛΛΛΛΛΛΛΛΛΛΛΛΛΛ"],
        ["Ngón trỏ trái", *VECTOR, "SPECIMEN"],
    ],
)
def test_look_alikes_are_repaired_where_the_grammar_leaves_no_choice(seen: list[str]) -> None:
    said = mrz.read(seen)
    assert isinstance(said, mrz.Mrz)
    assert said.lines == VECTOR


def test_a_wrong_digit_is_never_corrected() -> None:
    said = mrz.read(["IDVNM3030000015079303000007<<5", VECTOR[1], VECTOR[2]])
    assert isinstance(said, mrz.Broken)
    assert "number-check-digit" in said.faults


def test_a_line_that_was_not_read_is_named() -> None:
    assert mrz.read(VECTOR[:2]) == mrz.Broken(("line-3-not-read",), VECTOR[:2])
    assert mrz.read(VECTOR[1:]) == mrz.Broken(("line-1-not-read",), VECTOR[1:])
    assert mrz.read(["CĂN CƯỚC CÔNG DÂN", "079303000001", ""]) is None


def test_the_document_number_is_the_last_nine_of_the_number() -> None:
    """Assumption of DOMAIN §1: a zone whose two numbers differ, each with a right digit, is still broken."""
    other = mrz.write(
        number="079303000002",
        date_of_birth=datetime.date(2003, 1, 15),
        sex="female",
        date_of_expiry=None,
        full_name="Nguyễn Thị Hoa",
    )
    mixed = VECTOR[0][:15] + other[0][15:]
    said = mrz.parse((mixed, VECTOR[1], VECTOR[2]))
    assert isinstance(said, mrz.Broken)
    assert "document-number-differs-from-number" in said.faults


def test_a_card_for_life_has_no_expiry() -> None:
    """Assumption: `Không thời hạn` stands in the zone as 991231."""
    lines = mrz.write(
        number="079155000001",
        date_of_birth=datetime.date(1955, 3, 2),
        sex="female",
        date_of_expiry=None,
        full_name="Thạch Sô Phi",
    )
    said = mrz.parse(lines)
    assert isinstance(said, mrz.Mrz)
    assert said.date_of_expiry is None
    assert said.date_of_birth.year == 1955


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("Đỗ Ý Ước", "DO<<Y<UOC<<<<<<<<<<<<<<<<<<<<<"),
        ("H'Hen Niê", "H<<HEN<NIE<<<<<<<<<<<<<<<<<<<<"),
        ("Công Tằng Tôn Nữ Phương Thanh Tâm", "CONG<<TANG<TON<NU<PHUONG<THANH"),
        ("Danh", "DANH<<<<<<<<<<<<<<<<<<<<<<<<<<"),
    ],
)
def test_names_in_the_zone(name: str, line: str) -> None:
    assert mrz.name_line(name) == line
    assert len(line) == 30

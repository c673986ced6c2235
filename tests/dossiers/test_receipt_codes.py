"""Receipt codes: read out, typed, masked."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dossiers import receipt_codes

CODE = "H29.26740-261122-BCDFG-HJKLM-NPQRS"


@pytest.mark.parametrize("prefix", ["H29", "H2", "H29.01"])
def test_new_code_names_city_ward_and_day_and_reads_back(prefix: str) -> None:
    code = receipt_codes.new(prefix, "26740", date(2026, 11, 22))
    assert code.startswith(f"{prefix}.26740-261122-")
    assert receipt_codes.parse(code) == code


def test_random_group_has_more_than_64_bits() -> None:
    # SECURITY: a guess is hopeless; 15 letters of 20.
    letters = receipt_codes.new("H29", "26740", date(2026, 11, 22)).split("-", 2)[2].replace("-", "")
    assert 20 ** len(letters) > 2**64


def test_every_letter_of_twenty_comes_at_every_place() -> None:
    """That one is missing among six hundred codes is a chance of one in a hundred thousand million."""
    drawn = [
        receipt_codes.new("H29", "26740", date(2026, 11, 22)).split("-", 2)[2].replace("-", "") for _ in range(600)
    ]
    assert [len(set(place)) for place in zip(*drawn, strict=True)] == [20] * 15


@pytest.mark.parametrize(
    "typed",
    [CODE, CODE.lower(), CODE.replace("-", " "), CODE.replace("-", ""), f"  {CODE}\n", CODE.replace("-", "–")],
)
def test_case_spaces_and_hyphens_do_not_matter(typed: str) -> None:
    assert receipt_codes.parse(typed) == CODE


@pytest.mark.parametrize("typed", ["", "H29", CODE[:-1], CODE + "X", CODE.replace("B", "A"), "' OR 1=1--", "\0" * 40])
def test_what_can_be_no_code_is_none(typed: str) -> None:
    assert receipt_codes.parse(typed) is None


@given(st.text(max_size=80))
def test_any_text_is_read_or_none(typed: str) -> None:
    found = receipt_codes.parse(typed)
    assert found is None or receipt_codes.parse(found) == found


def test_mask_keeps_the_last_group_alone() -> None:
    assert receipt_codes.mask(CODE) == "H29.26740-261122-•••••-•••••-NPQRS"

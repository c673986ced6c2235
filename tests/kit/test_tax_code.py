"""The check digit of an enterprise's number: what fits, and every slip of one digit that does not."""

import pytest

from kit import tax_code


@pytest.mark.parametrize("number", ["0100233488", "9900000016"])
def test_good_numbers(number: str) -> None:
    """The first is python-stdnum's own vector."""
    assert tax_code.is_enterprise_number(number)
    assert tax_code.faults(number) == []


@pytest.mark.parametrize(
    "number",
    [
        "",
        "010023348",
        "01002334880",
        "0100233488-001",
        "0100233487",
        "0200000000",
        "０１００２３３４８８",
        "079192000011",
        "01002334 8",
    ],
)
def test_what_no_enterprise_bears(number: str) -> None:
    assert not tax_code.is_enterprise_number(number)
    assert [fault.code for fault in tax_code.faults(number)] == ["enterprise-number"]


def test_any_one_wrong_digit_is_seen() -> None:
    good = "0100233488"
    for place in range(10):
        for digit in "0123456789":
            slip = good[:place] + digit + good[place + 1 :]
            assert tax_code.is_enterprise_number(slip) == (slip == good), slip


def test_a_head_whose_check_would_be_ten_has_no_number() -> None:
    heads = [f"99{serial:07d}" for serial in range(1, 400)]
    fitting = [[d for d in range(10) if tax_code.is_enterprise_number(f"{head}{d}")] for head in heads]
    assert {len(digits) for digits in fitting} == {0, 1}

"""Days counted in years: when childhood is over, leap days among them, and what is no whole day."""

from datetime import date

import pytest

from identity.mandates.policy import last_day_of_childhood, of_age_on, policy, whole_day, years_after


@pytest.mark.parametrize(
    ("born", "of_age"),
    [
        ("2008-11-27", "2026-11-27"),
        ("2008-12-31", "2026-12-31"),
        ("2009-01-01", "2027-01-01"),
        # 2026 has no 29 February: the last day of that month counts (Bộ luật Dân sự Đ148).
        ("2008-02-29", "2026-02-28"),
        ("2010-02-28", "2028-02-28"),
        ("2006-03-01", "2024-03-01"),
    ],
)
def test_of_age(born: str, of_age: str) -> None:
    assert of_age_on(date.fromisoformat(born)) == date.fromisoformat(of_age)


def test_the_last_day_of_childhood_is_the_eve() -> None:
    assert last_day_of_childhood(date(2008, 11, 28)) == date(2026, 11, 27)
    assert last_day_of_childhood(date(2008, 2, 29)) == date(2026, 2, 27)
    assert last_day_of_childhood(date(2009, 1, 1)) == date(2026, 12, 31)


def test_a_leap_day_after_four_years_is_itself() -> None:
    assert years_after(date(2024, 2, 29), 4) == date(2028, 2, 29)
    assert years_after(date(2024, 2, 29), 1) == date(2025, 2, 28)


@pytest.mark.parametrize("partial", ["2008", "2008-11"])
def test_no_day_is_guessed(partial: str) -> None:
    assert whole_day(partial) is None
    assert whole_day("2008-11-27") == date(2008, 11, 27)


def test_every_number_names_its_source() -> None:
    said = policy()
    assert all(part.source for part in (said.majority, said.delegate, said.holder))

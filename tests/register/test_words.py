"""Dates in words and in figures, partial ones too."""

import pytest

from register import dates
from register.words import in_words


@pytest.mark.parametrize(
    ("partial", "words"),
    [
        ("2026-11-01", "ngày mùng một tháng mười một năm hai nghìn không trăm hai mươi sáu"),
        ("2026-04-10", "ngày mùng mười tháng tư năm hai nghìn không trăm hai mươi sáu"),
        ("2024-02-29", "ngày hai mươi chín tháng hai năm hai nghìn không trăm hai mươi tư"),
        ("2021-01-21", "ngày hai mươi mốt tháng một năm hai nghìn không trăm hai mươi mốt"),
        ("2015-12-15", "ngày mười lăm tháng mười hai năm hai nghìn không trăm mười lăm"),
        ("2014-05-14", "ngày mười bốn tháng năm năm hai nghìn không trăm mười bốn"),
        ("2010-10-24", "ngày hai mươi tư tháng mười năm hai nghìn không trăm mười"),
        ("2005-05-05", "ngày mùng năm tháng năm năm hai nghìn không trăm linh năm"),
        ("2001-03-31", "ngày ba mươi mốt tháng ba năm hai nghìn không trăm linh một"),
        ("2000-06-11", "ngày mười một tháng sáu năm hai nghìn"),
        ("1999-09-30", "ngày ba mươi tháng chín năm một nghìn chín trăm chín mươi chín"),
        ("1995-07-25", "ngày hai mươi lăm tháng bảy năm một nghìn chín trăm chín mươi lăm"),
        ("1900-08-04", "ngày mùng bốn tháng tám năm một nghìn chín trăm"),
        ("2100-01-12", "ngày mười hai tháng một năm hai nghìn một trăm"),
        ("1954-07", "tháng bảy năm một nghìn chín trăm năm mươi tư"),
        ("1945", "năm một nghìn chín trăm bốn mươi lăm"),
    ],
)
def test_a_date_is_said(partial: str, words: str) -> None:
    assert in_words(partial) == words


@pytest.mark.parametrize(
    ("partial", "figures", "first", "last"),
    [
        ("2026-11-01", "01/11/2026", "2026-11-01", "2026-11-01"),
        ("2024-02", "02/2024", "2024-02-01", "2024-02-29"),
        ("1993", "1993", "1993-01-01", "1993-12-31"),
    ],
)
def test_a_partial_date_spans_days(partial: str, figures: str, first: str, last: str) -> None:
    assert dates.figures(partial) == figures
    assert (str(dates.first_day(partial)), str(dates.last_day(partial))) == (first, last)


@pytest.mark.parametrize("partial", ["2023-02-29", "2023-13", "2023-00", "0000"])
def test_a_day_that_never_was_is_no_date(partial: str) -> None:
    with pytest.raises(ValueError, match=r"month|day|year"):
        dates.parts(partial)

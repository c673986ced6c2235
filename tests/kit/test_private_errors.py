"""What an error of the database tells the log."""

import logging
import sys

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from kit import logs
from kit.db import Database

pytestmark = pytest.mark.anyio


def _line() -> str:
    record = logging.LogRecord("motcua.api", logging.ERROR, "x.py", 1, "unexpected", (), sys.exc_info())
    return logs.JsonLines().format(record)


@pytest.mark.parametrize(
    "statement",
    [
        "insert into accounts (id, kind, full_name) values (:id, :kind, :name)",
        "insert into accounts (id, kind, full_name, level, level_evidence, locale, created_at)"
        " values (:id, :kind, :name, 9, '[]', 'vi', now())",
    ],
)
async def test_the_log_of_a_failed_statement_holds_nothing_of_the_person(db: Database, statement: str) -> None:
    """Parameters and "Failing row contains (…)" wrote people's names and days of birth into the log."""
    person = {"id": "acc_1", "kind": "officer", "name": "Nguyễn Văn Hư Cấu"}
    line = ""
    try:
        async with db.begin() as conn:
            await conn.execute(text(statement), person)
    except DBAPIError:
        line = _line()
    assert "Error" in line or "Violation" in line
    assert "Hư Cấu" not in line

"""Questions about many tokens at once are planned once, perhaps while the tables are almost empty, and never read a whole table."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from identity.tokens.store import many
from kit import clock
from tests.people import CityPeople

pytestmark = pytest.mark.anyio


class Heard(Exception):
    """What would have been asked."""


class Listening:
    """In place of a line."""

    async def ask(self, statement: str, *_sent: Any) -> bytes:
        raise Heard(statement)


def steps(plan: Any) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", ()):
        yield from steps(below)


async def test_every_row_is_found_by_its_index(city: CityPeople) -> None:
    await city.signed_in("parent")
    now, line = clock.now(), city.house.db.line()
    asked: list[str] = []
    listening: Any = Listening()
    for question in (
        many.unchanged(listening, {}),
        many.good_refresh_tokens(listening, [], at=now, day=clock.today()),
        many.change_refresh_tokens(listening, [], at=now, forget_before=now),
    ):
        with pytest.raises(Heard) as heard:
            await question
        asked.append(str(heard.value))
    # As a line connects: what it is told about plans counts too.
    url, settings = line._url, line._connect  # pyright: ignore[reportPrivateUsage]
    async with await psycopg.AsyncConnection.connect(url, autocommit=True, **settings) as conn:
        await conn.execute("vacuum analyze refresh_tokens, oauth_grants, oauth_clients, accounts, consents")
        for statement in asked:
            row = await (await conn.execute(f"explain (generic_plan, format json) {statement}".encode())).fetchone()
            assert row is not None
            found = list(steps(row[0][0]["Plan"]))
            tables = [step for step in found if "Relation Name" in step and "Scan" in step["Node Type"]]
            assert tables, statement
            for step in tables:
                assert step.get("Index Cond") or step.get("TID Cond"), (statement, step)

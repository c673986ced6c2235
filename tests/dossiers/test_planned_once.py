"""Hot reads of several rows at once: PostgreSQL keeps their plan, however few were asked for."""

import pytest
from sqlalchemy import text

from dossiers import store
from identity.tokens.store.grants import grants
from kit import clock, idempotency
from kit.db import raw
from notifications import store as letters
from tests.people import CityPeople

pytestmark = pytest.mark.anyio

ENOUGH = 8
"""PostgreSQL plans a statement five times before it thinks of keeping a plan."""


async def test_a_read_of_few_is_not_planned_at_each_call(city: CityPeople) -> None:
    async with city.house.db.begin() as conn:
        await conn.execute(text("analyze"))
        for n in range(ENOUGH):
            call = idempotency.Call(scope="nobody", route="POST /", key=str(n), body_digest=b"")
            await idempotency.slots(await raw(conn), [call])
            await store.documents_of_many(conn, [f"dos_{n}"])
            await letters.chosen(conn, [f"acc_{n}"])
            await grants(conn, [f"gra_{n}"], clock.today())
        query = text(
            "select statement, generic_plans from pg_prepared_statements where custom_plans + generic_plans = :n"
        )
        kept = {row.statement: row.generic_plans for row in await conn.execute(query, {"n": ENOUGH})}
    for table in ("idempotency_keys", "documents", "message_preferences", "oauth_grants"):
        (plans,) = [
            plans for statement, plans in kept.items() if f" {table}" in statement and "pg_try" not in statement
        ]
        assert plans == ENOUGH - 5, (table, plans)

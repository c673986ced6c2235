"""Codes, sign-ins and tokens are forgotten a month after they end, and not before."""

from datetime import timedelta

from identity import tokens
from kit import clock
from kit.db import raw
from tests.people import CityPeople

TABLES = ("sign_ins", "authorization_codes", "refresh_tokens", "oauth_grants")


async def counted(city: CityPeople) -> list[int]:
    async with city.house.db.connect() as conn:
        beneath = await raw(conn)
        rows = [await (await beneath.execute(f"select count(*) from {table}")).fetchone() for table in TABLES]
    return [row[0] for row in rows if row is not None]


async def test_a_month_later(city: CityPeople) -> None:
    await city.signed_in("parent")
    task = next(task for task in tokens.TASKS if task.name == "identity.tokens.forget")
    for days, left in ((29, [1, 1, 1, 1]), (31, [0, 0, 1, 1]), (121, [0, 0, 0, 0])):
        with clock.shifted(timedelta(days=days)):
            await task.run(city.house)
        assert await counted(city) == left

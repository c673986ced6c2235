"""Tokens are asked for at the door, as in production: what the hatch answers is tested by every row of the checklist."""

from collections.abc import AsyncIterator

import httpx
import pytest

from identity.tokens import asgi
from kit.settings import Settings
from tests.people import CityPeople
from tests.served import OverSocket, served


@pytest.fixture(scope="module")
async def city(city: CityPeople, settings: Settings) -> AsyncIterator[CityPeople]:
    async with (
        served(city.app) as (port, _),
        httpx.AsyncClient(
            transport=OverSocket(city.app, port, asgi.PATH), base_url=settings.public_url, timeout=30
        ) as client,
    ):
        yield CityPeople(city.app, client, city.furnished)

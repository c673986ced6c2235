"""Walks to routes that let in somebody else: each calls them once, so that they show something of the parent."""

import secrets
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from typing import Any

import msgspec

import uploads.examining
import uploads.splitting
from tests.api.routes import Route
from tests.dossiers import steps
from tests.identity.offices.test_staff import WARD, appointed
from tests.identity.proofing import cards
from tests.identity.proofing.conftest import Applicant, PreparedPhotos, numbered
from tests.people import CityPeople, Person

_OF_PAPERS = (uploads.examining.examine, uploads.splitting.split)

Walk = Callable[["Walker"], Awaitable[str | None]]
WALKED: dict[Route, Walk] = {}


def walks(*routes: str) -> Callable[[Walk], Walk]:
    def keep(walk: Walk) -> Walk:
        WALKED.update({tuple(route.split(" ", 1)): walk for route in routes})  # type: ignore[misc]
        return walk

    return keep


class Photos(PreparedPhotos):
    """Papers are looked at here, so that no model is loaded for them."""

    async def run(self, function: Any, *args: Any) -> Any:
        return function(*args) if function in _OF_PAPERS else await super().run(function, *args)


class Walker:
    """What the walks stand on."""

    def __init__(self, city: CityPeople) -> None:
        self.city, self.photos = city, Photos()

    @contextmanager
    def prepared(self, pool: Any) -> Generator[None]:
        """The house's pool is exchanged meanwhile."""
        house = self.city.house
        own, keeper = house.pool, house.keeper
        house.pool, house.keeper = pool, msgspec.structs.replace(keeper, pool=pool)
        try:
            yield
        finally:
            house.pool, house.keeper = own, keeper

    async def dossier(self) -> dict[str, Any]:
        with self.prepared(self.photos):
            return await steps.submitted(await self.city.signed_in("parent"))

    async def branch(self) -> tuple[Person, str]:
        dossier = await self.dossier()
        return await self.city.signed_in("civil_status"), f"/v1/desk/branches/{steps.branch(dossier, 'birth')['id']}"

    async def operator(self) -> Person:
        return await appointed(self.city, f"op{secrets.token_hex(4)}@motcua.test", WARD, "operator")

    async def applicant(self) -> Applicant:
        await self.city.house.valkey.forget_everything()
        made = Applicant(self.city, phone=f"+8490{secrets.randbelow(10_000_000):07d}")
        self.photos.card = cards.card(number=numbered(), full_name=cards.field("full_name"))
        return made

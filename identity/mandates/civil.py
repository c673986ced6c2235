"""What this room asks of the civil register: who a child's parents are, and who has died. Registers stand on our own floor, so it is a seam."""

from collections.abc import Collection
from typing import Protocol

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from kit.pin import Sex


class Birth(msgspec.Struct, frozen=True, kw_only=True):
    """A birth entry: whose, and the personal numbers of the parents it names. `date_of_birth` may lack day or month."""

    entry_id: str
    pin: str
    full_name: str
    date_of_birth: str
    sex: Sex
    mother_pin: str | None
    father_pin: str | None

    def names_parent(self, pin: str) -> bool:
        return pin in (self.mother_pin, self.father_pin)


class CivilRegister(Protocol):
    """In the caller's transaction."""

    async def birth_of(self, conn: AsyncConnection, pin: str) -> Birth | None:
        """The entry of this person's birth, None where our books hold none."""
        ...

    async def dead_among(self, conn: AsyncConnection, pins: Collection[str]) -> frozenset[str]:
        """Those whose death our books hold."""
        ...

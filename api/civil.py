"""Our own civil register as the room of mandates asks it: the two stand on one floor and meet here."""

from collections.abc import Collection

from sqlalchemy.ext.asyncio import AsyncConnection

import register
from identity.mandates import Birth


class OwnBooks:
    """`identity.mandates.CivilRegister` on the books of this city."""

    async def birth_of(self, conn: AsyncConnection, pin: str) -> Birth | None:
        entry = await register.birth_of(conn, pin)
        if entry is None:
            return None
        child, mother, father = entry.facts.child, entry.facts.mother, entry.facts.father
        return Birth(
            entry_id=entry.id,
            pin=entry.pin,
            full_name=child.full_name,
            date_of_birth=child.date_of_birth,
            sex=child.sex,
            mother_pin=None if mother is None else mother.pin,
            father_pin=None if father is None else father.pin,
        )

    async def dead_among(self, conn: AsyncConnection, pins: Collection[str]) -> frozenset[str]:
        return await register.dead_among(conn, pins)

"""A paper made and, where the deployment has seals, sealed by its office and kept: of several at once the first one's bytes stand, for everybody."""

import asyncio
from collections.abc import Callable

from dossiers import views
from dossiers.issuing import store
from dossiers.issuing.store import Key
from identity import offices
from kit import clock, pades
from kit.db import Database
from kit.pades import Signed
from kit.seals import Seals
from kit.settings import Settings

Render = Callable[[bool, Signed | None], bytes]
"""Whether it is a specimen, and what the paper says of its signature; blocks."""


async def issued(
    db: Database, settings: Settings, seals: Seals | None, office: offices.Office, key: Key, render: Render
) -> bytes:
    """Raises SealMissing, TimestampsAway."""
    specimen = specimens(settings)
    if seals is None:
        return await asyncio.to_thread(render, specimen, None)
    seal = await asyncio.to_thread(seals.of, office.id, views.letterhead(office, settings))
    # As the signature states it: no fractions of a second.
    signed = Signed(seal.name, clock.now().replace(microsecond=0))

    def issue() -> bytes:
        pdf = render(specimen, signed)
        return pades.sign(pdf, seal, at=signed.at, timestamps_url=settings.timestamps_url)

    pdf = await asyncio.to_thread(issue)
    async with db.begin() as conn:
        return await store.keep(conn, key, {"pdf": pdf, "signer": seal.name, "signed_at": signed.at})


def specimens(settings: Settings) -> bool:
    """Outside production no paper may be mistaken for a real one."""
    return settings.environment != "production"

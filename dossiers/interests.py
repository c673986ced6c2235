"""Nobody decides in a matter of their own: as who filed, as a person it names, of the family, or speaking for whom it is."""

from collections.abc import Collection

from sqlalchemy.ext.asyncio import AsyncConnection

import register
from dossiers.refusals import OwnDossier
from dossiers.views import Row
from identity import accounts, mandates, offices
from kit.keys import Keys


async def refuse_own(
    conn: AsyncConnection, keys: Keys, dossier: Row, officer: offices.Seat, *, parties: Collection[str]
) -> None:
    """`parties` are the numbers of whom an authority's data names in it. Raises OwnDossier.

    The person behind a working account is the one an operator entered; family is whom the civil register's books name with them. A
    number typed in the form counts here as well as one an authority vouches for: it takes work away and lets nobody in.
    """
    mine, near = [officer.account_id], set[str]()
    if officer.pin is not None:
        private = await accounts.by_pin(conn, keys, officer.pin)
        mine += [private.id] if private is not None else []
        near = {officer.pin, *await register.kin_of(conn, officer.pin)}
    named = {answer["value"] for path, answer in dossier.form.items() if path.endswith(".pin") and answer["value"]}
    named |= set(parties)
    if dossier.account_id in mine or near & named:
        raise OwnDossier
    if len(mine) == 1 and not officer.holds_mandates:
        return
    if await mandates.speaks_for(conn, keys, mine, principal_id=dossier.principal_id, pins=named):
        raise OwnDossier

"""Whose a dossier is: the caller's own, or that of whom the caller acts for under the mandate the request names."""

from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from dossiers import store
from dossiers.refusals import DossierUnknown, NotFiledFor
from dossiers.views import Item, Row
from identity import accounts, mandates
from identity.consents import reads
from identity.mandates import Acting, Mandates
from kit.actor import Actor
from kit.db import to_json
from kit.keys import Keys

_ONESELF = "oneself"

PARTY_LEVEL = 2
"""A person named in a dossier sees it with the assurance that filing one asks for."""


class Filer(msgspec.Struct, frozen=True):
    """Who fills in a draft, and the mandate they do it under; None for oneself."""

    actor: Actor
    behalf: str | None

    @property
    def account_id(self) -> str:
        assert self.actor.account_id is not None
        return self.actor.account_id


class Side(msgspec.Struct, frozen=True):
    """Who calls, and on whose behalf; `acting` is None for oneself. Good for one transaction."""

    actor: Actor
    acting: Acting | None

    @property
    def principal_id(self) -> str | None:
        return None if self.acting is None else self.acting.principal.id

    @property
    def behalf(self) -> dict[str, Any] | None:
        """What the dossier keeps of it, as it stood when it was written."""
        if self.acting is None:
            return None
        return to_json(
            {
                "mandate_id": self.acting.mandate_id,
                "principal": self.acting.principal,
                "filed_by": self.acting.holder_name,
            }
        )

    def refuse_filing(self, item: Item) -> None:
        """Refuses NotFiledFor where the procedure is for others, MandateDoesNotCover where the mandate is."""
        wanted = _ONESELF if self.acting is None else self.acting.principal.kind
        if wanted not in item.filed_for:
            raise NotFiledFor(procedure=item.code)
        if self.acting is not None:
            self.acting.refuse_beyond("file", item.code)


def mandate_of(row: Row) -> str | None:
    """The mandate under which a dossier was opened."""
    return None if row.behalf is None else row.behalf["mandate_id"]


async def side(
    conn: AsyncConnection, ways: Mandates, actor: Actor, mandate_id: str | None, *, writes: bool = False
) -> Side:
    """Refuses what `mandates.acting` does."""
    if mandate_id is None:
        return Side(actor, None)
    return Side(actor, await mandates.acting(conn, ways, actor, mandate_id, hold=writes))


async def owned(conn: AsyncConnection, side: Side, dossier_id: str, *, lock: bool = False) -> Row:
    """The caller's own, or one they opened for whom they act for now; any other answers as a missing one does.

    Raises DossierUnknown, MandateDoesNotCover.
    """
    return own(side, await store.dossier(conn, dossier_id, lock=lock))


def own(side: Side, row: Row | None) -> Row:
    """`owned`, of a row that was read already."""
    if row is None or row.account_id != side.actor.account_id or row.principal_id != side.principal_id:
        raise DossierUnknown
    if side.acting is not None:
        side.acting.refuse_beyond("file", row.procedure)
    return row


async def filed(conn: AsyncConnection, side: Side, dossier_id: str, *, lock: bool = False) -> Row:
    """The caller's own, or one that anybody filed for whom they act for now: a submitted dossier is the principal's. Who changes it is
    shown it, so the mandate is to file and to follow. Raises DossierUnknown, MandateDoesNotCover.
    """
    row = await store.dossier(conn, dossier_id, lock=lock)
    if row is None or row.principal_id != side.principal_id:
        raise DossierUnknown
    if row.account_id != side.actor.account_id and (side.acting is None or row.status == "draft"):
        raise DossierUnknown
    if side.acting is not None:
        side.acting.refuse_beyond("follow", row.procedure)
        side.acting.refuse_beyond("file", row.procedure)
    return row


def read_of(row: Row) -> reads.OfDossier:
    return reads.OfDossier(row.id, row.account_id, row.receipt_code)


async def record_read(conn: AsyncConnection, side: Side, row: Row, *, polled: bool = False) -> None:
    """Who is shown what was filed, under a mandate, stands in the principal's list; what is `polled` all day once a day."""
    if side.acting is None or row.status == "draft":
        return
    if polled:
        await reads.record_many(conn, side.actor, "mandate", [read_of(row)])
    else:
        await reads.record(conn, side.actor, "mandate", read_of(row))


async def followed(conn: AsyncConnection, keys: Keys, side: Side, dossier_id: str, *, polled: bool = False) -> Row:
    """For whoever filed it, for who may follow for its principal, and for a person an authority's data names in it; nobody else learns
    that it exists; a read under a mandate is recorded, so the caller commits. Raises DossierUnknown, MandateDoesNotCover."""
    row = await store.dossier(conn, dossier_id)
    if row is None or side.actor.account_id is None:
        raise DossierUnknown
    mine = row.account_id == side.actor.account_id
    if row.principal_id == side.principal_id and (mine or (side.acting is not None and row.status != "draft")):
        if side.acting is not None:
            # Who may file sees the draft they write.
            side.acting.refuse_beyond("file" if row.status == "draft" else "follow", row.procedure)
            await record_read(conn, side, row, polled=polled)
        return row
    if side.acting is None and side.actor.level >= PARTY_LEVEL and row.status != "draft":
        me = await accounts.account(conn, keys, side.actor.account_id)
        if me.pin is not None and await store.is_party(conn, row.id, me.pin):
            return row
    raise DossierUnknown

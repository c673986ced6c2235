"""SQL of reads. Writing is one prepared statement on the driver's own connection: hot verbs pass here."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import column, delete, or_, select, table
from sqlalchemy.ext.asyncio import AsyncConnection

from identity.consents.reads.tables import data_reads
from kit.db import write

# Other rooms' tables, by the columns looked at.
_clients = table("oauth_clients", column("id"), column("name"))
_offices = table("offices", column("id"), column("name_vi"), column("name_en"))
_holders = table("accounts", column("id"), column("full_name"))

# The purpose is copied, for the app may say another one tomorrow.
_ADD = (
    "insert into data_reads (id, at, account_id, kind, items, client_id, office_id, officer_id, holder_id, purpose, dossier_id, receipt_code, once)"
    " select id, %(at)s, account_id, %(kind)s, %(items)s, %(client_id)s, %(office_id)s, %(officer_id)s, %(holder_id)s,"
    " (select purpose from oauth_clients where id = %(client_id)s), dossier_id, receipt_code, once"
    " from unnest(%(ids)s::text[], %(accounts)s::text[], %(dossiers)s::text[], %(codes)s::text[], %(onces)s::text[])"
    " as x(id, account_id, dossier_id, receipt_code, once) on conflict (once) do nothing"
)


async def add(conn: AsyncConnection, **values: Any) -> None:
    """`ids`, `accounts`, `dossiers`, `codes` and `onces` are lists of one length, a row each; the rest is the same for all."""
    await write(conn, _ADD, values)


async def of_person(
    conn: AsyncConnection, account_id: str, dossier_ids: Collection[str], *, before: str | None, limit: int
) -> Any:
    """Reads of the account's data and in these dossiers, the newest first, with `client_name`, `office_vi`, `office_en` and `holder_name`; without what one
    read oneself, for another."""
    mine = or_(data_reads.c.account_id == account_id, data_reads.c.dossier_id.in_(dossier_ids))
    statement = (
        select(
            data_reads,
            _clients.c.name.label("client_name"),
            _offices.c.name_vi.label("office_vi"),
            _offices.c.name_en.label("office_en"),
            _holders.c.full_name.label("holder_name"),
        )
        .outerjoin(_clients, _clients.c.id == data_reads.c.client_id)
        .outerjoin(_offices, _offices.c.id == data_reads.c.office_id)
        .outerjoin(_holders, _holders.c.id == data_reads.c.holder_id)
        .where(mine, data_reads.c.holder_id.is_distinct_from(account_id))
        .order_by(data_reads.c.id.desc())
        .limit(limit)
    )
    if before is not None:
        statement = statement.where(data_reads.c.id < before)
    return (await conn.execute(statement)).all()


async def forget(conn: AsyncConnection, before: datetime) -> None:
    await conn.execute(delete(data_reads).where(data_reads.c.at < before))

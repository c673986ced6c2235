"""What a person is shown of who read their data."""

from collections.abc import Collection
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from identity.consents.reads import store
from identity.consents.reads.messages import DataRead, DataReads, Reader, ReadItem
from identity.consents.reads.policy import policy
from identity.tokens import words_of
from kit.refusal import Words

PAGE = 50
_PORTAL = Words("Cổng Dịch vụ công quốc gia", "National public-service portal")


async def of_person(
    conn: AsyncConnection, account_id: str, *, dossier_ids: Collection[str], before: str | None
) -> DataReads:
    """`dossier_ids` are those that name the person and that others filed."""
    rows = await store.of_person(conn, account_id, dossier_ids, before=before, limit=PAGE + 1)
    found = [_told(row) for row in rows[:PAGE]]
    return DataReads(reads=found, next=found[-1].id if len(rows) > PAGE else None)


def _told(row: Any) -> DataRead:
    return DataRead(
        id=row.id,
        at=row.at,
        by=_reader(row),
        kind=row.kind,
        why=policy().why[row.kind],
        purpose=None if row.purpose is None else msgspec.convert(row.purpose, Words),
        items=[ReadItem(name, words_of(name)) for name in row.items],
        dossier_id=row.dossier_id,
        receipt_code=row.receipt_code,
    )


def _reader(row: Any) -> Reader:
    """Officers read for their office, by whatever program; who acts for another reads by their own name."""
    if row.officer_id is not None:
        return Reader("office", row.office_id, Words(row.office_vi, row.office_en))
    if row.holder_id is not None:
        # Erased with a closed account.
        name = row.holder_name or row.holder_id
        return Reader("person", row.holder_id, Words(name, name))
    if row.kind == "national_portal":
        return Reader("office", row.client_id, _PORTAL)
    name = row.client_name or row.client_id
    return Reader("kiosk" if row.office_id is not None else "app", row.client_id, Words(name, name))

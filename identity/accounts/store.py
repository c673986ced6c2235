"""SQL of accounts, contacts, claims and sign-ins."""

from collections.abc import Collection
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, exists, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from identity.accounts.tables import account_claims, accounts, contacts, sign_in_failures, sign_in_log, sign_ins
from identity.tokens.tables import oauth_clients
from kit.db import rows, select_from

MAX_TRIES = 5


async def add_account(conn: AsyncConnection, **values: Any) -> bool:
    """False when the personal number has an account."""
    statement = upsert(accounts).values(**values).on_conflict_do_nothing(index_elements=["pin_digest"])
    return (await conn.execute(statement.returning(accounts.c.id))).first() is not None


async def account(conn: AsyncConnection, account_id: str) -> Any:
    return next(iter(await rows(conn, _ACCOUNT, (account_id,))), None)


async def names_of(conn: AsyncConnection, account_ids: Collection[str]) -> dict[str, str]:
    found = await rows(conn, "select id, full_name from accounts where id = any(%s)", (list(account_ids),))
    return {row.id: row.full_name for row in found}


async def account_by_pin(conn: AsyncConnection, pin_digest: bytes, *, lock: bool = False) -> Any:
    statement = select(accounts).where(accounts.c.pin_digest == pin_digest)
    return (await conn.execute(statement.with_for_update() if lock else statement)).first()


async def born_on(conn: AsyncConnection, day: date, *, but: bytes) -> Any:
    """id and full_name of the open accounts of who was born on a day, but that of one number."""
    statement = select(accounts.c.id, accounts.c.full_name).where(
        accounts.c.date_of_birth == day, accounts.c.pin_digest != but, accounts.c.closed_at.is_(None)
    )
    return (await conn.execute(statement)).all()


async def account_id_by_contact(conn: AsyncConnection, value_digest: bytes) -> str | None:
    statement = select(contacts.c.account_id).where(
        contacts.c.value_digest == value_digest, contacts.c.removed_at.is_(None)
    )
    return (await conn.execute(statement)).scalar()


async def login_holder(conn: AsyncConnection, value_digest: bytes) -> Any:
    """id, locale and contact_id of the account that signs in with this contact; neither it nor the contact is closed or locked."""
    statement = (
        select(accounts.c.id, accounts.c.locale, contacts.c.id.label("contact_id"))
        .join(contacts, contacts.c.account_id == accounts.c.id)
        .where(
            contacts.c.value_digest == value_digest,
            contacts.c.removed_at.is_(None),
            contacts.c.locked_at.is_(None),
            accounts.c.closed_at.is_(None),
            accounts.c.locked_at.is_(None),
        )
    )
    return (await conn.execute(statement)).first()


async def set_level(
    conn: AsyncConnection, account_id: str, level: int, evidence: dict[str, Any], *, until: date
) -> bool:
    """Raises the level, never lowers it, lengthens it and those below, never shortens them, and appends what for."""
    lasting = {
        column.name: func.greatest(column, until)
        for number, column in enumerate((accounts.c.level_1_until, accounts.c.level_2_until), 1)
        if number <= level
    }
    statement = (
        update(accounts)
        .where(accounts.c.id == account_id)
        .values(
            level=func.greatest(accounts.c.level, level),
            level_evidence=accounts.c.level_evidence.concat([evidence]),
            **lasting,
        )
    )
    return (await conn.execute(statement)).rowcount == 1


async def lower_level(conn: AsyncConnection, account_id: str, most: int, evidence: dict[str, Any]) -> None:
    """At most this from now on, and what for is appended."""
    statement = update(accounts).where(accounts.c.id == account_id)
    await conn.execute(
        statement.values(
            level=func.least(accounts.c.level, most), level_evidence=accounts.c.level_evidence.concat([evidence])
        )
    )


async def contacts_of(conn: AsyncConnection, account_id: str) -> Any:
    return await rows(conn, _CONTACTS, (account_id,))


async def accounts_with_contacts(conn: AsyncConnection, account_ids: Collection[str]) -> list[Any]:
    """Each account's row once for each contact it has, or once with `contact_id` null; none where there is no such account."""
    return await rows(conn, _WITH_CONTACTS, (list(account_ids),))


_WITH_CONTACTS = select_from(
    accounts,
    "left join contacts c on c.account_id = accounts.id and c.removed_at is null where accounts.id = any(%s) order by c.id",
    more=", c.id as contact_id, c.kind as contact_kind, c.value_sealed, c.verified_at",
)
_CONTACTS = select_from(contacts, "where account_id = %s and removed_at is null order by id")
_ACCOUNT = select_from(accounts, "where id = %s")


async def add_contact(conn: AsyncConnection, **values: Any) -> bool:
    """False when the contact signs in an account already."""
    statement = upsert(contacts).values(**values).on_conflict_do_nothing().returning(contacts.c.id)
    return (await conn.execute(statement)).first() is not None


async def change_contact(conn: AsyncConnection, account_id: str, contact_id: str, **values: Any) -> None:
    c = contacts.c
    await conn.execute(update(contacts).where(c.id == contact_id, c.account_id == account_id).values(**values))


async def remove_contact(conn: AsyncConnection, value_digest: bytes, at: datetime) -> None:
    """From whatever account it signs in."""
    c = contacts.c
    await conn.execute(
        update(contacts).where(c.value_digest == value_digest, c.removed_at.is_(None)).values(removed_at=at)
    )


async def unlock_contacts(conn: AsyncConnection, account_id: str) -> None:
    await conn.execute(update(contacts).where(contacts.c.account_id == account_id).values(locked_at=None))


async def hold_account(conn: AsyncConnection, account_id: str) -> Any:
    """The row; others who would hold it wait until the transaction ends, those who only refer to it do not."""
    statement = select(accounts).where(accounts.c.id == account_id).with_for_update(key_share=True)
    return (await conn.execute(statement)).first()


async def set_locked(conn: AsyncConnection, account_id: str, at: datetime | None) -> bool:
    """False when it was so before."""
    was = accounts.c.locked_at.is_not(None) if at is None else accounts.c.locked_at.is_(None)
    statement = update(accounts).where(accounts.c.id == account_id, was).values(locked_at=at)
    return (await conn.execute(statement)).rowcount == 1


async def confirm_contact(conn: AsyncConnection, contact_id: str, at: datetime) -> None:
    await conn.execute(update(contacts).where(contacts.c.id == contact_id).values(verified_at=at))


async def add_claims(conn: AsyncConnection, rows: list[dict[str, Any]]) -> None:
    if rows:
        await conn.execute(insert(account_claims), rows)


async def newest_claims(conn: AsyncConnection, account_id: str) -> Any:
    statement = (
        select(account_claims)
        .distinct(account_claims.c.claim)
        .where(account_claims.c.account_id == account_id)
        .order_by(account_claims.c.claim, account_claims.c.proved_at.desc(), account_claims.c.id.desc())
    )
    return (await conn.execute(statement)).all()


async def add_sign_in(conn: AsyncConnection, **values: Any) -> None:
    await conn.execute(insert(sign_ins).values(**values))


def _guessable(sign_in_id: str, at: datetime) -> ColumnElement[bool]:
    c = sign_ins.c
    return and_(c.id == sign_in_id, c.used_at.is_(None), c.tries < MAX_TRIES, c.expires_at > at)


async def open_sign_in(conn: AsyncConnection, sign_in_id: str, at: datetime) -> Any:
    return (await conn.execute(select(sign_ins).where(_guessable(sign_in_id, at)))).first()


async def count_try(conn: AsyncConnection, sign_in_id: str, at: datetime) -> Any:
    """Takes one of the tries, before the code is looked at; None when there is none to take."""
    statement = update(sign_ins).where(_guessable(sign_in_id, at)).values(tries=sign_ins.c.tries + 1)
    return (await conn.execute(statement.returning(sign_ins))).first()


async def use_sign_in(conn: AsyncConnection, sign_in_id: str, at: datetime) -> bool:
    """One winner, however many enter the right code at once; nobody where the contact was locked or removed meanwhile."""
    opens = select(contacts.c.id).where(contacts.c.removed_at.is_(None), contacts.c.locked_at.is_(None))
    c = sign_ins.c
    statement = update(sign_ins).where(c.id == sign_in_id, c.used_at.is_(None), c.contact_id.in_(opens))
    statement = statement.values(used_at=at)
    return (await conn.execute(statement)).rowcount == 1


async def hold_failures(conn: AsyncConnection, subject: bytes, at: datetime) -> Any:
    """failures, open_at of a lane, held until the transaction ends: of many tries at once each sees the one before."""
    fresh = upsert(sign_in_failures).values(subject=subject, failures=0, last_at=at, open_at=at)
    held = fresh.on_conflict_do_update(
        index_elements=["subject"], set_={"failures": sign_in_failures.c.failures}
    ).returning(sign_in_failures.c.failures, sign_in_failures.c.open_at)
    return (await conn.execute(held)).one()


async def set_failures(
    conn: AsyncConnection, subject: bytes, failures: int, *, at: datetime, open_at: datetime
) -> None:
    statement = update(sign_in_failures).where(sign_in_failures.c.subject == subject)
    await conn.execute(statement.values(failures=failures, last_at=at, open_at=open_at))


async def forget_failures(conn: AsyncConnection, subjects: list[bytes]) -> None:
    await conn.execute(delete(sign_in_failures).where(sign_in_failures.c.subject.in_(subjects)))


async def add_sign_in_log(conn: AsyncConnection, **values: Any) -> None:
    await conn.execute(insert(sign_in_log).values(**values))


async def signed_in_since(conn: AsyncConnection, account_id: str | None, jkt: str | None, since: datetime) -> bool:
    row = select(sign_in_log.c.id).where(
        sign_in_log.c.account_id == account_id,
        sign_in_log.c.jkt == jkt,
        sign_in_log.c.outcome == "signed_in",
        sign_in_log.c.at > since,
    )
    return bool((await conn.execute(select(exists(row)))).scalar())


async def forget_log(
    conn: AsyncConnection, *, networks_before: datetime, rows_before: datetime, strangers_before: datetime
) -> None:
    """Lanes go with the strangers: a failure that old is no longer in a row."""
    log = sign_in_log.c
    await conn.execute(
        update(sign_in_log).where(log.at < networks_before, log.network.is_not(None)).values(network=None)
    )
    await conn.execute(delete(sign_in_log).where(log.at < rows_before))
    await conn.execute(delete(sign_in_log).where(log.at < strangers_before, log.account_id.is_(None)))
    await conn.execute(delete(sign_in_failures).where(sign_in_failures.c.last_at < strangers_before))


async def sign_in_log_of(conn: AsyncConnection, account_id: str, *, before: str | None, limit: int | None) -> Any:
    """The newest first, with the client's name."""
    log = sign_in_log.c
    statement = (
        select(sign_in_log, oauth_clients.c.name.label("client"))
        .join(oauth_clients, oauth_clients.c.id == log.client_id)
        .where(log.account_id == account_id)
        .order_by(log.id.desc())
        .limit(limit)
    )
    return (await conn.execute(statement if before is None else statement.where(log.id < before))).all()

"""SQL of the messages."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, LiteralString

import msgspec
from psycopg.types.json import Jsonb
from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from kit.db import TEXTS, Backlog, backlog, rows, write
from kit.jobs import DEFERRED
from notifications.tables import (
    deliveries,
    message_preferences,
    messages,
    provider_tokens,
    push_devices,
    sandbox_messages,
)

Rows = Sequence[Any]


_MESSAGES: LiteralString = """
with message as (
  insert into messages (id, once_key, event, account_id, locale, fields, secrets_sealed, created_at, expires_at)
  select m.id, m.once_key, m.event, m.account_id, m.locale, m.fields, decode(m.secrets_sealed, 'hex'), %(at)s, m.expires_at
  from jsonb_to_recordset(%(messages)s) as m (id text, once_key text, event text, account_id text, locale text, fields jsonb,
    secrets_sealed text, expires_at timestamptz)
  on conflict (once_key) do nothing returning id
), letters as (
  insert into deliveries (id, message_id, channel, chain, rank, contact_sealed, state, attempts, next_attempt_at)
  select l.id, message.id, l.channel, l.chain, l.rank, decode(l.contact_sealed, 'hex'), l.state, 0, %(at)s
  from message join jsonb_to_recordset(%(letters)s) as l (id text, message_id text, channel text, chain smallint, rank smallint,
    contact_sealed text, state text) on l.message_id = message.id
)"""
_WRITE = _MESSAGES + "select id from message"  # noqa: S608 - our own words
# No letter, nothing to drain; one job drains them all.
_DRAINED = ", drained as (select " + DEFERRED + " where exists (select from message)) "  # noqa: S608 - our own words
_WRITE_AND_DRAIN = _MESSAGES + _DRAINED + "select id from message left join drained on true"  # noqa: S608


class NewMessage(msgspec.Struct, frozen=True, kw_only=True):
    """`letters` are rows of `deliveries` but for what they have in common."""

    id: str
    once_key: str
    event: str
    account_id: str | None
    locale: str
    fields: Any
    secrets_sealed: bytes | None
    expires_at: datetime | None
    letters: Sequence[dict[str, Any]]


async def add_messages(conn: AsyncConnection, new: Sequence[NewMessage], *, at: datetime, job: str) -> set[str]:
    """Messages and their letters, with the job that lets them out, in one statement. The ids of those that are written: not of one whose
    cause has sent its message already."""
    letters = [
        letter | {"message_id": one.id, "contact_sealed": letter["contact_sealed"].hex()}
        for one in new
        for letter in one.letters
    ]
    messages = [
        {
            "id": one.id,
            "once_key": one.once_key,
            "event": one.event,
            "account_id": one.account_id,
            "locale": one.locale,
            "fields": one.fields,
            "secrets_sealed": one.secrets_sealed.hex() if one.secrets_sealed is not None else None,
            "expires_at": one.expires_at,
        }
        for one in new
    ]
    values = {"at": at, "messages": Jsonb(messages), "letters": Jsonb(letters), "job": job}
    return {row.id for row in await rows(conn, _WRITE_AND_DRAIN if letters else _WRITE, values)}


async def take_waiting(conn: AsyncConnection, *, at: datetime, leased_until: datetime, limit: int) -> Rows:
    """Takes due letters for one worker until `leased_until`; a worker that dies leaves them to the next one then."""
    due = (
        select(deliveries.c.id)
        .where(deliveries.c.state == "waiting", deliveries.c.next_attempt_at <= at)
        .order_by(deliveries.c.next_attempt_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte("due")
    )
    taken = (
        update(deliveries)
        .where(deliveries.c.id.in_(select(due.c.id)))
        .values(attempts=deliveries.c.attempts + 1, next_attempt_at=leased_until)
        .returning(
            deliveries.c.id,
            deliveries.c.message_id,
            deliveries.c.channel,
            deliveries.c.chain,
            deliveries.c.contact_sealed,
            deliveries.c.attempts,
        )
        .cte("taken")
    )
    rows = await conn.execute(
        select(
            taken,
            messages.c.account_id,
            messages.c.event,
            messages.c.locale,
            messages.c.fields,
            messages.c.secrets_sealed,
            messages.c.expires_at,
            message_preferences.c.quiet_from,
            message_preferences.c.quiet_until,
        )
        .join(messages, messages.c.id == taken.c.message_id)
        .join(message_preferences, message_preferences.c.account_id == messages.c.account_id, isouter=True)
        .order_by(taken.c.id)
    )
    return rows.all()


async def lock_message(conn: AsyncConnection, message_id: str) -> None:
    """Two ways of one message that end at once must see each other's end, or nobody wakes the next one."""
    await conn.execute(select(messages.c.id).where(messages.c.id == message_id).with_for_update())


async def delivery(conn: AsyncConnection, delivery_id: str) -> Any | None:
    return (await conn.execute(select(deliveries).where(deliveries.c.id == delivery_id))).one_or_none()


async def end_delivery(conn: AsyncConnection, delivery_id: str, *, keep_contact: bool = False, **values: Any) -> None:
    """The letter has left or was given up; its address is forgotten unless somebody may yet send it again."""
    if not keep_contact:
        values["contact_sealed"] = None
    await conn.execute(update(deliveries).where(deliveries.c.id == delivery_id).values(**values))


class Sent(msgspec.Struct, frozen=True):
    """A letter that has left; `arrived`: nobody will tell whether it did, so that it is taken to have."""

    id: str
    message_id: str
    chain: int
    provider_id: str | None
    arrived: bool


# In one order, so that two who end letters of the same messages do not wait for each other for ever.
_HELD_MESSAGES = "select 1 from messages where id = any(%(messages)s) order by id for update"
# A provider may have told what became of a letter before it is written down here that it left.
_SENT = """
with sent as (
  select * from unnest(%(ids)s::text[], %(messages)s::text[], %(chains)s::smallint[], %(providers)s::text[], %(arrived)s::boolean[])
    as s (id, message_id, chain, provider_id, arrived)
), ended as (
  update deliveries d set state = 'sent', sent_at = %(at)s, provider_id = s.provider_id, last_error = null, contact_sealed = null
  from sent s where d.id = s.id and d.state = 'waiting'
)
update deliveries d set state = 'spared', contact_sealed = null
from sent s where s.arrived and d.message_id = s.message_id and d.chain = s.chain and d.state = 'held'
"""
_BLANKED = """
update messages m set secrets_sealed = null where m.id = any(%(messages)s) and m.secrets_sealed is not null
  and not exists (select 1 from deliveries d where d.message_id = m.id and d.state in ('waiting', 'held', 'dead'))
"""


async def end_sent(conn: AsyncConnection, sent: Sequence[Sent], at: datetime) -> None:
    """These have left: their addresses are forgotten, what was held behind those that arrived leaves no more, and so do secrets."""
    values = {
        "ids": [one.id for one in sent],
        "messages": [one.message_id for one in sent],
        "chains": [one.chain for one in sent],
        "providers": [one.provider_id for one in sent],
        "arrived": [one.arrived for one in sent],
        "at": at,
    }
    await rows(conn, _HELD_MESSAGES, values)
    await write(conn, _SENT, values)
    await write(conn, _BLANKED, values)


async def put_off(conn: AsyncConnection, delivery_id: str, *, next_attempt_at: datetime, **values: Any) -> None:
    await conn.execute(
        update(deliveries).where(deliveries.c.id == delivery_id).values(next_attempt_at=next_attempt_at, **values)
    )


async def wake_next(conn: AsyncConnection, message_id: str, chain: int, at: datetime) -> bool:
    """The next rank of a chain leaves, when none of the chain is on its way or did arrive. The message must be locked."""
    same = (deliveries.c.message_id == message_id) & (deliveries.c.chain == chain)
    on_its_way = select(deliveries.c.id).where(same, deliveries.c.state.in_(("waiting", "sent", "received")))
    if (await conn.execute(on_its_way)).first() is not None:
        return False
    lowest = select(func.min(deliveries.c.rank)).where(same, deliveries.c.state == "held").scalar_subquery()
    woken = await conn.execute(
        update(deliveries)
        .where(same, deliveries.c.state == "held", deliveries.c.rank == lowest)
        .values(state="waiting", next_attempt_at=at)
    )
    return woken.rowcount > 0


async def spare(conn: AsyncConnection, message_id: str, chain: int) -> None:
    """An earlier way did it: those held leave no more."""
    await conn.execute(
        update(deliveries)
        .where(deliveries.c.message_id == message_id, deliveries.c.chain == chain, deliveries.c.state == "held")
        .values(state="spared", contact_sealed=None)
    )


async def spare_unanswered(conn: AsyncConnection, sent_before: datetime) -> None:
    """No receipt came either way: what left is taken to have arrived, and those held leave no more."""
    twin = deliveries.alias()
    sent = select(twin.c.id).where(
        twin.c.message_id == deliveries.c.message_id,
        twin.c.chain == deliveries.c.chain,
        twin.c.state == "sent",
        twin.c.sent_at < sent_before,
    )
    await conn.execute(
        update(deliveries)
        .where(deliveries.c.state == "held", sent.exists())
        .values(state="spared", contact_sealed=None)
    )


async def backlog_of_letters(conn: AsyncConnection) -> Backlog:
    return await backlog(conn, deliveries)


async def dead(conn: AsyncConnection, *, before: str | None, limit: int) -> Rows:
    """Newest first."""
    query = (
        select(deliveries, messages.c.event, messages.c.created_at)
        .join(messages, messages.c.id == deliveries.c.message_id)
        .where(deliveries.c.state == "dead")
        .order_by(deliveries.c.id.desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(deliveries.c.id < before)
    return (await conn.execute(query)).all()


async def revive(conn: AsyncConnection, delivery_id: str, at: datetime) -> bool:
    """A dead letter waits again, with all its attempts before it."""
    revived = await conn.execute(
        update(deliveries)
        .where(deliveries.c.id == delivery_id, deliveries.c.state == "dead", deliveries.c.contact_sealed.is_not(None))
        .values(state="waiting", attempts=0, next_attempt_at=at)
    )
    return revived.rowcount == 1


async def bury(conn: AsyncConnection, written_before: datetime) -> None:
    """Dead letters that nobody sent again: the address and the secret words are forgotten, the fact is kept."""
    old = select(messages.c.id).where(messages.c.created_at < written_before)
    await conn.execute(
        update(deliveries)
        .where(deliveries.c.state == "dead", deliveries.c.message_id.in_(old))
        .values(state="given_up", contact_sealed=None)
    )
    await conn.execute(
        update(messages)
        .where(messages.c.created_at < written_before, messages.c.secrets_sealed.is_not(None))
        .values(secrets_sealed=None)
    )


async def blank_secrets(conn: AsyncConnection, message_id: str) -> None:
    """Forgets the one-time code of a message once none of its letters may leave any more."""
    may_leave = select(deliveries.c.id).where(
        deliveries.c.message_id == message_id, deliveries.c.state.in_(("waiting", "held", "dead"))
    )
    await conn.execute(
        update(messages).where(messages.c.id == message_id, ~may_leave.exists()).values(secrets_sealed=None)
    )


# --- what people chose -----------------------------------------------------------------------------------------------


async def preferences(conn: AsyncConnection, account_id: str) -> Any | None:
    query = select(message_preferences).where(message_preferences.c.account_id == account_id)
    return (await conn.execute(query)).one_or_none()


async def chosen(conn: AsyncConnection, account_ids: Sequence[str]) -> Rows:
    """What people chose and have, once for each device: `ways` is null for who chose nothing, `platform` for who has no device."""
    return await rows(conn, _CHOSEN, (account_ids,))


_CHOSEN: LiteralString = f"""
select person.id as account_id, p.ways, p.quiet_from, p.quiet_until, d.platform, d.token_digest, d.token_sealed
from unnest({TEXTS}) as person (id) left join message_preferences p on p.account_id = person.id
  left join push_devices d on d.account_id = person.id
order by d.id
"""  # noqa: S608 - our own words


async def put_preferences(conn: AsyncConnection, row: dict[str, Any]) -> None:
    statement = upsert(message_preferences).values(**row)
    fresh = {name: statement.excluded[name] for name in row if name != "account_id"}
    await conn.execute(statement.on_conflict_do_update(index_elements=["account_id"], set_=fresh))


async def devices(conn: AsyncConnection, account_id: str) -> Rows:
    query = select(push_devices).where(push_devices.c.account_id == account_id).order_by(push_devices.c.id)
    return (await conn.execute(query)).all()


async def put_device(conn: AsyncConnection, row: dict[str, Any]) -> Any:
    """The same token again keeps its row, under whoever signed in there last."""
    statement = upsert(push_devices).values(**row)
    fresh = {name: statement.excluded[name] for name in ("account_id", "platform", "token_sealed")}
    kept = statement.on_conflict_do_update(index_elements=["token_digest"], set_=fresh)
    return (await conn.execute(kept.returning(push_devices))).one()


async def drop_oldest_devices(conn: AsyncConnection, account_id: str, keep: int) -> None:
    newest = (
        select(push_devices.c.id).where(push_devices.c.account_id == account_id)
        .order_by(push_devices.c.added_at.desc(), push_devices.c.id.desc()).limit(keep)
    )  # fmt: skip
    await conn.execute(
        delete(push_devices).where(push_devices.c.account_id == account_id, push_devices.c.id.not_in(newest))
    )


async def drop_device(conn: AsyncConnection, account_id: str, device_id: str) -> bool:
    gone = await conn.execute(
        delete(push_devices).where(push_devices.c.account_id == account_id, push_devices.c.id == device_id)
    )
    return gone.rowcount == 1


async def forget_token(conn: AsyncConnection, token_digest: bytes) -> None:
    """The provider says that no app has this token any more."""
    await conn.execute(delete(push_devices).where(push_devices.c.token_digest == token_digest))


# --- tokens that change with each use --------------------------------------------------------------------------------


async def provider_token(conn: AsyncConnection, name: str) -> bytes | None:
    return await conn.scalar(select(provider_tokens.c.sealed).where(provider_tokens.c.name == name))


async def lock_provider(conn: AsyncConnection, name: str) -> None:
    """Until the transaction ends; also where there is no row yet."""
    await conn.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(name, 0))))


async def put_provider_token(conn: AsyncConnection, name: str, sealed: bytes, at: datetime) -> None:
    statement = upsert(provider_tokens).values(name=name, sealed=sealed, renewed_at=at)
    fresh = {"sealed": statement.excluded.sealed, "renewed_at": statement.excluded.renewed_at}
    await conn.execute(statement.on_conflict_do_update(index_elements=["name"], set_=fresh))


# --- the inbox and the night -----------------------------------------------------------------------------------------


async def inbox(
    conn: AsyncConnection, account_id: str, *, events: Sequence[str], before: str | None, limit: int
) -> Rows:
    statement = (
        select(messages.c.id, messages.c.event, messages.c.fields, messages.c.created_at)
        .where(messages.c.account_id == account_id, messages.c.event.in_(events))
        .order_by(messages.c.id.desc())
        .limit(limit)
    )
    if before is not None:
        statement = statement.where(messages.c.id < before)
    return (await conn.execute(statement)).all()


async def forget_before(conn: AsyncConnection, at: datetime) -> None:
    """Messages older than this are of no more use to anyone."""
    old = select(messages.c.id).where(messages.c.created_at < at)
    await conn.execute(delete(deliveries).where(deliveries.c.message_id.in_(old)))
    await conn.execute(delete(messages).where(messages.c.created_at < at))


async def keep_in_sandbox(conn: AsyncConnection, **values: Any) -> None:
    """Once per letter, however often it is tried."""
    await conn.execute(upsert(sandbox_messages).values(**values).on_conflict_do_nothing(index_elements=["id"]))


async def sandbox(conn: AsyncConnection, *, limit: int) -> Rows:
    """By when they were written: letters of one batch leave in any order."""
    newest = select(sandbox_messages).order_by(sandbox_messages.c.id.desc()).limit(limit)
    return (await conn.execute(newest)).all()

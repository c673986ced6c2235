"""One effect per Idempotency-Key: the reply is kept in the transaction that made the effect, for seven days."""

import hashlib
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import Any, LiteralString

import msgspec
import psycopg
from psycopg.types.json import Jsonb

from kit import clock
from kit.db import TEXTS, raw
from kit.jobs import Task
from kit.limits import LimitsUnavailable
from kit.refusal import Refusal
from kit.valkey import Valkey, ValkeyGone

KEPT_FOR = timedelta(days=7)


_LOCK = "select pg_try_advisory_xact_lock(hashtextextended(name, 0)) from unnest(%s::text[]) with ordinality as n (name, at) order by at"
# Of its own, after the lock: it sees what the twin before has committed.
_KEPT: LiteralString = f"""
select scope, route, key, body_digest, status, reply
from idempotency_keys join unnest({TEXTS}, {TEXTS}, {TEXTS}) as c (scope, route, key) using (scope, route, key) where kept_at > %s
"""  # noqa: S608 - our own words
_KEEP = """
insert into idempotency_keys (scope, route, key, body_digest, status, reply, kept_at)
select c.scope, c.route, c.key, decode(c.body_digest, 'hex'), c.status, c.reply, %s
from jsonb_to_recordset(%s) as c (scope text, route text, key text, body_digest text, status smallint, reply jsonb)
on conflict (scope, route, key) do update set body_digest = excluded.body_digest, status = excluded.status,
  reply = excluded.reply, kept_at = excluded.kept_at
"""


class KeyMissing(Refusal):
    status = 400
    code = "idempotency-key-missing"
    vi = "Yêu cầu này cần tiêu đề Idempotency-Key. Hãy gửi kèm một mã ngẫu nhiên, giữ nguyên khi gửi lại."
    en = "This call needs an Idempotency-Key header: send a random value and keep it when you retry."


class KeyTooLong(Refusal):
    status = 400
    code = "idempotency-key-too-long"
    vi = "Idempotency-Key dài tối đa 200 ký tự ASCII in được."
    en = "An Idempotency-Key has at most 200 printable ASCII characters."


class KeyReused(Refusal):
    status = 422
    code = "idempotency-key-reused"
    vi = "Mã Idempotency-Key này đã dùng cho một nội dung khác. Hãy dùng mã mới."
    en = "This Idempotency-Key was used with another body. Use a new key."


class StillWorking(Refusal):
    status = 409
    code = "request-in-progress"
    vi = "Yêu cầu giống hệt đang được xử lý. Hãy gửi lại sau một giây, giữ nguyên mã."
    en = "The same request is still being worked on. Retry in a second with the same key."


class Slot:
    """The place of one key: `reply` holds what was answered before, or None for the first time."""

    def __init__(self) -> None:
        self.reply: Any = None
        self.status = 0
        self.kept = False

    def keep(self, reply: Any, *, status: int = 201) -> None:
        """The answer of this effect, stored when the block ends."""
        self.reply, self.status, self.kept = msgspec.to_builtins(reply), status, True


def checked(key: str | None) -> str:
    """The header's value; raises KeyMissing or KeyTooLong."""
    if not key:
        raise KeyMissing
    if len(key) > 200 or not key.isascii() or not key.isprintable():
        raise KeyTooLong
    return key


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """`scope` is the account (or client) that asks: one caller's keys never meet another's."""

    scope: str
    route: str
    key: str
    body_digest: bytes


async def slots(conn: psycopg.AsyncConnection[Any], calls: Sequence[Call]) -> list[Slot | Refusal]:
    """The place of each call's key, held until the transaction ends, or what its caller is told: StillWorking, KeyReused.

    No two of them have the same key.
    """
    # Transaction-scoped: freed by commit, rollback or the death of the process alike.
    named = [f"idempotency|{call.scope}|{call.route}|{call.key}" for call in calls]
    locked = await (await conn.execute(_LOCK, (named,), prepare=True)).fetchall()
    found = await conn.execute(_KEPT, (*_columns(calls), clock.now() - KEPT_FOR), prepare=True)
    kept = {tuple(row[:3]): row[3:] for row in await found.fetchall()}
    return [
        _slot(call, kept.get((call.scope, call.route, call.key)), got)
        for call, (got,) in zip(calls, locked, strict=True)
    ]


def _slot(call: Call, kept: Any, got: bool) -> Slot | Refusal:
    if not got:
        return StillWorking(retry_after_seconds=1)
    slot = Slot()
    if kept is not None:
        if bytes(kept[0]) != call.body_digest:
            return KeyReused()
        slot.status, slot.reply = kept[1], kept[2]
    return slot


async def keep(conn: psycopg.AsyncConnection[Any], answered: Sequence[tuple[Call, Slot]]) -> None:
    """The answers that are to be kept, in the transaction that holds their places."""
    kept = [
        msgspec.structs.asdict(call)
        | {"body_digest": call.body_digest.hex(), "status": slot.status, "reply": slot.reply}
        for call, slot in answered
        if slot.kept
    ]
    if kept:
        await conn.execute(_KEEP, (clock.now(), Jsonb(kept)), prepare=True)


def _columns(calls: Sequence[Call]) -> tuple[list[str], list[str], list[str]]:
    return [call.scope for call in calls], [call.route for call in calls], [call.key for call in calls]


@asynccontextmanager
async def once(
    conn: psycopg.AsyncConnection[Any], *, scope: str, route: str, key: str, body_digest: bytes
) -> AsyncGenerator[Slot]:
    """Inside the caller's transaction. A concurrent twin is told 409, another body 422; the first reply is given again."""
    call = Call(scope=scope, route=route, key=key, body_digest=body_digest)
    (slot,) = await slots(conn, [call])
    if isinstance(slot, Refusal):
        raise slot
    yield slot
    await keep(conn, [(call, slot)])


@asynccontextmanager
async def alone(valkey: Valkey, *, scope: str, route: str, key: str, at_most_seconds: int) -> AsyncGenerator[None]:
    """For work too long to be held in a transaction, between two `once`: a twin meanwhile is told StillWorking.

    Only spares the work of doing it twice: what is kept is `once`'s to decide. A process that dies is waited for
    `at_most_seconds`. Raises LimitsUnavailable without Valkey.
    """
    name = f"alone:{hashlib.sha256(f'{scope}|{route}|{key}'.encode()).hexdigest()}"
    try:
        first = await valkey.first(name, kept_seconds=at_most_seconds)
    except ValkeyGone as error:
        raise LimitsUnavailable(retry_after_seconds=30) from error
    if not first:
        raise StillWorking(retry_after_seconds=1)
    try:
        yield
    finally:
        # Gone now, it is forgotten in time; the answer that was worked out is not lost over it.
        with suppress(ValkeyGone):
            await valkey.forget(name)


async def forget(services: Any) -> None:
    """Replies are of no more use once their time is over."""
    async with services.db.begin() as conn:
        await (await raw(conn)).execute("delete from idempotency_keys where kept_at <= %s", (clock.now() - KEPT_FOR,))


tasks: list[Task] = [Task(name="kit.forget_replies", run=forget, cron="10 3 * * *")]

"""The raw floor: a bare ASGI application on raw psycopg, served by uvicorn like ours. It checks nothing and knows nobody.

`POST /submit/<draft id>` writes the rows of one submission in one plain statement; `POST /lookup` reads the rows of one status.
"""

import os
from typing import Any

import msgspec
import psycopg
from psycopg.types.json import Jsonb
from psycopg_pool import AsyncConnectionPool

from dossiers import receipt_codes, store
from kit import clock, ids

_SUBMIT = """
with d as (
  update dossiers set status = 'open', receipt_code = %(code)s, form = form, ward_code = '26740', submitted_at = now(),
    changed_at = now(), promised_at = now(), promise = %(promise)s, second_facts = %(facts)s, event_count = %(lines)s,
    event_hash = %(hash)s, version = version + 1
  where id = %(id)s returning id, account_id, options
), b as (
  insert into branches (id, dossier_id, name, position, procedure, office_id, officer_role, needs, state, started_at, due_at)
  select %(branch)s || n, d.id, 'branch' || n, n, '1.001193', 'off', 'civil_status', '{}', 'submitted', now(), now()
  from d, generate_series(1, jsonb_array_length(d.options -> 'branches')) n
), p as (
  insert into dossier_parties (dossier_id, pin, role)
  select d.id, '07919200001' || n, 'mother' from d, generate_series(1, 3) n
), e as (
  insert into dossier_events (dossier_id, seq, at, actor_kind, kind, vi, en, facts, prev_hash, hash)
  select d.id, n, now(), 'system', 'submit', %(words)s, %(words)s, %(promise)s, %(hash)s, %(hash)s
  from d, generate_series(1, 1 + jsonb_array_length(d.options -> 'branches')) n
), m as (
  insert into messages (id, once_key, event, account_id, locale, fields, created_at)
  select %(message)s, %(message)s, 'dossier-received', d.account_id, 'vi', %(promise)s, now() from d
), j as (
  insert into procrastinate_jobs (queue_name, task_name, args) select 'default', 'floor', '{}' from d
)
insert into idempotency_keys (scope, route, key, body_digest, status, reply, kept_at)
select d.account_id, 'floor', %(id)s, %(hash)s, 201, %(promise)s, now() from d
"""


class App:
    """The pool opens at the first request: a bare application has no lifespan worth the name."""

    def __init__(self) -> None:
        self._pool: AsyncConnectionPool[psycopg.AsyncConnection[Any]] | None = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        message = await receive()
        body = message.get("body", b"")
        pool = await self.opened()
        if scope["path"].startswith("/submit/"):
            answer = await self.submit(pool, scope["path"].rpartition("/")[2])
        elif scope["path"] == "/lookup":
            answer = await self._lookup(pool, msgspec.json.decode(body))
        else:
            answer = b"{}"
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(answer)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": answer})

    async def opened(self) -> "AsyncConnectionPool[psycopg.AsyncConnection[Any]]":
        if self._pool is None:
            self._pool = AsyncConnectionPool(
                os.environ["DATABASE_URL"], min_size=8, max_size=12, kwargs={"autocommit": True}, open=False
            )
            await self._pool.open(wait=True)
        return self._pool

    @staticmethod
    async def submit(pool: "AsyncConnectionPool[psycopg.AsyncConnection[Any]]", draft_id: str) -> bytes:
        words = "Đăng ký khai sinh: đã chuyển đến Ủy ban nhân dân phường Sài Gòn, Thành phố Hồ Chí Minh."
        code = receipt_codes.new("H29", "26740", clock.today())
        values = {
            "id": draft_id, "code": code, "facts": [bytes(32)], "lines": 2, "hash": bytes(32), "words": words,
            "promise": Jsonb({"steps": [{"vi": words, "en": words}] * 4}), "branch": ids.new_id("bra"),
            "message": ids.new_id("msg"),
        }  # fmt: skip
        async with pool.connection() as conn:
            await conn.execute(_SUBMIT, values, prepare=True)
        return msgspec.json.encode({"receipt_code": code})

    @staticmethod
    async def _lookup(pool: "AsyncConnectionPool[psycopg.AsyncConnection[Any]]", asked: dict[str, str]) -> bytes:
        query = store.STANDING + " d.receipt_code = %s"
        async with pool.connection() as conn:
            row = await (await conn.execute(query, (asked["receipt_code"],), prepare=True)).fetchone()
        assert row is not None
        return msgspec.json.encode(row[0])


app = App()

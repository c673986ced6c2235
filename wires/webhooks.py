"""Partners are told by webhook: events in order from a cursor, signed, and only ever to addresses of the open Internet."""

import asyncio
import logging
import random
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from kit import calling, clock, ids
from kit.calling import Caller, NoReply, NotPublic
from kit.db import Database, to_json
from kit.refusal import Words
from wires import store
from wires.messages import PartnerEvent, PartnerEvents, Webhook
from wires.refusals import BadWebhookAddress, NoWebhook
from wires.signing import Message, Signer

TAG = "motcua-webhook"
COVERED = ("@method", "@target-uri", "content-type", "content-digest", "idempotency-key")

_log = logging.getLogger("motcua.wires")

PAGE = 100
_LEASE = timedelta(minutes=2)
_ATTEMPTS = 15
_LONGEST_WAIT_SECONDS = 6 * 3600
_KEPT_FOR = timedelta(days=30)


class Webhooks:
    """`caller` is one with `public_only`."""

    def __init__(self, signer: Signer, caller: Caller) -> None:
        self._signer, self._caller = signer, caller

    async def register(self, db: Database, client_id: str, url: str) -> Webhook:
        """From now on this client's events go there. Refuses BadWebhookAddress, by the address and by where its name leads now;
        where it leads later is looked at with every call."""
        try:
            calling.refuse_unfit_address(url)
            await self._caller.check(url)
        except (NotPublic, NoReply) as error:
            raise BadWebhookAddress(reason=str(error)) from None
        now = clock.now()
        async with db.begin() as conn:
            row = await store.put_webhook(
                conn,
                {
                    "id": ids.new_id("whk"),
                    "client_id": client_id,
                    "url": url,
                    "cursor": await store.newest_event(conn),
                    "next_attempt_at": now,
                    "made_at": now,
                },
            )
        return _webhook(row)

    async def show(self, db: Database, client_id: str) -> Webhook:
        """Refuses NoWebhook."""
        async with db.connect() as conn:
            row = await store.webhook(conn, client_id)
        if row is None:
            raise NoWebhook
        return _webhook(row)

    async def remove(self, db: Database, client_id: str) -> None:
        """Refuses NoWebhook."""
        async with db.begin() as conn:
            if not await store.drop_webhook(conn, client_id):
                raise NoWebhook

    async def replay(self, db: Database, client_id: str, after: int) -> Webhook:
        """Everything after that event is delivered again, in order; a parked endpoint is called again. Refuses NoWebhook."""
        async with db.begin() as conn:
            row = await store.webhook(conn, client_id)
            if row is None:
                raise NoWebhook
            cursor = min(after, await store.newest_event(conn))
            await store.change_webhook(
                conn, row.id, cursor=cursor, parked=False, attempts=0, last_error=None, next_attempt_at=clock.now()
            )
        return await self.show(db, client_id)

    async def events(self, db: Database, client_id: str, after: int, limit: int) -> PartnerEvents:
        """The same events, fetched: for whoever missed some, or has no address to be called at."""
        async with db.connect() as conn:
            rows = await store.events_after(conn, client_id, after, limit)
        return PartnerEvents(events=[_event(row) for row in rows], next=rows[-1].cursor if rows else after)

    async def add(
        self,
        conn: AsyncConnection,
        client_id: str,
        *,
        at: datetime,
        receipt_code: str,
        branch: str | None,
        state: str,
        label: Words,
    ) -> None:
        """On the transaction of whoever tells; one writer at a time, so that cursors become visible in their order."""
        body = {"receipt_code": receipt_code, "branch": branch, "state": state, "label": to_json(label)}
        await store.add_event(conn, client_id, at, body)

    async def drain(self, db: Database) -> None:
        """Calls every endpoint that has events to take; one that hangs delays no other."""
        async with db.begin() as conn:
            now = clock.now()
            taken = await store.take_webhooks(conn, at=now, leased_until=now + _LEASE)
        await asyncio.gather(*(self._deliver(db, row) for row in taken))

    async def _deliver(self, db: Database, row: Any) -> None:
        async with db.connect() as conn:
            rows = await store.events_after(conn, row.client_id, row.cursor, PAGE)
        if not rows:
            return
        page = PartnerEvents(events=[_event(one) for one in rows], next=rows[-1].cursor)
        body = msgspec.json.encode(page)
        # The page is named by its ends: sent again after a lost reply, it has the same name.
        name = f"{row.id}:{rows[0].cursor}-{rows[-1].cursor}"
        message = Message("POST", row.url, {"content-type": "application/json", "idempotency-key": name})
        self._signer.sign(message, body, tag=TAG, covered=COVERED)
        try:
            calling.refuse_unfit_address(row.url)
            reply = await self._caller.post(row.url, content=body, headers=message.headers)
        except (NoReply, NotPublic) as error:
            await self._put_off(db, row, str(error))
            return
        if 200 <= reply.status < 300:
            async with db.begin() as conn:
                await store.move_cursor(conn, row.id, since=row.cursor, to=page.next, at=clock.now())
        else:
            # A redirect too: who follows one lets the far end choose where we call.
            await self._put_off(db, row, f"answered {reply.status}", reply.retry_after_seconds)

    async def _put_off(self, db: Database, row: Any, error: str, after_seconds: int | None = None) -> None:
        attempts = row.attempts + 1
        wait = min(5 * 2.0 ** min(row.attempts, 20), _LONGEST_WAIT_SECONDS) * random.uniform(0.5, 1.0)  # noqa: S311
        wait = max(wait, min(after_seconds or 0, _LONGEST_WAIT_SECONDS))
        parked = attempts >= _ATTEMPTS
        if parked:
            _log.warning("a webhook is parked", extra={"webhook": row.id, "error": error})
        async with db.begin() as conn:
            await store.change_webhook(
                conn,
                row.id,
                attempts=attempts,
                last_error=error,
                parked=parked,
                next_attempt_at=clock.now() + timedelta(seconds=wait),
            )

    async def forget_old(self, db: Database) -> None:
        """Events can be fetched and replayed for thirty days."""
        async with db.begin() as conn:
            await store.forget_events(conn, clock.now() - _KEPT_FOR)


def _webhook(row: Any) -> Webhook:
    return Webhook(id=row.id, url=row.url, cursor=row.cursor, parked=row.parked, last_error=row.last_error)


def _event(row: Any) -> PartnerEvent:
    return msgspec.convert({"cursor": row.cursor, "at": row.at, **row.body}, PartnerEvent)

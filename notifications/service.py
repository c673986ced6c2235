"""The post office: a message is a row of the transaction that causes it; a job carries the rows out in batches."""

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from kit import clock, crypto, ids
from kit.db import Database, raw, to_json
from kit.jobs import Jobs
from kit.refusal import Words
from notifications import store, wording
from notifications.channels import Channel, Undeliverable
from notifications.messages import CARRIES, ChannelKind, ContactKind, Letter, Recipient
from notifications.refusals import NoWayToReach
from notifications.wording import Value

DRAIN = "notifications.drain"

_log = logging.getLogger("motcua.notifications")

_BATCH = 50
# Longer than any channel may take over a whole batch; only a dead worker lets it run out.
_LEASE = timedelta(minutes=3)
_SEND_SECONDS = 20
_ATTEMPTS = 12
_LONGEST_WAIT = timedelta(hours=2)
_KEPT_FOR = timedelta(days=730)


class PostOffice:
    """Takes messages in on the caller's transaction and lets them out through the channels of this deployment."""

    def __init__(self, channels: Sequence[Channel], jobs: Jobs, contact_key: bytes) -> None:
        self.channels: dict[ChannelKind, Channel] = {channel.kind: channel for channel in channels}
        self._jobs = jobs
        self._key = contact_key

    def reaches(self, kind: ContactKind) -> bool:
        """Whether this deployment can send to such a contact."""
        return CARRIES[kind] in self.channels

    async def send(
        self,
        conn: AsyncConnection,
        *,
        event: str,
        to: Recipient,
        fields: dict[str, Value],
        once_key: str | None,
    ) -> bool:
        """One message of one event to one person, exactly when the caller's transaction commits.

        `once_key` names the cause: the same key again sends nothing and answers False. Refuses NoWayToReach when the
        message is of no use unless it leaves. Raises UnknownEvent or BadFields for a mistake of the calling code.
        """
        template = wording.template(event)
        fields = wording.checked(template, fields)
        ways = [
            (self.channels[CARRIES[contact.kind]], contact) for contact in to.contacts if self.reaches(contact.kind)
        ]
        if template.must_leave and not ways:
            raise NoWayToReach
        now, message_id = clock.now(), ids.new_id("msg")
        secret = {name: fields[name] for name in template.secret}
        added = await store.add_message(
            conn,
            id=message_id,
            once_key=once_key or message_id,
            event=event,
            account_id=to.account_id,
            locale=to.locale,
            fields=to_json({name: value for name, value in fields.items() if name not in secret}),
            secrets_sealed=self._seal(msgspec.json.encode(secret), message_id) if secret else None,
            created_at=now,
            expires_at=now + timedelta(minutes=template.expires_after_minutes)
            if template.expires_after_minutes
            else None,
        )
        if not added:
            return False
        if ways:
            await store.add_deliveries(
                conn, [self._delivery(message_id, way, contact.value, now) for way, contact in ways]
            )
            await self._jobs.defer(await raw(conn), DRAIN)
        return True

    async def drain(self, db: Database) -> None:
        """Lets out everything due, a batch at a time; letters that fail wait longer each time."""
        while True:
            async with db.begin() as conn:
                now = clock.now()
                taken = await store.take_waiting(conn, at=now, leased_until=now + _LEASE, limit=_BATCH)
            if not taken:
                return
            await asyncio.gather(*(self._let_out(db, row) for row in taken))

    async def _let_out(self, db: Database, row: Any) -> None:
        if row.expires_at is not None and row.expires_at <= clock.now():
            await self._end(db, row, state="expired", error="its time ran out before it could leave")
            return
        channel = self.channels.get(row.channel)
        if channel is None:
            await self._end(db, row, state="given_up", error="this deployment has no such channel any more")
            return
        try:
            await asyncio.wait_for(channel.send(self._letter(row)), _SEND_SECONDS)
        except Undeliverable as error:
            await self._end(db, row, state="given_up", error=_told(error))
        except Exception as error:  # a channel fails in the ways of its library; each means: try again, then give up
            await self._failed(db, row, error)
        else:
            await self._end(db, row, state="delivered", error=None)

    async def _failed(self, db: Database, row: Any, error: Exception) -> None:
        _log.warning(
            "a letter did not leave", extra={"delivery": row.id, "channel": row.channel, "error": type(error).__name__}
        )
        if row.attempts >= _ATTEMPTS:
            await self._end(db, row, state="given_up", error=_told(error))
            return
        again = clock.now() + min(timedelta(seconds=5 * 2 ** (row.attempts - 1)), _LONGEST_WAIT)
        async with db.begin() as conn:
            await store.put_off(conn, row.id, error=_told(error), next_attempt_at=again)
            await self._jobs.defer(await raw(conn), DRAIN, at=again)

    async def _end(self, db: Database, row: Any, *, state: str, error: str | None) -> None:
        async with db.begin() as conn:
            await store.end_delivery(
                conn, row.id, state=state, error=error, delivered_at=clock.now() if state == "delivered" else None
            )
            if row.secrets_sealed is not None:
                await store.blank_secrets(conn, row.message_id)

    def _delivery(self, message_id: str, channel: Channel, contact: str, now: datetime) -> dict[str, Any]:
        delivery_id = ids.new_id("dlv")
        return {
            "id": delivery_id,
            "message_id": message_id,
            "channel": channel.kind,
            "contact_sealed": self._seal(contact.encode(), delivery_id),
            "state": "waiting",
            "attempts": 0,
            "next_attempt_at": now,
        }

    def _letter(self, row: Any) -> Letter:
        fields = dict(row.fields)
        if row.secrets_sealed is not None:
            fields |= msgspec.json.decode(crypto.unseal(self._key, row.secrets_sealed, row.message_id.encode()))
        text = wording.rendered(wording.template(row.event), row.channel, row.locale, spoken(fields))
        return Letter(
            id=row.id,
            event=row.event,
            channel=row.channel,
            to=crypto.unseal(self._key, row.contact_sealed, row.id.encode()).decode(),
            locale=row.locale,
            subject=text.subject,
            text=text.text,
        )

    def _seal(self, plain: bytes, owner: str) -> bytes:
        return crypto.seal(self._key, plain, owner.encode())


def spoken(fields: dict[str, Any]) -> dict[str, Value]:
    """Fields as a jsonb column kept them."""
    return {name: msgspec.convert(value, Words) if isinstance(value, dict) else value for name, value in fields.items()}


def _told(error: Exception) -> str:
    # A mail server's reply may repeat the address it refuses: only the kind of failure and its number are kept.
    if isinstance(error, Undeliverable):
        return str(error)
    code = getattr(error, "smtp_code", None)
    return f"{type(error).__name__} {code}" if isinstance(code, int) else type(error).__name__


async def forget_old(db: Database) -> None:
    """Messages are kept two years."""
    async with db.begin() as conn:
        await store.forget_before(conn, clock.now() - _KEPT_FOR)

"""The post office: a message is a row of the transaction that causes it; a job carries the rows out in batches."""

import asyncio
import hashlib
import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from kit import clock, crypto, ids
from kit.db import Backlog, Database, raw, to_json
from kit.jobs import Jobs
from kit.refusal import Words
from notifications import choosing, preferences, store, wording
from notifications.channels import Channel, TryLater, Undeliverable
from notifications.choosing import RINGS, Quiet, Step
from notifications.messages import CARRIES, WAY_OF, ChannelKind, ContactKind, DeadLetter, Letter, Preferences, Recipient
from notifications.receipts import Receipt
from notifications.refusals import LetterGone, NoWayToReach
from notifications.store import Sent
from notifications.wording import Value

DRAIN = "notifications.drain"

_log = logging.getLogger("motcua.notifications")

_BATCH = 50
_WRITERS = 4
# Longer than any channel may take over a whole batch; only a dead worker lets it run out.
_LEASE = timedelta(minutes=3)
_SEND_SECONDS = 20
_ATTEMPTS = 12
_LONGEST_WAIT = timedelta(hours=2)
_KEPT_FOR = timedelta(days=730)
# Nobody waits longer for a receipt before the other ways of the message are let go.
_RECEIPT_WITHIN = timedelta(days=2)
_DEAD_KEPT_FOR = timedelta(days=14)


_NOBODY: preferences.Chosen = (Preferences(), [])


class Sending(msgspec.Struct, frozen=True, kw_only=True):
    """One message of one event to one person; see `PostOffice.send`."""

    event: str
    to: Recipient
    fields: dict[str, Value]
    once_key: str | None


class PostOffice:
    """Takes messages in on the caller's transaction and lets them out through the channels of this deployment.

    `quiet` are the city's hours in which nothing rings; a person's own go before.
    """

    def __init__(
        self, channels: Sequence[Channel], jobs: Jobs, contact_key: bytes, *, quiet: Quiet | None = None
    ) -> None:
        self.channels: dict[ChannelKind, Channel] = {channel.kind: channel for channel in channels}
        self._jobs = jobs
        self._key = contact_key
        self._quiet = quiet
        self._turns = {channel.kind: asyncio.Semaphore(channel.at_once) for channel in channels}
        # What did not leave is written down by few: the others in this process want connections too.
        self._writing = asyncio.Semaphore(_WRITERS)

    def reaches(self, kind: ContactKind) -> bool:
        """Whether this deployment can send to such a contact."""
        return any(channel in self.channels for channel in CARRIES[kind])

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
        return await self.send_all(conn, [Sending(event=event, to=to, fields=fields, once_key=once_key)]) == [True]

    async def send_all(self, conn: AsyncConnection, sendings: Sequence[Sending]) -> list[bool]:
        """`send` for several at once."""
        if not sendings:
            return []
        now = clock.now()
        known = {one.to.account_id for one in sendings if one.to.account_id is not None}
        chosen = await preferences.with_devices(conn, self._key, known)
        new = [self._new(one, chosen.get(one.to.account_id or "", _NOBODY), now) for one in sendings]
        written = await store.add_messages(conn, new, at=now, job=DRAIN)
        return [one.id in written for one in new]

    def _new(self, sending: Sending, chosen: preferences.Chosen, now: datetime) -> store.NewMessage:
        template = wording.template(sending.event)
        fields = wording.checked(template, sending.fields)
        steps = choosing.steps(
            contacts=sending.to.contacts,
            devices=chosen[1],
            channels=[kind for kind in self.channels if template.said(kind) is not None],
            preferences=chosen[0],
            everywhere=template.everywhere,
        )
        if template.must_leave and not steps:
            raise NoWayToReach
        message_id = ids.new_id("msg")
        secret = {name: fields[name] for name in template.secret}
        lasts = template.expires_after_minutes
        return store.NewMessage(
            id=message_id,
            once_key=sending.once_key or message_id,
            event=sending.event,
            account_id=sending.to.account_id,
            locale=sending.to.locale,
            fields=to_json({name: value for name, value in fields.items() if name not in secret}),
            secrets_sealed=self._seal(msgspec.json.encode(secret), message_id) if secret else None,
            expires_at=now + timedelta(minutes=lasts) if lasts else None,
            letters=self._letters(steps),
        )

    async def drain(self, db: Database) -> None:
        """Lets out everything due, a batch at a time; letters that fail wait longer each time."""
        while True:
            async with db.begin() as conn:
                now = clock.now()
                taken = await store.take_waiting(conn, at=now, leased_until=now + _LEASE, limit=_BATCH)
            if not taken:
                return
            leaving = {asyncio.create_task(self._let_out(db, row)) for row in taken}
            try:
                while leaving:
                    done, leaving = await asyncio.wait(leaving, return_when=asyncio.FIRST_COMPLETED)
                    # Whatever left while those before were being written down is written down together.
                    if sent := [one for task in done if (one := task.result()) is not None]:
                        await self._sent(db, sent)
            finally:
                for task in leaving:
                    task.cancel()

    async def receive(self, db: Database, receipt: Receipt) -> None:
        """A provider tells what became of a letter; told twice, or of a letter that is not waited for, it changes nothing."""
        async with db.begin() as conn:
            row = await store.delivery(conn, receipt.delivery_id)
            if row is None:
                return
            await store.lock_message(conn, row.message_id)
            row = await store.delivery(conn, receipt.delivery_id)
            # A letter whose worker died after the provider took it is still `waiting`: the receipt ends that too.
            if row is None or row.state not in ("sent", "waiting"):
                return
            if receipt.arrived:
                now = clock.now()
                await store.end_delivery(
                    conn, row.id, state="received", received_at=now, sent_at=row.sent_at or now, last_error=None
                )
                await store.spare(conn, row.message_id, row.chain)
            else:
                await store.end_delivery(conn, row.id, state="given_up", last_error=receipt.told)
                await self._wake_next(conn, row)
            await store.blank_secrets(conn, row.message_id)

    async def backlog(self, conn: AsyncConnection) -> Backlog:
        """The letters that wait, those of quiet hours too, and the dead ones."""
        return await store.backlog_of_letters(conn)

    async def dead_letters(self, db: Database, *, before: str | None, limit: int) -> list[DeadLetter]:
        """Letters that no attempt brought out, newest first."""
        async with db.connect() as conn:
            return [
                DeadLetter(
                    id=row.id,
                    message_id=row.message_id,
                    event=row.event,
                    channel=row.channel,
                    attempts=row.attempts,
                    error=row.last_error,
                    written_at=row.created_at,
                )
                for row in await store.dead(conn, before=before, limit=limit)
            ]

    async def send_again(self, db: Database, delivery_id: str) -> None:
        """A dead letter waits once more. Raises LetterGone for one that is not dead, or whose address was forgotten."""
        async with db.begin() as conn:
            if not await store.revive(conn, delivery_id, clock.now()):
                raise LetterGone
            await self._jobs.defer(await raw(conn), DRAIN)

    async def _let_out(self, db: Database, row: Any) -> Sent | None:
        """What has left; None where nothing did, which is written down already."""
        if row.expires_at is not None and row.expires_at <= clock.now():
            await self._fail(db, row, state="expired", error="its time ran out before it could leave")
            return None
        channel = self.channels.get(row.channel)
        if channel is None:
            await self._fail(db, row, state="given_up", error="this deployment has no such channel any more")
            return None
        if (rings_at := self._not_before(row)) is not None:
            async with self._writing, db.begin() as conn:
                await store.put_off(conn, row.id, next_attempt_at=rings_at, attempts=row.attempts - 1)
            return None
        letter: Letter | None = None
        try:
            letter = self._letter(row)
            async with self._turns[row.channel]:
                provider_id = await asyncio.wait_for(channel.send(letter), _SEND_SECONDS)
        except Undeliverable as error:
            await self._fail(db, row, state="given_up", error=_told(error), device=letter.to if letter else None)
        except Exception as error:  # a channel fails in the ways of its library; each means: try again, then give up
            await self._put_off(db, row, error)
        else:
            return Sent(row.id, row.message_id, row.chain, provider_id, arrived=not channel.receipts)
        return None

    def _not_before(self, row: Any) -> datetime | None:
        """When a letter taken in quiet hours may ring; None when now."""
        if wording.template(row.event).urgent or WAY_OF[row.channel] not in RINGS:
            return None
        quiet = self._quiet
        if row.quiet_from is not None and row.quiet_until is not None:
            quiet = Quiet.parse(row.quiet_from, row.quiet_until)
        return quiet.ends(clock.now()) if quiet is not None else None

    async def _put_off(self, db: Database, row: Any, error: Exception) -> None:
        _log.warning(
            "a letter did not leave", extra={"delivery": row.id, "channel": row.channel, "error": type(error).__name__}
        )
        if row.attempts >= _ATTEMPTS:
            # What has an end of its own is of no use to whoever would send it again.
            await self._fail(db, row, state="given_up" if row.expires_at else "dead", error=_told(error))
            return
        wait = min(timedelta(seconds=5 * 2 ** (row.attempts - 1)), _LONGEST_WAIT)
        if isinstance(error, TryLater) and error.after_seconds is not None:
            wait = min(max(wait, timedelta(seconds=error.after_seconds)), _LONGEST_WAIT)
        again = clock.now() + wait
        async with self._writing, db.begin() as conn:
            await store.put_off(conn, row.id, last_error=_told(error), next_attempt_at=again)
            await self._jobs.defer(await raw(conn), DRAIN, at=again)

    async def _sent(self, db: Database, sent: Sequence[Sent]) -> None:
        async with db.begin() as conn:
            await store.end_sent(conn, sent, clock.now())

    async def _fail(self, db: Database, row: Any, *, state: str, error: str, device: str | None = None) -> None:
        async with self._writing, db.begin() as conn:
            await store.lock_message(conn, row.message_id)
            await store.end_delivery(conn, row.id, keep_contact=state == "dead", state=state, last_error=error)
            if device is not None and WAY_OF[row.channel] == "push":
                await store.forget_token(conn, hashlib.sha256(device.encode()).digest())
            if state != "expired":
                await self._wake_next(conn, row)
            await store.blank_secrets(conn, row.message_id)

    async def _wake_next(self, conn: AsyncConnection, row: Any) -> None:
        if await store.wake_next(conn, row.message_id, row.chain, clock.now()):
            await self._jobs.defer(await raw(conn), DRAIN)

    def _letters(self, steps: Sequence[Step]) -> list[dict[str, Any]]:
        first: dict[int, int] = {}
        for step in steps:
            first.setdefault(step.chain, step.rank)
        rows: list[dict[str, Any]] = []
        for step in steps:
            delivery_id = ids.new_id("dlv")
            rows.append(
                {
                    "id": delivery_id,
                    "channel": step.channel,
                    "chain": step.chain,
                    "rank": step.rank,
                    "contact_sealed": self._seal(step.to.encode(), delivery_id),
                    "state": "waiting" if step.rank == first[step.chain] else "held",
                }
            )
        return rows

    def _letter(self, row: Any) -> Letter:
        fields = dict(row.fields)
        if row.secrets_sealed is not None:
            fields |= msgspec.json.decode(crypto.unseal(self._key, row.secrets_sealed, row.message_id.encode()))
        template, said = wording.template(row.event), spoken(fields)
        text = wording.rendered(template, row.channel, row.locale, said)
        return Letter(
            id=row.id,
            event=row.event,
            channel=row.channel,
            to=crypto.unseal(self._key, row.contact_sealed, row.id.encode()).decode(),
            locale=row.locale,
            subject=text.subject,
            text=text.text,
            message_id=row.message_id,
            urgent=template.urgent,
            fields=wording.spoken(row.locale, said),
        )

    def _seal(self, plain: bytes, owner: str) -> bytes:
        return crypto.seal(self._key, plain, owner.encode())


def spoken(fields: dict[str, Any]) -> dict[str, Value]:
    """Fields as a jsonb column kept them."""
    return {name: msgspec.convert(value, Words) if isinstance(value, dict) else value for name, value in fields.items()}


def _told(error: Exception) -> str:
    # A mail server's reply may repeat the address it refuses: only the kind of failure and its number are kept.
    if isinstance(error, Undeliverable | TryLater):
        return str(error)
    code = getattr(error, "smtp_code", None)
    return f"{type(error).__name__} {code}" if isinstance(code, int) else type(error).__name__


async def forget_old(db: Database) -> None:
    """Messages are kept two years, dead letters two weeks; after two days without a receipt the other ways are let go."""
    async with db.begin() as conn:
        now = clock.now()
        await store.spare_unanswered(conn, now - _RECEIPT_WITHIN)
        await store.bury(conn, now - _DEAD_KEPT_FOR)
        await store.forget_before(conn, now - _KEPT_FOR)

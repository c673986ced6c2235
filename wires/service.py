"""The wires: a message is a row of the transaction that causes it, carried over in its dossier's order, and taken in once."""

import asyncio
import hashlib
import logging
import random
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from kit import clock, ids
from kit.calling import Caller, NoReply
from kit.db import Backlog, Database, raw
from kit.jobs import Jobs
from wires import signing, store, vocabulary
from wires.linked import TAG, Linked
from wires.messages import Answer, DeadMessage, Intake, Portal, StatusReport, Wire
from wires.national import PORTAL, National, Step, Sync
from wires.protocol import WireProtocol
from wires.refusals import (
    CaseBusy,
    CaseUnknown,
    MessageChanged,
    MessageGone,
    MessageMalformed,
    OutOfOrder,
    StatusNotPossible,
    WireExists,
)
from wires.signing import Message, NotSigned, Signer

DRAIN = "wires.drain"

_log = logging.getLogger("motcua.wires")

_BATCH = 10
_LEASE = timedelta(minutes=2)
_ATTEMPTS = 20
_LONGEST_WAIT_SECONDS = 3600
_RECEIVED_KEPT_FOR = timedelta(days=60)
# Each holds a connection while the verb it calls takes another.
_RECEIVING = 3

Apply = Callable[[Wire, StatusReport], Awaitable[None]]
Far = Wire | Portal
Told = Intake | Sync | Step


class WireOffice:
    """`caller` reaches agencies, inside networks too: their addresses are an operator's."""

    def __init__(
        self, jobs: Jobs, signer: Signer, caller: Caller, *, public_url: str, portal_password: str | None = None
    ) -> None:
        self._jobs, self.signer, self._public_url = jobs, signer, public_url
        self._protocols: dict[type, WireProtocol] = {
            Wire: Linked(signer, caller),
            Portal: National(caller, portal_password),
        }
        self._receiving = asyncio.Semaphore(_RECEIVING)

    async def open_wire(self, conn: AsyncConnection, made: Far) -> None:
        """From now on the branches of this kind of agency, or every dossier, go over it. Refuses WireExists."""
        if isinstance(made, Wire) and len(made.public_key) != 32:
            raise WireExists
        if not await store.add_wire(conn, _row(made) | {"opened_at": clock.now()}):
            raise WireExists

    async def wire_to(self, conn: AsyncConnection, agency: str) -> Wire | None:
        """The open wire to a kind of agency; None: it is on our desk."""
        far = _far(await store.wire_to(conn, agency))
        return far if isinstance(far, Wire) else None

    async def portal(self, conn: AsyncConnection) -> Portal | None:
        """The open wire to the national portal."""
        far = _far(await store.wire_to(conn, PORTAL))
        return far if isinstance(far, Portal) else None

    async def any_open(self, conn: AsyncConnection) -> bool:
        """Whether anything goes over any wire."""
        return bool(await store.open_wires(conn))

    async def has_case(self, conn: AsyncConnection, case_id: str) -> bool:
        """Whether this branch, or this dossier, went over a wire."""
        return await store.case(conn, case_id) is not None

    async def backlog(self, conn: AsyncConnection) -> Backlog:
        """The messages that have not got over yet, and those that lie on the dead-letter desk."""
        return await store.waiting(conn)

    # --- out ---------------------------------------------------------------------------------------------------------

    async def put(
        self, conn: AsyncConnection, far: Far, case_id: str, told: Told, *, becomes: int | None = None
    ) -> None:
        """One more message about a case, exactly when the caller's transaction commits; `becomes` where it changes the case's status
        though the far end has not said so: it begins (again), or the far end never says."""
        now = clock.now()
        sequence = await store.next_sequence(conn, case_id, far.name, status=told.status, becomes=becomes)
        await store.add_message(
            conn,
            {
                "id": ids.new_id("wmg"),
                "wire": far.name,
                "case_id": case_id,
                "sequence": sequence,
                "status": told.status,
                "body": msgspec.json.encode(told),
                "state": "waiting",
                "attempts": 0,
                "next_attempt_at": now,
                "made_at": now,
            },
        )
        await self._jobs.defer(await raw(conn), DRAIN)

    async def drain(self, db: Database) -> None:
        """Carries over everything due; one far end that hangs delays no other."""
        async with db.connect() as conn:
            wires = [_far(row) for row in await store.open_wires(conn)]
        await asyncio.gather(*(self._drain(db, far) for far in wires if far is not None))

    async def _drain(self, db: Database, far: Far) -> None:
        while True:
            async with db.begin() as conn:
                now = clock.now()
                taken = await store.take_waiting(conn, far.name, at=now, leased_until=now + _LEASE, limit=_BATCH)
            # A whole batch that nobody answered: the far end is away, and the rest need not find that out one by one.
            if not any(await asyncio.gather(*(self._carry(db, far, row) for row in taken))):
                return

    async def _carry(self, db: Database, far: Far, row: Any) -> bool:
        """Whether anybody answered."""
        protocol = self._protocols[type(far)]
        try:
            heard = await protocol.carry(far, row)
        except NoReply as error:
            await self._put_off(db, row, str(error))
            return False
        match heard.meaning:
            case "final":
                async with db.begin() as conn:
                    await store.end_message(conn, row.id, clock.now(), first_makes=protocol.first_makes)
            case "retry":
                await self._put_off(db, row, heard.words, heard.retry_after_seconds)
            case "permanent":
                await self._give_up(db, row, heard.words)
        return True

    async def _put_off(self, db: Database, row: Any, error: str, after_seconds: int | None = None) -> None:
        if row.attempts >= _ATTEMPTS:
            await self._give_up(db, row, error)
            return
        wait = min(2.0 ** (row.attempts + 1), _LONGEST_WAIT_SECONDS)
        # Spread, so that a city's messages do not all come back in the second an agency does.
        wait = max(wait * random.uniform(0.5, 1.0), min(after_seconds or 0, _LONGEST_WAIT_SECONDS))  # noqa: S311
        again = clock.now() + timedelta(seconds=wait)
        async with db.begin() as conn:
            await store.put_off(conn, row.id, last_error=error, next_attempt_at=again)
            await self._jobs.defer(await raw(conn), DRAIN, at=again)

    async def _give_up(self, db: Database, row: Any, error: str) -> None:
        _log.error("a message did not get over", extra={"wire_message": row.id, "wire": row.wire, "error": error})
        async with db.begin() as conn:
            await store.put_off(conn, row.id, state="dead", last_error=error)

    # --- the dead-letter desk ----------------------------------------------------------------------------------------

    async def dead(self, db: Database, *, before: str | None, limit: int) -> list[DeadMessage]:
        """Newest first."""
        async with db.connect() as conn:
            return [
                DeadMessage(
                    id=row.id,
                    wire=row.wire,
                    branch_id=row.case_id,
                    sequence=row.sequence,
                    status=row.status,
                    attempts=row.attempts,
                    error=row.last_error,
                    made_at=row.made_at,
                    waiting_behind=row.waiting_behind,
                )
                for row in await store.dead(conn, before=before, limit=limit)
            ]

    async def send_again(self, db: Database, message_id: str) -> None:
        """With all its attempts before it; those behind it follow. Refuses MessageGone."""
        async with db.begin() as conn:
            if not await store.revive(conn, message_id, clock.now()):
                raise MessageGone
            await self._jobs.defer(await raw(conn), DRAIN)

    async def set_aside(self, db: Database, message_id: str) -> None:
        """It was settled another way (by telephone, on paper): those behind it go on without it. Refuses MessageGone."""
        async with db.begin() as conn:
            if not await store.set_aside(conn, message_id):
                raise MessageGone
            await self._jobs.defer(await raw(conn), DRAIN)

    # --- in ----------------------------------------------------------------------------------------------------------

    async def receive(
        self, db: Database, name: str, path: str, headers: Mapping[str, str], body: bytes, apply: Apply
    ) -> Answer:
        """One message of an agency: signed, in order, with its effect once. `path` as it came, with its query.

        `apply` is called between two looks at the same locked case; it must find out by itself that it was done before, for a crash
        after it makes the agency send again. Raises NotSigned, MessageMalformed, CaseUnknown, CaseBusy, OutOfOrder,
        MessageChanged, StatusNotPossible, and whatever `apply` refuses with.
        """
        async with db.connect() as conn:
            wire = _far(await store.wire(conn, name))
        if not isinstance(wire, Wire):
            raise NotSigned
        message = Message("POST", self._public_url + path, dict(headers))
        signing.check(message, body, tag=TAG, keys={wire.key_id: wire.public_key})
        message_id, sequence, report = _read(headers, body)
        async with self._receiving, db.begin() as conn:
            case = await _locked(conn, wire.name, report.maHoSo)
            digest = hashlib.sha256(body).digest()
            if (before := await store.received(conn, wire.name, message_id)) is not None:
                if before != digest:
                    raise MessageChanged
                return Answer("Thông điệp đã tồn tại, không xử lý lại.")
            if sequence <= case.received_sequence:
                return Answer("Thông điệp đã tồn tại, không xử lý lại.")
            if sequence > case.received_sequence + 1:
                raise OutOfOrder(expected=case.received_sequence + 1)
            if not vocabulary.may_become(case.status, report.trangThai):
                raise StatusNotPossible(before=case.status, after=report.trangThai)
            await apply(wire, report)
            now = clock.now()
            await store.keep_received(conn, wire.name, message_id, digest, now)
            await store.advance(conn, report.maHoSo, status=report.trangThai, sequence=sequence, at=now)
        return Answer("Tiếp nhận thành công.")


async def _locked(conn: AsyncConnection, wire: str, case_id: str) -> Any:
    try:
        case = await store.lock_case(conn, wire, case_id)
    except store.Held:
        raise CaseBusy(retry_after_seconds=1) from None
    if case is None:
        raise CaseUnknown
    return case


def _read(headers: Mapping[str, str], body: bytes) -> tuple[str, int, StatusReport]:
    """Id, number and content. Raises MessageMalformed."""
    message_id, number = headers.get("idempotency-key", ""), headers.get("message-sequence", "")
    if not 8 <= len(message_id) <= 100 or not message_id.isascii() or not message_id.isprintable():
        raise MessageMalformed(reason="idempotency-key")
    if not number.isascii() or not number.isdigit() or not 0 < len(number) < 7:
        raise MessageMalformed(reason="message-sequence")
    try:
        return message_id, int(number), msgspec.json.decode(body, type=StatusReport)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise MessageMalformed(
            reason=str(error)[:120] if isinstance(error, msgspec.ValidationError) else "JSON"
        ) from error


def _far(row: Any) -> Far | None:
    if row is None:
        return None
    if row.protocol == "national":
        return Portal(row.name, row.url, row.login["url"], row.login["username"], row.login["unit"])
    return Wire(
        name=row.name,
        agency=row.agency,
        url=row.url,
        key_id=row.key_id,
        public_key=bytes(row.public_key),
        account_id=row.account_id,
    )


def _row(far: Far) -> dict[str, Any]:
    if isinstance(far, Wire):
        return {"protocol": "linked", **msgspec.structs.asdict(far)}
    login = {"url": far.login_url, "username": far.username, "unit": far.unit}
    return {"protocol": "national", "name": far.name, "agency": PORTAL, "url": far.url, "login": login}


async def forget_old(db: Database) -> None:
    """Ids of what was received are kept sixty days; afterwards the numbers alone tell a twin."""
    async with db.begin() as conn:
        await store.forget_received(conn, clock.now() - _RECEIVED_KEPT_FOR)

"""The verbs of leaving. Each owns its transaction; clocks are of `policy.toml`, working days of the State's calendar."""

from datetime import datetime, time, timedelta
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from identity.accounts import secrets
from identity.accounts import service as accounts
from identity.accounts import store as rows
from identity.accounts.authenticators import service as authenticators
from identity.accounts.freshness import refuse_stale
from identity.accounts.leaving import store
from identity.accounts.leaving.messages import (
    ClosureReply,
    DataRequest,
    DecisionRequest,
    Export,
    NewRequest,
    RequestKind,
    Step,
)
from identity.accounts.leaving.refusals import ExtendedOnce, RequestDecided, TooManyRequests
from identity.accounts.messages import ProvedClaim
from identity.accounts.policy import policy
from identity.accounts.recovery.service import recoveries_of
from identity.accounts.telling import tell_of_change
from identity.consents import reads, withdrawing
from identity.consents.reads import listing
from identity.consents.reads.messages import DataRead
from identity.faces import FaceStore
from identity.mandates import Mandates, holder_closes, my_mandates
from identity.tokens import revoke_tokens
from identity.tokens.refusals import AccountClosed
from kit import clock, ids
from kit.actor import Actor
from kit.db import Database, to_json
from kit.keys import Keys
from kit.refusal import NotFound, Words
from kit.settings import Settings
from notifications import PostOffice, Recipient
from procedures import Catalogue

STAYS = Words(
    vi="Hồ sơ đang xử lý và các mục trong sổ hộ tịch vẫn do Nhà nước lưu giữ theo luật; đóng tài khoản không xoá chúng."
    " Kết quả hồ sơ đang mở nhận tại quầy một cửa.",
    en="Dossiers under way and entries in the civil register stay with the State as the law says; closing the account does not"
    " delete them. Results of open dossiers are collected at the service desk.",
)

_ACKNOWLEDGED = Words(vi="Đã tiếp nhận", en="it was received and is being looked at")
_EXTENDED = Words(vi="Đã gia hạn trả lời, kèm lý do", en="the answer will take longer, with the reason")
_ANSWERED = Words(vi="Đã có trả lời", en="it was answered")

_CLOSED = Words(vi="Đã đóng tài khoản theo yêu cầu của bạn", en="the account was closed as you asked")


class Ways(msgspec.Struct, frozen=True):
    """What the verbs stand on."""

    db: Database
    keys: Keys
    settings: Settings
    post_office: PostOffice
    catalogue: Catalogue


async def ask(ways: Ways, actor: Actor, asked: NewRequest) -> DataRequest:
    """To correct, restrict, delete or to object; an operator answers within the law's clock. Refuses TooManyRequests."""
    account_id, most = authenticators.holder_of(actor), policy().leaving.most_open
    async with ways.db.begin() as conn:
        await rows.hold_account(conn, account_id)
        if len([row for row in await store.all_of(conn, account_id) if row.decided_at is None]) >= most:
            raise TooManyRequests(most=most)
        return await _add(conn, ways, account_id, asked.kind, asked.said)


async def requests_of(db: Database, actor: Actor) -> list[DataRequest]:
    """The newest first."""
    async with db.connect() as conn:
        return [_told(row) for row in await store.all_of(conn, authenticators.holder_of(actor))]


async def export(ways: Ways, faces: FaceStore, mandates: Mandates, actor: Actor) -> Export:
    """At once, and that it was given out is recorded. Refuses SignInTooOld."""
    refuse_stale(actor, "export")
    account_id = authenticators.holder_of(actor)
    face, held = await faces.kept(account_id), await my_mandates(mandates, actor)
    sessions, recoveries = await authenticators.sessions(ways.db, actor), await recoveries_of(ways.db, actor)
    async with ways.db.begin() as conn:
        asked = await _add(conn, ways, account_id, "export", "")
        await _step(conn, asked.id, "given", "", None, decided_at=clock.now(), verdict="done")
        holder = await accounts.account(conn, ways.keys, account_id)
        return Export(
            account_id=account_id,
            full_name=holder.full_name,
            date_of_birth=None if holder.date_of_birth is None else holder.date_of_birth.isoformat(),
            sex=holder.sex,
            pin=holder.pin,
            level=holder.level,
            opened_at=holder.created_at,
            contacts=[one.value for one in holder.contacts],
            claims=[_claim(ways.keys, row) for row in await store.claims_of(conn, account_id)],
            authenticators=await authenticators.held(conn, ways.keys, account_id),
            sessions=sessions,
            sign_ins=[
                {
                    "at": row.at,
                    "method": row.method,
                    "outcome": row.outcome,
                    "client": row.client,
                    "network": row.network,
                }
                for row in await rows.sign_in_log_of(conn, account_id, before=None, limit=None)
            ],
            consents=await withdrawing.all_of(conn, account_id),
            reads=await _every_read(conn, account_id),
            mandates=held,
            face=face,
            recoveries=recoveries,
            requests=[_told(row) for row in await store.all_of(conn, account_id)],
        )


async def _every_read(conn: AsyncConnection, account_id: str) -> list[DataRead]:
    """Of the account's own data; reads in dossiers that others filed stand at `/v1/me/reads`."""
    found, before = list[DataRead](), None
    while True:
        page = await listing.of_person(conn, account_id, dossier_ids=(), before=before)
        found += page.reads
        if page.next is None:
            return found
        before = page.next


async def close(ways: Ways, faces: FaceStore, mandates: Mandates, actor: Actor) -> ClosureReply:
    """Closed now: nobody signs in, every session ends, contacts are free again, nobody is found by face any more; what is known is
    erased when the clock ends; what one may do for others ends too. Refuses SignInTooOld, AccountClosed, LastRepresentative."""
    refuse_stale(actor, "close")
    account_id = authenticators.holder_of(actor)
    # First, and by itself: the last representative of an enterprise stays as they are.
    async with ways.db.begin() as conn:
        await holder_closes(conn, mandates, actor)
    # Then, in its own database: should the rest fail, a face too few is kept and none too many.
    await faces.withdraw(account_id)
    async with ways.db.begin() as conn:
        # While there are contacts to tell.
        await tell_of_change(conn, ways.keys, ways.post_office, ways.settings, account_id, _CLOSED)
        if not await store.close(conn, account_id, clock.now()):
            raise AccountClosed
        await revoke_tokens(conn, account_id=account_id, reason="the account was closed")
        await authenticators.record(conn, account_id, "closed", {}, actor)
        asked = await _add(conn, ways, account_id, "close", "")
        await _step(conn, asked.id, "acknowledged", "", None, acknowledged_at=clock.now())
        return ClosureReply(request=_told(await store.one(conn, asked.id)), stays=STAYS)


async def erase_due(db: Database) -> int:
    """What the nightly job does with accounts whose twenty days are over; how many."""
    async with db.begin() as conn:
        now = clock.now()
        due = await store.due_closures(conn, now)
        for row in due:
            await store.erase(conn, row.account_id)
            await _step(conn, row.id, "erased", "", None, decided_at=now, verdict="done")
    return len(due)


async def waiting(db: Database, operator: Actor) -> list[DataRequest]:
    """The most urgent first."""
    async with db.begin() as conn:
        rows = await store.waiting(conn)
        await reads.record_many(conn, operator, "data_request", list({row.account_id: None for row in rows}))
        return [_told(row) for row in rows]


async def acknowledge(ways: Ways, operator: Actor, request_id: str) -> DataRequest:
    """Once; again without effect. Refuses NotFound, RequestDecided."""
    async with ways.db.begin() as conn:
        row = await _open(conn, request_id, operator)
        if row.acknowledged_at is None:
            await _step(conn, request_id, "acknowledged", "", operator, acknowledged_at=clock.now())
            await _tell(conn, ways, row, _ACKNOWLEDGED)
        return _told(await store.one(conn, request_id))


async def extend(ways: Ways, operator: Actor, request_id: str, why: str) -> DataRequest:
    """By as long again, once, and why. Refuses NotFound, RequestDecided, ExtendedOnce."""
    async with ways.db.begin() as conn:
        row = await _open(conn, request_id, operator)
        if row.extended_at is not None:
            raise ExtendedOnce
        due = row.due_at + timedelta(days=_days(row.kind))
        await _step(conn, request_id, "extended", why, operator, extended_at=clock.now(), due_at=due)
        await _tell(conn, ways, row, _EXTENDED)
        return _told(await store.one(conn, request_id))


async def decide(ways: Ways, operator: Actor, request_id: str, asked: DecisionRequest) -> DataRequest:
    """What was done, or why not. Refuses NotFound, RequestDecided."""
    async with ways.db.begin() as conn:
        row = await _open(conn, request_id, operator)
        now = clock.now()
        values: dict[str, Any] = {"decided_at": now, "verdict": asked.verdict}
        if row.acknowledged_at is None:
            values["acknowledged_at"] = now
        await _step(conn, request_id, asked.verdict, asked.said, operator, **values)
        await _tell(conn, ways, row, _ANSWERED)
        return _told(await store.one(conn, request_id))


async def _open(conn: AsyncConnection, request_id: str, operator: Actor) -> Any:
    row = await store.one(conn, request_id)
    if row is None or row.kind == "close":
        # A closed account is erased by its clock, by nobody's word.
        raise NotFound
    if row.decided_at is not None:
        raise RequestDecided
    await reads.record(conn, operator, "data_request", row.account_id)
    return row


async def _tell(conn: AsyncConnection, ways: Ways, row: Any, status: Words) -> None:
    """The person hears that something was done; what was said is read at the page."""
    holder = await accounts.account(conn, ways.keys, row.account_id)
    await ways.post_office.send(
        conn,
        event="data-request",
        to=Recipient(
            account_id=holder.id, contacts=tuple(one.contact for one in holder.contacts), locale=holder.locale
        ),
        fields={"status": status, "link": f"{ways.settings.public_url}/account/data"},
        once_key=None,
    )


async def _add(conn: AsyncConnection, ways: Ways, account_id: str, kind: RequestKind, said: str) -> DataRequest:
    request_id, now = ids.new_id("drq"), clock.now()
    await store.add(
        conn,
        id=request_id,
        account_id=account_id,
        kind=kind,
        said=said,
        received_at=now,
        acknowledge_by=_working_days(ways.catalogue, now, policy().leaving.acknowledge_working_days),
        due_at=now + timedelta(days=_days(kind)),
        steps=[],
    )
    return _told(await store.one(conn, request_id))


async def _step(conn: AsyncConnection, request_id: str, what: str, said: str, by: Actor | None, **values: Any) -> None:
    step = Step(
        at=clock.now(),
        what=what,
        said=said,
        officer_id=None if by is None else by.account_id,
        office_id=None if by is None else by.office_id,
    )
    await store.change(conn, request_id, to_json(step), **values)


def _days(kind: RequestKind) -> int:
    terms = policy().leaving
    return {
        "export": terms.export_days,
        "correct": terms.correct_days,
        "object": terms.object_days,
        "restrict": terms.object_days,
        "delete": terms.delete_days,
        "close": terms.delete_days,
    }[kind]


def _working_days(catalogue: Catalogue, at: datetime, days: int) -> datetime:
    """The end of the last of so many working days after the day of receipt."""
    day = at.astimezone(clock.CITY).date()
    for _ in range(days):
        day = catalogue.calendar.next_working(day)
    return datetime.combine(day + timedelta(days=1), time(0), clock.CITY)


def _claim(keys: Keys, row: Any) -> ProvedClaim:
    value = msgspec.json.decode(secrets.unseal_claim(keys, row.id, row.value_sealed))
    return ProvedClaim(claim=row.claim, value=value, sources=tuple(row.sources), proved_at=row.proved_at)


def _told(row: Any) -> DataRequest:
    now = clock.now()
    late = (row.acknowledged_at or row.decided_at or now) > row.acknowledge_by or (row.decided_at or now) > row.due_at
    return DataRequest(
        id=row.id,
        account_id=row.account_id,
        kind=row.kind,
        said=row.said,
        received_at=row.received_at,
        acknowledge_by=row.acknowledge_by,
        due_at=row.due_at,
        acknowledged_at=row.acknowledged_at,
        extended_at=row.extended_at,
        decided_at=row.decided_at,
        verdict=row.verdict,
        overdue=late,
        steps=msgspec.convert(row.steps, list[Step]),
    )

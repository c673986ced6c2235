"""What may be one person twice, or a stolen number: a row for officers, never an answer to the citizen.

An alarm changes nothing by itself. It holds what the card proved, sealed, until an officer has decided or policy's time is over.
"""

import hmac
from datetime import timedelta
from typing import Any, Final

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from identity import accounts
from identity.consents import reads
from identity.proofing import policy as rules
from identity.proofing import store
from identity.proofing.messages import (
    Alarm,
    AlarmDecision,
    AlarmedAccount,
    AlarmKind,
    AlarmRow,
    AlarmVerdict,
    EvidencedClaim,
)
from identity.proofing.refusals import OwnCheck, ReasonMissing
from identity.proofing.sessions import Desk, reading_of
from kit import clock, ids, pin
from kit.actor import Actor
from kit.names import same_name
from kit.refusal import NotFound, Words

_PAGE: Final = 100

WORDS: Final[dict[AlarmKind, Words]] = {
    "number_in_use": Words(
        vi="Số trên thẻ đã có tài khoản với số điện thoại hoặc thư khác.",
        en="The card's number has an account with another phone or address.",
    ),
    "number_of_another": Words(
        vi="Số trên thẻ đã có tài khoản với họ tên, ngày sinh hoặc giới tính khác.",
        en="The card's number has an account with another name, birth date or sex.",
    ),
    "namesake": Words(
        vi="Một tài khoản có số khác mang cùng họ tên và ngày sinh.",
        en="An account under another number bears the same name and birth date.",
    ),
    "portrait_of_another": Words(
        vi="Ảnh chân dung trên thẻ đã thấy trên thẻ mang số khác.",
        en="The card's portrait was seen on a card with another number.",
    ),
    "selfie_of_another": Words(
        vi="Ảnh khuôn mặt gửi lên đã được dùng với thẻ mang số khác.",
        en="The selfie was used before with a card of another number.",
    ),
    "face_of_another": Words(
        vi="Khuôn mặt giống người có tài khoản khác đã đồng ý được bảo vệ.",
        en="The face is like that of another account's holder who asked for this to be watched.",
    ),
    "stranger_with_card": Words(
        vi="Người cầm thẻ đã dùng hết số lần thử mà khuôn mặt không khớp.",
        en="Whoever holds the card used all attempts, and the face did not match.",
    ),
    "register_disagrees": Words(
        vi="Cơ sở dữ liệu dân cư không xác nhận số, họ tên và ngày sinh trên thẻ.",
        en="The population register does not confirm number, name and birth date of the card.",
    ),
}


async def sound(
    desk: Desk, conn: AsyncConnection, session: Any, kind: AlarmKind, *, account_id: str | None = None
) -> None:
    """Raises an alarm about the card of this session; while one of its kind about this number is open, counts it there."""
    reading, now, alarm_id = reading_of(desk, session), clock.now(), ids.new_id("alm")
    claims = [
        EvidencedClaim(claim=claim, value=value, sources=sources, proved_at=session.card_at)
        for claim, value, sources in rules.claims(reading)
    ]
    subject = f"alarm/{kind}/{reading.confirmed('number')}/{account_id}".encode()
    await store.raise_alarm(
        conn,
        id=alarm_id,
        kind=kind,
        session_id=session.id,
        subject=hmac.digest(desk.keys.key("pins"), subject, "sha256"),
        claims_sealed=desk.seal(alarm_id, "claims", msgspec.json.encode(claims)),
        account_id=account_id,
        raised_at=now,
        expires_at=now + timedelta(days=rules.current().alarms.kept_days),
    )
    await store.add_event(conn, session.id, "alarm", {"kind": kind})


async def open_alarms(desk: Desk) -> list[AlarmRow]:
    """The oldest hundred that nobody has decided; nothing of a person."""
    async with desk.db.connect() as conn:
        rows = await store.open_alarms(conn, at=clock.now(), limit=_PAGE)
    return [_row(row) for row in rows]


async def look_at_alarm(desk: Desk, alarm_id: str, actor: Actor) -> Alarm:
    """What the card proved and the account it may touch; that the officer looked is recorded. Refuses NotFound, OwnCheck."""
    async with desk.db.begin() as conn:
        row = await store.open_alarm(conn, alarm_id, at=clock.now())
        if row is None:
            raise NotFound
        claims = msgspec.json.decode(desk.unseal(row.id, "claims", row.claims_sealed), type=list[EvidencedClaim])
        other = None if row.account_id is None else await accounts.account(conn, desk.keys, row.account_id)
        await _refuse_own(desk, conn, claims, other, actor)
        await _record(conn, row.session_id, "alarm-seen", {"kind": row.kind}, actor)
        session = await store.session(conn, row.session_id)
        # Who showed the card, once there is an account of theirs, and whom it may touch.
        for about in dict.fromkeys((row.account_id, None if session is None else session.account_id)):
            if about is not None:
                await reads.record(conn, actor, "alarm", about)
    return Alarm(alarm=_row(row), claims=claims, account=None if other is None else _shown(other))


async def decide_alarm(desk: Desk, alarm_id: str, decision: AlarmDecision, actor: Actor) -> AlarmVerdict:
    """One verdict, with the officer's reason; what was sealed is erased. Refuses NotFound, OwnCheck, ReasonMissing."""
    reason = decision.reason.strip()
    if not reason:
        raise ReasonMissing
    # Looking refuses whoever may not decide, and is recorded like every look.
    await look_at_alarm(desk, alarm_id, actor)
    async with desk.db.begin() as conn:
        row = await store.decide_alarm(
            conn,
            alarm_id,
            at=clock.now(),
            verdict=decision.verdict,
            reason=reason,
            officer_id=actor.account_id,
            office_id=actor.office_id,
        )
        if row is None:
            raise NotFound
        evidence = {"kind": row.kind, "verdict": decision.verdict, "reason": reason}
        await _record(conn, row.session_id, "alarm-decided", evidence, actor)
    return decision.verdict


async def _record(conn: AsyncConnection, session_id: str, kind: str, evidence: dict[str, Any], actor: Actor) -> None:
    await store.add_event(conn, session_id, kind, evidence, officer_id=actor.account_id, office_id=actor.office_id)


async def _refuse_own(
    desk: Desk, conn: AsyncConnection, claims: list[EvidencedClaim], other: accounts.Account | None, actor: Actor
) -> None:
    """As at the counter: a shared name is all there is to go by."""
    assert actor.account_id is not None
    officer = await accounts.account(conn, desk.keys, actor.account_id)
    named = [str(one.value) for one in claims if one.claim == "full_name"] + ([other.full_name] if other else [])
    if any(same_name(officer.full_name, name) for name in named):
        raise OwnCheck


def _row(row: Any) -> AlarmRow:
    return AlarmRow(id=row.id, kind=row.kind, words=WORDS[row.kind], times=row.times, raised_at=row.raised_at)


def _shown(account: accounts.Account) -> AlarmedAccount:
    return AlarmedAccount(
        full_name=account.full_name,
        date_of_birth=account.date_of_birth,
        pin_masked=None if account.pin is None else pin.mask(account.pin),
        level=account.level,
        opened_at=account.created_at,
    )

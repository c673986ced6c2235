"""What the evidence comes to: the account it opens or finds, and the code that lets the device in."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from identity import accounts, tokens
from identity.proofing import alarms, reviewing, store
from identity.proofing import policy as rules
from identity.proofing.confirming import ask_register
from identity.proofing.messages import AccountReply, AlarmKind
from identity.proofing.refusals import CardOfAnother, EvidenceShort, WrongState
from identity.proofing.register import Confirmation
from identity.proofing.sessions import Desk, next_step, ongoing, reading_of, refuse_unless
from kit import clock, ids
from kit.refusal import Refusal
from notifications import Contact, Recipient
from ocr import CardReading


async def open_account(desk: Desk, session_id: str) -> AccountReply:
    """Opens the account the evidence proves, or finds the person's own; asked again, answers with a new check code.

    What was left to an officer is handed to one instead: the account opens with their word (`open_by`).
    Refuses CardOfAnother, EvidenceShort, RegisterDisagrees, WrongState and what `accounts.open_or_find` refuses.
    """
    try:
        confirmed = await ask_register(desk, session_id)
        async with desk.db.begin() as conn:
            session = await ongoing(conn, session_id, lock=True)
            if session.account_at is not None:
                account = await accounts.account(conn, desk.keys, session.account_id)
                return await _account_reply(desk, conn, session, account)
            refuse_unless(session, "account")
            if session.review_at is not None:
                return await _hand_over(desk, conn, session, confirmed)
            account, claims = await _open(desk, conn, session, confirmed, at=clock.now())
            return await _account_reply(desk, conn, session, account, claims=claims)
    except Refusal as refusal:
        if refusal.code in ("wrong-state", "proofing-session-over"):
            raise
        async with desk.db.begin() as conn:
            await store.add_event(conn, session_id, "account-refused", {"code": refusal.code})
            await _sound_alarm(desk, conn, session_id, refusal)
        raise


_DOUBTS: dict[type[Refusal], AlarmKind] = {
    accounts.AccountHasOtherContact: "number_in_use",
    accounts.IdentityConflict: "number_of_another",
}


async def _sound_alarm(desk: Desk, conn: AsyncConnection, session_id: str, refusal: Refusal) -> None:
    """What a person with the right card and face is refused for may be somebody with a stolen number and a good mask."""
    kind, session = _DOUBTS.get(type(refusal)), await store.session(conn, session_id)
    if kind is None or session is None or session.reading_sealed is None:
        return
    if session.for_account_id is not None:
        # Signed in to that very account: somebody with a new phone.
        return
    number = reading_of(desk, session).confirmed("number")
    other = None if number is None else await accounts.by_pin(conn, desk.keys, number)
    await alarms.sound(desk, conn, session, kind, account_id=None if other is None else other.id)


async def open_by(desk: Desk, conn: AsyncConnection, session: Any, officer: reviewing.Word) -> accounts.Account:
    """Opens, with the officer's word, the account of a session that was left to one. Refuses as `open_account` does."""
    account, _ = await _open(desk, conn, session, None, at=clock.now(), officer=officer)
    return account


async def _open(
    desk: Desk,
    conn: AsyncConnection,
    session: Any,
    confirmed: Confirmation | None,
    *,
    at: datetime,
    officer: reviewing.Word | None = None,
) -> tuple[accounts.Account, list[accounts.ProvedClaim]]:
    policy = rules.current()
    # Every proof has its step, and a step is passed only when its rule holds; the card's dates are asked once more.
    reading = reading_of(desk, session)
    # Who compares the faces is the machine or an officer; an officer who has the person before them proves one thing more.
    level = policy.level(("card", "face", "contact", *(("officer",) if officer and officer.in_person else ())))
    if (
        level < 1
        or session.contact_at is None
        or rules.shortfalls(policy.card, reading, has_portrait=True, today=clock.today())
    ):
        raise EvidenceShort
    if session.for_account_id is not None:
        # The number decides whose account it is: another's card must not be proven under this sign-in.
        signed_in = await accounts.account(conn, desk.keys, session.for_account_id)
        if signed_in.pin != reading.confirmed("number"):
            raise CardOfAnother
    contact = msgspec.json.decode(desk.unseal(session.id, "contact", session.contact_sealed), type=Contact)
    claims = officer.claims if officer else _claims(session, reading, confirmed)
    judged = await store.judged_liveness(conn, session.id)
    account = await accounts.open_or_find(
        conn,
        desk.keys,
        claims=claims,
        contact=contact,
        level=level,
        evidence={
            "session": session.id,
            "policy": policy.in_force_from.isoformat(),
            "card": {**rules.verdicts(reading), "at": session.card_at.isoformat()},
            "face": {"at": session.selfie_at.isoformat()} if officer is None else officer.evidence(at),
            # Beside what proves: it counts for no level.
            "liveness": [{**event.evidence, "at": event.at.isoformat()} for event in judged],
            "register": None if confirmed is None else {**confirmed.evidence(), "at": at.isoformat()},
            "contact": {"kind": contact.kind, "at": session.contact_at.isoformat()},
        },
        at=at,
        until=policy.lasts_until(level, reading.day("date_of_expiry"), today=clock.today()),
        locale=session.locale,
        actor=None if officer is None else officer.actor,
    )
    assert account.pin is not None
    assert account.date_of_birth is not None
    for other in await accounts.namesakes(
        conn, desk.keys, full_name=account.full_name, date_of_birth=account.date_of_birth, pin=account.pin
    ):
        await alarms.sound(desk, conn, session, "namesake", account_id=other)
    await store.erase(conn, session.id, at=at)
    await store.change(conn, session.id, account_id=account.id, account_at=at)
    await store.add_event(conn, session.id, "account-opened", {"account_id": account.id, "level": account.level})
    await desk.post_office.send(
        conn,
        event="account-opened",
        to=Recipient(account_id=account.id, contacts=(contact,), locale=session.locale),
        fields={"level": str(account.level), "link": desk.settings.public_url},
        once_key=f"account-opened:{session.id}",
    )
    return account, claims


def _claims(session: Any, reading: CardReading, confirmed: Confirmation | None) -> list[accounts.ProvedClaim]:
    """What the card proves; what the register said is later, so where both speak the register's counts."""
    claims = [
        accounts.ProvedClaim(claim=claim, value=value, sources=sources, proved_at=session.card_at)
        for claim, value, sources in rules.claims(reading)
    ]
    return claims if confirmed is None else [*claims, *confirmed.claims]


async def _hand_over(desk: Desk, conn: AsyncConnection, session: Any, confirmed: Confirmation | None) -> AccountReply:
    """To an officer, with a code for the counter; while it waits, what the session holds is kept."""
    review = rules.current().review
    lifetime = timedelta(hours=review.hours)
    until = clock.now() + lifetime
    by_photos = reviewing.by_photos(session)
    claims = msgspec.json.encode(_claims(session, reading_of(desk, session), confirmed))
    held = await store.check_of(conn, session.id)
    code = await _put_check(
        conn,
        session.id,
        account_id=None,
        review_id=((held and held.review_id) or ids.new_id("rev")) if by_photos else None,
        claims_sealed=desk.seal(session.id, "claims", claims),
        expires_at=until,
    )
    await store.change(conn, session.id, expires_at=until)
    await store.add_event(conn, session.id, "review-waiting", {"reasons": session.review_reasons})
    return AccountReply(
        level=0,
        acr=None,
        check_code=code,
        check_code_expires_in=int(lifetime.total_seconds()),
        by_photos=by_photos,
    )


async def _account_reply(
    desk: Desk,
    conn: AsyncConnection,
    session: Any,
    account: accounts.Account,
    *,
    claims: Sequence[accounts.ProvedClaim] | None = None,
) -> AccountReply:
    policy = rules.current()
    acr = policy.uri(account.level)
    check = await store.check_of(conn, session.id)
    highest = policy.level(("card", "face", "contact", "officer"))
    # Who came back to prove themselves again may lengthen the level they have.
    nothing_more = account.level >= highest and session.for_account_id is None
    if nothing_more or (check and check.decided_at):
        return AccountReply(level=account.level, acr=acr, check_code=None, check_code_expires_in=None)
    lifetime = timedelta(hours=policy.lifetimes.check_code_hours)
    sealed = check.claims_sealed if check else desk.seal(session.id, "claims", msgspec.json.encode(claims or []))
    code = await _put_check(
        conn, session.id, account_id=account.id, claims_sealed=sealed, expires_at=clock.now() + lifetime
    )
    return AccountReply(
        level=account.level, acr=acr, check_code=code, check_code_expires_in=int(lifetime.total_seconds())
    )


async def _put_check(conn: AsyncConnection, session_id: str, **values: Any) -> str:
    """The code that opens it, told to the citizen alone."""
    code = ids.spoken_code()
    await store.put_check(conn, session_id=session_id, code_digest=ids.digest(code), created_at=clock.now(), **values)
    return code


async def authorize(desk: Desk, session_id: str) -> tokens.AuthorizationReply:
    """A single-use code for the token endpoint, for the device key of the session. Refuses WrongState."""
    now = clock.now()
    async with desk.db.begin() as conn:
        session = await ongoing(conn, session_id, lock=True)
        if session.account_at is None:
            raise WrongState(next=next_step(session))
        code = await desk.issuer.issue_code(
            conn,
            client_id=session.client_id,
            account_id=session.account_id,
            code_challenge=session.code_challenge,
            jkt=session.jkt,
            scope=session.scope,
            # RFC 8176: faces that an officer compared are no biometric sign-in.
            amr=("otp", "pop") if session.selfie_at is None else ("face", "otp", "pop"),
            auth_time=now,
            nonce=session.nonce,
        )
        await accounts.record_sign_in(
            conn,
            account_id=session.account_id,
            method="card_and_face",
            outcome="signed_in",
            client_id=session.client_id,
            jkt=session.jkt,
            address=None,
            at=now,
        )
        await store.change(conn, session_id, authorized_at=now)
        await store.add_event(conn, session_id, "authorized", {})
    return desk.issuer.authorization_reply(code)

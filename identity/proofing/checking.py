"""The officer's check: the card on the counter, the person before it, the claims on the screen; then level 2, or a reason.

What the machine left to an officer is checked alike, before there is an account; by photos it comes to level 1.
"""

from datetime import date
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from identity import accounts
from identity.proofing import policy as rules
from identity.proofing import reviewing, store
from identity.proofing.alarms import WORDS
from identity.proofing.concluding import open_by
from identity.proofing.messages import (
    AlarmSeen,
    Check,
    CheckReply,
    CheckRequest,
    EvidencedClaim,
    EvidenceSeen,
    Verdict,
)
from identity.proofing.refusals import CheckCodeUnknown, OwnCheck, ReasonMissing
from identity.proofing.sessions import Desk
from identity.proofing.watching import seen_by_machine
from kit import clock, ids
from kit.actor import Actor
from kit.names import same_name
from kit.refusal import NotFound
from notifications import Contact, Recipient


async def look_at_check(desk: Desk, check_code: str, actor: Actor) -> Check:
    """What a check code opens for an officer; that they looked is recorded. Refuses CheckCodeUnknown, OwnCheck."""
    return await _look(desk, await _by_code(desk, check_code), actor)


async def look_at_review(desk: Desk, review_id: str, actor: Actor) -> Check:
    """The same for a comparison that photos are enough for. Refuses NotFound, OwnCheck."""
    return await _look(desk, await _by_review(desk, review_id), actor)


async def decide_check(desk: Desk, check_code: str, request: CheckRequest, actor: Actor) -> CheckReply:
    """One verdict per code, by an officer who has card and person before them.

    Refuses CheckCodeUnknown, OwnCheck, ReasonMissing, and what opening an account refuses.
    """
    return await _decide(desk, await _by_code(desk, check_code), request, actor, in_person=True)


async def decide_review(desk: Desk, review_id: str, request: CheckRequest, actor: Actor) -> CheckReply:
    """The same by the photos: confirmed means the level a machine would have given. Refuses NotFound and as `decide_check`."""
    return await _decide(desk, await _by_review(desk, review_id), request, actor, in_person=False)


async def _look(desk: Desk, check: Any, actor: Actor) -> Check:
    claims = reviewing.claims_of(desk, check)
    async with desk.db.begin() as conn:
        account = await _account(desk, conn, check)
        await _refuse_own(desk, conn, account, claims, actor)
        happened = await store.events(conn, check.session_id)
        raised = await store.alarms_of(conn, check.session_id)
        session = await store.session(conn, check.session_id)
        assert session is not None
        await store.add_event(
            conn, check.session_id, "check-seen", {}, officer_id=actor.account_id, office_id=actor.office_id
        )
    judged = [event for event in happened if event.kind == "liveness-judged"]
    return Check(
        claims=[EvidencedClaim(one.claim, one.value, one.sources, one.proved_at) for one in claims],
        evidence=[seen for event in happened if (seen := _evidence(event)) is not None],
        liveness=seen_by_machine(judged, card_version=session.card_version),
        alarms=[
            AlarmSeen(kind=one.kind, words=WORDS[one.kind], verdict=one.verdict, raised_at=one.raised_at)
            for one in raised
        ],
        reasons=session.review_reasons or [],
        level=0 if account is None else account.level,
        opened_at=check.created_at,
        expires_at=check.expires_at,
    )


async def _decide(desk: Desk, seen: Any, request: CheckRequest, actor: Actor, *, in_person: bool) -> CheckReply:
    reason = request.reason.strip()
    if not reason:
        raise ReasonMissing
    # The verdict erases the claims it is given on.
    claims = reviewing.claims_of(desk, seen)
    async with desk.db.begin() as conn:
        # In this order everywhere: a citizen who asks for a new code holds the session first.
        session = await store.session(conn, seen.session_id, lock=True)
        check = await store.decide_check(
            conn,
            seen.session_id,
            at=clock.now(),
            verdict=request.verdict,
            reason=reason,
            officer_id=actor.account_id,
            office_id=actor.office_id,
        )
        if session is None or check is None:
            raise CheckCodeUnknown
        account = await _account(desk, conn, check)
        await _refuse_own(desk, conn, account, claims, actor)
        await store.add_event(
            conn,
            check.session_id,
            f"check-{request.verdict}",
            {"reason": reason},
            officer_id=actor.account_id,
            office_id=actor.office_id,
        )
        if account is None:
            word = reviewing.Word(actor, reason, in_person, claims, session.review_reasons)
            return await _decide_newcomer(desk, conn, session, request.verdict, word)
        if request.verdict == "refused":
            return CheckReply(verdict="refused", level=account.level)
        return await _raise(desk, conn, account, session.id, claims, reason, actor)


async def _raise(
    desk: Desk,
    conn: AsyncConnection,
    account: accounts.Account,
    session_id: str,
    claims: list[accounts.ProvedClaim],
    reason: str,
    actor: Actor,
) -> CheckReply:
    policy, now = rules.current(), clock.now()
    level = policy.level(("card", "face", "contact", "officer"))
    until = policy.lasts_until(level, _card_expires_on(claims), today=clock.today())
    evidence = {"session": session_id, "officer": {"reason": reason, "at": now.isoformat()}}
    await accounts.raise_level(conn, account.id, level, evidence, actor, until=until)
    await desk.post_office.send(
        conn,
        event="level-raised",
        to=Recipient(
            account_id=account.id, contacts=tuple(held.contact for held in account.contacts), locale=account.locale
        ),
        fields={"level": str(level), "link": desk.settings.public_url},
        once_key=f"level-raised:{session_id}",
    )
    return CheckReply(verdict="confirmed", level=level)


async def _decide_newcomer(
    desk: Desk, conn: AsyncConnection, session: Any, verdict: Verdict, word: reviewing.Word
) -> CheckReply:
    """Who has no account before an officer's word: it opens with a yes, and with a no everything sealed is erased."""
    if verdict == "confirmed":
        return CheckReply(verdict="confirmed", level=(await open_by(desk, conn, session, word)).level)
    contact = msgspec.json.decode(desk.unseal(session.id, "contact", session.contact_sealed), type=Contact)
    await store.erase(conn, session.id, at=clock.now())
    await desk.post_office.send(
        conn,
        event="check-refused",
        to=Recipient(account_id=None, contacts=(contact,), locale=session.locale),
        fields={"link": desk.settings.public_url},
        once_key=f"check-refused:{session.id}",
    )
    return CheckReply(verdict="refused", level=0)


async def _by_code(desk: Desk, check_code: str) -> Any:
    async with desk.db.connect() as conn:
        check = await store.open_check(conn, _digest(check_code), at=clock.now())
    if check is None:
        raise CheckCodeUnknown
    return check


async def _by_review(desk: Desk, review_id: str) -> Any:
    async with desk.db.connect() as conn:
        check = await store.open_review(conn, review_id, at=clock.now())
    if check is None:
        raise NotFound
    return check


async def _account(desk: Desk, conn: AsyncConnection, check: Any) -> accounts.Account | None:
    return None if check.account_id is None else await accounts.account(conn, desk.keys, check.account_id)


async def _refuse_own(
    desk: Desk,
    conn: AsyncConnection,
    account: accounts.Account | None,
    claims: list[accounts.ProvedClaim],
    actor: Actor,
) -> None:
    """An officer's working account holds no personal number, so a shared name is all there is to go by."""
    assert actor.account_id is not None
    officer = await accounts.account(conn, desk.keys, actor.account_id)
    named = [str(one.value) for one in claims if one.claim == "full_name"]
    if account is not None:
        named.append(account.full_name)
    if (account is not None and officer.id == account.id) or any(same_name(officer.full_name, one) for one in named):
        raise OwnCheck


def _evidence(event: Any) -> EvidenceSeen | None:
    """What an event proved or left open, without scores; None for what is no evidence."""
    said = event.evidence
    match event.kind:
        case "card-read" | "card-short":
            return EvidenceSeen(proof="card", outcome=said["decision"], by=said["document"], at=event.at)
        case "selfie-matched" | "selfie-not-matched":
            return EvidenceSeen(
                proof="face", outcome=said["decision"], by=f"{said['model']} {said['calibration']}", at=event.at
            )
        case "liveness-judged":
            return EvidenceSeen(proof="liveness", outcome=said["decision"], by=said["policy"], at=event.at)
        case "contact-proven":
            return EvidenceSeen(proof="contact", outcome="proven", by="one-time-code", at=event.at)
        case "register-asked":
            return EvidenceSeen(proof="register", outcome=said["answer"], by=said["source"], at=event.at)
        case _:
            return None


def _card_expires_on(claims: list[accounts.ProvedClaim]) -> date | None:
    """As the card said; a claim that was not believed bounds nothing, and then policy's own line does."""
    said = next((claim.value for claim in claims if claim.claim == "card_expires_on"), None)
    return None if said is None else date.fromisoformat(said)


def _digest(check_code: str) -> bytes:
    """As it is read out: any case, with or without breaks."""
    return ids.digest(check_code.upper().replace("-", "").replace(" ", ""))

"""The officer's check: the card on the counter, the person before it, the claims on the screen; then level 2, or a reason."""

from datetime import date
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from identity import accounts
from identity.consents import reads
from identity.proofing import policy as rules
from identity.proofing import store
from identity.proofing.alarms import WORDS
from identity.proofing.messages import AlarmSeen, Check, CheckReply, CheckRequest, EvidencedClaim, EvidenceSeen
from identity.proofing.refusals import CheckCodeUnknown, OwnCheck, ReasonMissing
from identity.proofing.sessions import Desk
from identity.proofing.watching import seen_by_machine
from kit import clock, ids
from kit.actor import Actor
from kit.names import same_name
from notifications import Recipient


async def look_at_check(desk: Desk, check_code: str, actor: Actor) -> Check:
    """What a check code opens for an officer; that they looked is recorded. Refuses CheckCodeUnknown, OwnCheck."""
    async with desk.db.begin() as conn:
        check = await store.open_check(conn, _digest(check_code), at=clock.now())
        if check is None:
            raise CheckCodeUnknown
        account = await accounts.account(conn, desk.keys, check.account_id)
        await _refuse_own(desk, conn, account, actor)
        happened = await store.events(conn, check.session_id)
        raised = await store.alarms_of(conn, check.session_id)
        session = await store.session(conn, check.session_id)
        assert session is not None
        await store.add_event(
            conn, check.session_id, "check-seen", {}, officer_id=actor.account_id, office_id=actor.office_id
        )
        await reads.record(conn, actor, "check", account.id)
    judged = [event for event in happened if event.kind == "liveness-judged"]
    return Check(
        claims=_claims(desk, check),
        evidence=[seen for event in happened if (seen := _evidence(event)) is not None],
        liveness=seen_by_machine(judged, card_version=session.card_version),
        alarms=[
            AlarmSeen(kind=one.kind, words=WORDS[one.kind], verdict=one.verdict, raised_at=one.raised_at)
            for one in raised
        ],
        level=account.level,
        opened_at=check.created_at,
        expires_at=check.expires_at,
    )


async def decide_check(desk: Desk, check_code: str, request: CheckRequest, actor: Actor) -> CheckReply:
    """One verdict per code, with the officer's reason. Refuses CheckCodeUnknown, OwnCheck, ReasonMissing."""
    reason = request.reason.strip()
    if not reason:
        raise ReasonMissing
    policy, now = rules.current(), clock.now()
    async with desk.db.begin() as conn:
        seen = await store.open_check(conn, _digest(check_code), at=now)
        claims = [] if seen is None else _claims(desk, seen)
        check = await store.decide_check(
            conn,
            _digest(check_code),
            at=now,
            verdict=request.verdict,
            reason=reason,
            officer_id=actor.account_id,
            office_id=actor.office_id,
        )
        if check is None:
            raise CheckCodeUnknown
        account = await accounts.account(conn, desk.keys, check.account_id)
        await _refuse_own(desk, conn, account, actor)
        await reads.record(conn, actor, "check", account.id)
        await store.add_event(
            conn,
            check.session_id,
            f"check-{request.verdict}",
            {"reason": reason},
            officer_id=actor.account_id,
            office_id=actor.office_id,
        )
        if request.verdict == "refused":
            return CheckReply(verdict="refused", level=account.level)
        level = policy.level(("card", "face", "contact", "officer"))
        # The verdict erased the claims it was given on.
        until = policy.lasts_until(level, _card_expires_on(claims), today=clock.today())
        evidence = {"session": check.session_id, "officer": {"reason": reason, "at": now.isoformat()}}
        await accounts.raise_level(conn, account.id, level, evidence, actor, until=until)
        await desk.post_office.send(
            conn,
            event="level-raised",
            to=Recipient(
                account_id=account.id, contacts=tuple(held.contact for held in account.contacts), locale=account.locale
            ),
            fields={"level": str(level), "link": desk.settings.public_url},
            once_key=f"level-raised:{check.session_id}",
        )
    return CheckReply(verdict="confirmed", level=level)


async def _refuse_own(desk: Desk, conn: AsyncConnection, account: accounts.Account, actor: Actor) -> None:
    """An officer's working account holds no personal number, so a shared name is all there is to go by."""
    assert actor.account_id is not None
    officer = await accounts.account(conn, desk.keys, actor.account_id)
    if officer.id == account.id or same_name(officer.full_name, account.full_name):
        raise OwnCheck


def _claims(desk: Desk, check: Any) -> list[EvidencedClaim]:
    return msgspec.json.decode(desk.unseal(check.session_id, "claims", check.claims_sealed), type=list[EvidencedClaim])


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


def _card_expires_on(claims: list[EvidencedClaim]) -> date | None:
    """As the card said; a claim that was not believed bounds nothing, and then policy's own line does."""
    said = next((claim.value for claim in claims if claim.claim == "card_expires_on"), None)
    return None if said is None else date.fromisoformat(said)


def _digest(check_code: str) -> bytes:
    """As it is read out: any case, with or without breaks."""
    return ids.digest(check_code.upper().replace("-", "").replace(" ", ""))

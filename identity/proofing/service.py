"""The verbs of a proofing session: open, read the card, match the selfie, prove a contact, open the account, let in."""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

import ocr
from identity import accounts, faces, tokens
from identity.proofing import policy as rules
from identity.proofing import store
from identity.proofing.messages import (
    STEPS,
    AccountReply,
    Advice,
    CardReply,
    ContactReply,
    ContactRequest,
    Progress,
    SelfieReply,
    SessionReply,
    SessionRequest,
    Step,
    StepDone,
)
from identity.proofing.refusals import (
    CardAttemptsUsed,
    EvidenceShort,
    FaceDoesNotMatch,
    FaceUnsure,
    NotAContact,
    PhotoMissing,
    SelfieAttemptsUsed,
    SessionOver,
    WrongCode,
    WrongState,
)
from kit import clock, crypto, ids
from kit.db import Database
from kit.keys import Keys
from kit.limits import Limits
from kit.pool import InferencePool
from kit.refusal import NotFound, Refusal
from kit.settings import Settings
from notifications import Contact, PostOffice, Recipient
from ocr import CardReading

_PASSED_AT: dict[Step, str] = {
    "card": "card_at",
    "selfie": "selfie_at",
    "contact": "contact_at",
    "account": "account_at",
    "authorization": "authorized_at",
}


@dataclass(frozen=True, slots=True)
class Desk:
    """What the verbs stand on."""

    db: Database
    keys: Keys
    pool: InferencePool
    post_office: PostOffice
    issuer: tokens.Issuer
    settings: Settings
    limits: Limits

    def seal(self, session_id: str, what: str, plain: bytes) -> bytes:
        return crypto.seal(self._key(what), plain, f"{session_id}/{what}".encode())

    def unseal(self, session_id: str, what: str, sealed: bytes) -> bytes:
        return crypto.unseal(self._key(what), sealed, f"{session_id}/{what}".encode())

    def code_mac(self, session_id: str, code: str) -> bytes:
        """Six digits have no secrecy of their own: a plain digest in a stolen dump could be tried out in a second."""
        return hmac.digest(self.keys.key("contacts"), f"{session_id}/{code}".encode(), "sha256")

    def card_mac(self, reading: CardReading) -> str:
        """The same for the same card in every session, and nothing to who steals it."""
        return hmac.digest(self.keys.key("pins"), f"card/{reading.confirmed('number')}".encode(), "sha256").hex()

    def _key(self, what: str) -> bytes:
        return self.keys.key({"portrait": "faces", "contact": "contacts"}.get(what, "pins"))


async def open_session(desk: Desk, request: SessionRequest, *, jkt: str) -> SessionReply:
    """For a first-party app and one device key. Refuses UnknownClient, BadChallenge."""
    tokens.check_challenge(request.code_challenge, request.code_challenge_method)
    session_id, now = ids.new_id("prf"), clock.now()
    lifetime = timedelta(minutes=rules.current().lifetimes.session_minutes)
    async with desk.db.begin() as conn:
        token = await desk.issuer.proofing_token(conn, session_id=session_id, client_id=request.client_id, jkt=jkt)
        await store.add_session(
            conn,
            id=session_id,
            client_id=request.client_id,
            jkt=jkt,
            code_challenge=request.code_challenge,
            scope=request.scope,
            nonce=request.nonce,
            locale=request.locale,
            created_at=now,
            expires_at=now + lifetime,
        )
        await store.add_event(conn, session_id, "opened", {"client_id": request.client_id})
    return SessionReply(id=session_id, proofing_token=token, expires_in=int(lifetime.total_seconds()), steps=STEPS)


async def progress(desk: Desk, session_id: str) -> Progress:
    attempts = rules.current().attempts
    async with desk.db.connect() as conn:
        session = await _session(conn, session_id)
    return Progress(
        id=session_id,
        steps=[StepDone(name=step, passed_at=getattr(session, column)) for step, column in _PASSED_AT.items()],
        next=_next(session),
        expires_in=_seconds_until(session.expires_at),
        card_attempts_left=max(0, attempts.card - session.card_tries),
        selfie_attempts_left=max(0, attempts.selfie - session.selfie_tries),
    )


async def read_card(desk: Desk, session_id: str, front: bytes, back: bytes) -> CardReply:
    """Front and back of one card. Refuses what `ocr` says of photos, WrongState, CardAttemptsUsed.

    Another card may follow until a selfie has matched; it takes the place of the earlier one.
    """
    for name, photo in (("front", front), ("back", back)):
        if not photo:
            raise PhotoMissing(field=name)
    policy = rules.current()
    async with desk.db.begin() as conn:
        session = await _session(conn, session_id)
        _refuse_unless(session, "card", "selfie")
        if await store.count_try(conn, session_id, "card_tries", at_most=policy.attempts.card) is None:
            raise CardAttemptsUsed
    photos = [hashlib.sha256(photo).hexdigest() for photo in (front, back)]
    try:
        card = await desk.pool.run(ocr.read_card_with_portrait, front, back)
    except Refusal as refusal:
        async with desk.db.begin() as conn:
            await store.add_event(conn, session_id, "card-refused", {"code": refusal.code, "photos": photos})
            if refusal.status >= 500:
                await store.give_back_try(conn, session_id, "card_tries")
        raise
    missing = rules.shortfalls(policy.card, card.reading, has_portrait=card.portrait is not None, today=clock.today())
    async with desk.db.begin() as conn:
        session = await _session(conn, session_id, lock=True)
        _refuse_unless(session, "card", "selfie")
        await store.change(
            conn, session_id, card_version=session.card_version + 1, **_kept(desk, session_id, card, missing)
        )
        await store.add_event(
            conn,
            session_id,
            "card-short" if missing else "card-read",
            {"photos": photos, **_verdicts(card.reading), "shortfalls": [[one.field, one.code] for one in missing]},
        )
    return CardReply(
        reading=card.reading,
        decision=card.reading.decision,
        passed=not missing,
        shortfalls=missing,
        next="card" if missing else "selfie",
    )


def _kept(desk: Desk, session_id: str, card: ocr.Card, missing: Sequence[object]) -> dict[str, Any]:
    """Columns after a reading: the card that passed, or nothing at all."""
    if missing or card.portrait is None:
        return {"card_at": None, "reading_sealed": None, "portrait_sealed": None}
    return {
        "card_at": clock.now(),
        "reading_sealed": desk.seal(session_id, "reading", msgspec.json.encode(card.reading)),
        "portrait_sealed": desk.seal(session_id, "portrait", card.portrait),
    }


def _verdicts(reading: CardReading) -> dict[str, Any]:
    """How each field was proven, without what it says."""
    return {
        "document": reading.document.kind,
        "decision": reading.decision,
        "fields": {
            name: {
                "status": field.status,
                "sources": [source.source for source in field.sources],
                "reasons": list(field.reasons),
            }
            for name, field in reading.fields.items()
        },
    }


async def match_selfie(desk: Desk, session_id: str, selfie: bytes) -> SelfieReply:
    """Against the portrait of this session's card. Refuses what `faces` says of photos, FaceDoesNotMatch, FaceUnsure,
    SelfieAttemptsUsed, TooMany, WrongState."""
    if not selfie:
        raise PhotoMissing(field="selfie")
    policy = rules.current()
    async with desk.db.begin() as conn:
        session = await _session(conn, session_id)
        _refuse_unless(session, "selfie")
        # Counted and committed before anything is compared: a caller that hangs up early has used its attempt.
        tries = await store.count_try(conn, session_id, "selfie_tries", at_most=policy.attempts.selfie)
    if tries is None:
        raise SelfieAttemptsUsed
    portrait = desk.unseal(session_id, "portrait", session.portrait_sealed)
    try:
        seen = await desk.pool.run(faces.compare, portrait, selfie)
        # Before anything is told: five guesses a session are as many as one likes when sessions cost nothing.
        await desk.limits.hit("face-of-card", desk.card_mac(_reading(desk, session)))
    except Refusal as refusal:
        async with desk.db.begin() as conn:
            await store.add_event(
                conn,
                session_id,
                "selfie-refused",
                {"code": refusal.code, "selfie_sha256": hashlib.sha256(selfie).hexdigest()},
            )
            # A blurred photo told nobody anything. A copy of the portrait was an attempt to deceive.
            if refusal.code != "same-image-as-card":
                await store.give_back_try(conn, session_id, "selfie_tries")
        raise
    decision = seen.decision
    if decision == "match" and desk.settings.environment == "production" and not faces.measured():
        # Lines that are only assumed let nobody in by themselves: an officer compares.
        decision = "unsure"
    evidence = {
        "decision": decision,
        "seen": seen.decision,
        "score": seen.score,
        "model": seen.model,
        "calibration": seen.calibration,
        "selfie_sha256": seen.selfie_sha256.hex(),
        "tips": [tip.code for tip in seen.tips],
    }
    matched = decision in policy.face.decisions
    async with desk.db.begin() as conn:
        now = await _session(conn, session_id, lock=True)
        if now.card_version != session.card_version:
            raise WrongState(next=_next(now))
        _refuse_unless(now, "selfie")
        await store.add_event(conn, session_id, "selfie-matched" if matched else "selfie-not-matched", evidence)
        if matched:
            # The portrait has done its work.
            await store.change(conn, session_id, selfie_at=clock.now(), portrait_sealed=None)
    if not matched:
        attempts_left = policy.attempts.selfie - tries
        raise (FaceDoesNotMatch if decision == "no_match" else FaceUnsure)(attempts_left=attempts_left)
    return SelfieReply(
        decision="match", tips=[Advice(code=tip.code, message=tip.message) for tip in seen.tips], next="contact"
    )


def contact_asked(request: ContactRequest) -> Contact:
    """Refuses NotAContact."""
    if (request.phone is None) == (request.email is None):
        raise NotAContact
    contact = accounts.contact.parse(request.phone or request.email or "")
    if contact is None or contact.kind != ("phone" if request.phone is not None else "email"):
        raise NotAContact
    return contact


async def ask_contact(desk: Desk, session_id: str, contact: Contact) -> ContactReply:
    """Sends a one-time code there; an earlier code of the session is void. Refuses WrongState, NoWayToReach."""
    lifetime = timedelta(minutes=rules.current().lifetimes.code_minutes)
    code = ids.one_time_code()
    async with desk.db.begin() as conn:
        session = await _session(conn, session_id, lock=True)
        _refuse_unless(session, "contact", "account")
        await store.change(
            conn,
            session_id,
            contact_sealed=desk.seal(session_id, "contact", msgspec.json.encode(contact)),
            contact_at=None,
            code_mac=desk.code_mac(session_id, code),
            code_tries=0,
            code_expires_at=clock.now() + lifetime,
        )
        await desk.post_office.send(
            conn,
            event="one-time-code",
            to=Recipient(account_id=None, contacts=(contact,), locale=session.locale),
            fields={"code": code, "minutes": str(int(lifetime.total_seconds() // 60))},
            once_key=None,
        )
        await store.add_event(conn, session_id, "contact-asked", {"kind": contact.kind})
    return ContactReply(sent_to=accounts.contact.mask(contact), expires_in=int(lifetime.total_seconds()))


async def prove_contact(desk: Desk, session_id: str, code: str) -> Step:
    """Refuses WrongCode (five times at most per code), WrongState."""
    async with desk.db.begin() as conn:
        # Locked: a code of one phone must not prove another that is being put in its place at this moment.
        session = await _session(conn, session_id, lock=True)
        _refuse_unless(session, "contact")
        if session.code_mac is None:
            raise WrongState(next="contact")
        tries = await store.count_try(conn, session_id, "code_tries", at_most=rules.current().attempts.code)
        right = (
            tries is not None
            and session.code_expires_at > clock.now()
            and hmac.compare_digest(session.code_mac, desk.code_mac(session_id, code))
        )
        if right:
            await store.change(conn, session_id, contact_at=clock.now(), code_mac=None, code_expires_at=None)
        await store.add_event(conn, session_id, "contact-proven" if right else "contact-code-wrong", {})
    if not right:
        raise WrongCode
    return "account"


async def open_account(desk: Desk, session_id: str) -> AccountReply:
    """Opens the account the evidence proves, or finds the person's own; asked again, answers with a new check code.

    Refuses EvidenceShort, WrongState and what `accounts.open_or_find` refuses.
    """
    try:
        async with desk.db.begin() as conn:
            session = await _session(conn, session_id, lock=True)
            if session.account_at is not None:
                account = await accounts.account(conn, desk.keys, session.account_id)
                return await _account_reply(desk, conn, session, account)
            _refuse_unless(session, "account")
            return await _open_account(desk, conn, session)
    except Refusal as refusal:
        if refusal.code in ("wrong-state", "proofing-session-over"):
            raise
        async with desk.db.begin() as conn:
            await store.add_event(conn, session_id, "account-refused", {"code": refusal.code})
        raise


async def _open_account(desk: Desk, conn: AsyncConnection, session: Any) -> AccountReply:
    policy, now = rules.current(), clock.now()
    # Every proof has its step, and a step is passed only when its rule holds; the card's dates are asked once more.
    reading = _reading(desk, session)
    level = policy.level(("card", "face", "contact"))
    if level < 1 or rules.shortfalls(policy.card, reading, has_portrait=True, today=clock.today()):
        raise EvidenceShort
    contact = msgspec.json.decode(desk.unseal(session.id, "contact", session.contact_sealed), type=Contact)
    claims = [
        accounts.ProvedClaim(claim=claim, value=value, sources=sources, proved_at=session.card_at)
        for claim, value, sources in rules.claims(reading)
    ]
    account = await accounts.open_or_find(
        conn,
        desk.keys,
        claims=claims,
        contact=contact,
        level=level,
        evidence={
            "session": session.id,
            "policy": policy.in_force_from.isoformat(),
            "card": {**_verdicts(reading), "at": session.card_at.isoformat()},
            "face": {"at": session.selfie_at.isoformat()},
            "contact": {"kind": contact.kind, "at": session.contact_at.isoformat()},
        },
        at=now,
        locale=session.locale,
    )
    await store.erase(conn, session.id, at=now)
    await store.change(conn, session.id, account_id=account.id, account_at=now)
    await store.add_event(conn, session.id, "account-opened", {"account_id": account.id, "level": account.level})
    await desk.post_office.send(
        conn,
        event="account-opened",
        to=Recipient(account_id=account.id, contacts=(contact,), locale=session.locale),
        fields={"level": str(account.level), "link": desk.settings.public_url},
        once_key=f"account-opened:{session.id}",
    )
    return await _account_reply(desk, conn, session, account, claims=claims)


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
    if account.level >= policy.level(("card", "face", "contact", "officer")) or (check and check.decided_at):
        return AccountReply(level=account.level, acr=acr, check_code=None, check_code_expires_in=None)
    now, lifetime = clock.now(), timedelta(hours=policy.lifetimes.check_code_hours)
    sealed = check.claims_sealed if check else desk.seal(session.id, "claims", msgspec.json.encode(claims or []))
    code = ids.spoken_code()
    await store.put_check(
        conn,
        session_id=session.id,
        code_digest=ids.digest(code),
        account_id=account.id,
        claims_sealed=sealed,
        created_at=now,
        expires_at=now + lifetime,
    )
    return AccountReply(
        level=account.level, acr=acr, check_code=code, check_code_expires_in=int(lifetime.total_seconds())
    )


async def authorize(desk: Desk, session_id: str) -> tokens.AuthorizationReply:
    """A single-use code for the token endpoint, for the device key of the session. Refuses WrongState."""
    now = clock.now()
    async with desk.db.begin() as conn:
        session = await _session(conn, session_id, lock=True)
        if session.account_at is None:
            raise WrongState(next=_next(session))
        code = await desk.issuer.issue_code(
            conn,
            client_id=session.client_id,
            account_id=session.account_id,
            code_challenge=session.code_challenge,
            jkt=session.jkt,
            scope=session.scope,
            amr=("face", "otp", "pop"),
            auth_time=now,
            nonce=session.nonce,
        )
        await store.change(conn, session_id, authorized_at=now)
        await store.add_event(conn, session_id, "authorized", {})
    return desk.issuer.authorization_reply(code)


async def end_expired(db: Database) -> None:
    """Erases what sessions still hold after their time, and the claims of check codes nobody used."""
    while True:
        async with db.begin() as conn:
            now = clock.now()
            over = await store.expired_sessions(conn, at=now, limit=100)
            for session_id in over:
                await store.erase(conn, session_id, at=now)
                await store.add_event(conn, session_id, "expired", {})
            await store.erase_expired_checks(conn, at=now)
        if not over:
            return


async def _session(conn: AsyncConnection, session_id: str, *, lock: bool = False) -> Any:
    session = await store.session(conn, session_id, lock=lock)
    if session is None:
        raise NotFound
    if session.expires_at <= clock.now() or (session.erased_at is not None and session.account_at is None):
        raise SessionOver
    return session


def _reading(desk: Desk, session: Any) -> CardReading:
    return msgspec.json.decode(desk.unseal(session.id, "reading", session.reading_sealed), type=CardReading)


def _next(session: Any) -> Step | None:
    """The first step not passed."""
    return next((step for step, column in _PASSED_AT.items() if getattr(session, column) is None), None)


def _refuse_unless(session: Any, *steps: Step) -> None:
    if _next(session) not in steps:
        raise WrongState(next=_next(session) or "-")


def _seconds_until(at: datetime) -> int:
    return max(0, int((at - clock.now()).total_seconds()))

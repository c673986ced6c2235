"""A proofing session: what its verbs stand on, how it is opened, how far it is, and that it is over when its time is."""

import hmac
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from identity import faces, tokens
from identity.proofing import policy as rules
from identity.proofing import store
from identity.proofing.messages import STEPS, Progress, SessionReply, SessionRequest, Step, StepDone
from identity.proofing.refusals import SessionOver, WrongState
from kit import clock, crypto, ids
from kit.db import Database
from kit.keys import Keys
from kit.limits import Limits
from kit.pool import InferencePool
from kit.refusal import NotFound
from kit.settings import Settings
from kit.valkey import Valkey
from notifications import PostOffice
from ocr import CardReading
from wires.population import PopulationRegister

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
    valkey: Valkey
    pictures: faces.Pictures
    faces: faces.FaceStore
    population: PopulationRegister | None

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
        return self.keys.key({"portrait": "faces", "selfie": "faces", "contact": "contacts"}.get(what, "pins"))


async def open_session(
    desk: Desk, request: SessionRequest, *, jkt: str, for_account_id: str | None = None
) -> SessionReply:
    """For a first-party app and one device key; bound to an account when its holder is signed in. Refuses UnknownClient, BadChallenge."""
    tokens.check_challenge(request.code_challenge, request.code_challenge_method)
    session_id, now = ids.new_id("prf"), clock.now()
    lifetime = timedelta(minutes=rules.current().lifetimes.session_minutes)
    opened = {"client_id": request.client_id} | ({} if for_account_id is None else {"again": for_account_id})
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
            for_account_id=for_account_id,
            created_at=now,
            expires_at=now + lifetime,
        )
        await store.add_event(conn, session_id, "opened", opened)
    return SessionReply(id=session_id, proofing_token=token, expires_in=int(lifetime.total_seconds()), steps=STEPS)


async def progress(desk: Desk, session_id: str) -> Progress:
    attempts = rules.current().attempts
    async with desk.db.connect() as conn:
        session = await ongoing(conn, session_id)
        check = await store.check_of(conn, session_id)
    return Progress(
        id=session_id,
        steps=[StepDone(name=step, passed_at=getattr(session, column)) for step, column in _PASSED_AT.items()],
        next=next_step(session),
        review=None if session.review_at is None or session.account_at else "waiting" if check else "asked",
        expires_in=max(0, int((session.expires_at - clock.now()).total_seconds())),
        card_attempts_left=max(0, attempts.card - session.card_tries),
        selfie_attempts_left=max(0, attempts.selfie - session.selfie_tries),
    )


async def end_expired(db: Database) -> None:
    """Erases what sessions still hold after their time, and what check codes nobody used and alarms nobody decided show."""
    while True:
        async with db.begin() as conn:
            now = clock.now()
            over = await store.expired_sessions(conn, at=now, limit=100)
            for session_id in over:
                await store.erase(conn, session_id, at=now)
                await store.add_event(conn, session_id, "expired", {})
            await store.erase_expired_checks(conn, at=now)
            await store.erase_expired_alarms(conn, at=now)
        if not over:
            return


async def ongoing(conn: AsyncConnection, session_id: str, *, lock: bool = False) -> Any:
    """The session's row. Refuses NotFound, SessionOver."""
    session = await store.session(conn, session_id, lock=lock)
    if session is None:
        raise NotFound
    if session.expires_at <= clock.now() or (session.erased_at is not None and session.account_at is None):
        raise SessionOver
    return session


def next_step(session: Any) -> Step | None:
    """The first step not passed; a selfie that was left to an officer holds nothing up."""
    passed = {step for step, column in _PASSED_AT.items() if getattr(session, column) is not None}
    if session.review_at is not None:
        passed.add("selfie")
    return next((step for step in STEPS if step not in passed), None)


def refuse_unless(session: Any, *steps: Step) -> None:
    """Refuses WrongState unless one of `steps` comes next."""
    following = next_step(session)
    if following not in steps:
        raise WrongState(next=following or "-")


def reading_of(desk: Desk, session: Any) -> CardReading:
    """The card that passed, until the session is erased."""
    return msgspec.json.decode(desk.unseal(session.id, "reading", session.reading_sealed), type=CardReading)

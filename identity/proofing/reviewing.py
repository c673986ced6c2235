"""Comparisons the machine leaves to an officer: why, the queue of those that photos are enough for, and the officer's word."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

import msgspec

from identity.accounts import ProvedClaim
from identity.proofing import policy as rules
from identity.proofing import store
from identity.proofing.messages import ReviewReason, ReviewReply, ReviewRow
from identity.proofing.refusals import ReviewNotNeeded
from identity.proofing.sessions import Desk, next_step, ongoing, refuse_unless
from kit import clock
from kit.actor import Actor
from kit.refusal import NotFound

_PAGE: Final = 100

Photo = Literal["portrait", "selfie"]

_DOUBTS: Final[dict[str | None, ReviewReason]] = {
    None: "face-unsure",
    "not_live": "liveness-not-convincing",
    "another_person": "liveness-of-another",
}


@dataclass(frozen=True, slots=True)
class Word:
    """An officer's yes to a person whom the machine left to them, on these claims."""

    actor: Actor
    reason: str
    in_person: bool
    claims: list[ProvedClaim]
    left_to_person: list[ReviewReason]

    def evidence(self, at: datetime) -> dict[str, Any]:
        return {
            "by": "officer",
            "in_person": self.in_person,
            "reason": self.reason,
            "left_to_person": self.left_to_person,
            "at": at.isoformat(),
        }


async def ask_person(desk: Desk, session_id: str) -> ReviewReply:
    """Leaves the comparison to an officer; the journey goes on with the contact. Refuses ReviewNotNeeded, WrongState."""
    async with desk.db.begin() as conn:
        session = await ongoing(conn, session_id, lock=True)
        refuse_unless(session, "selfie", "contact", "account")
        found = await _reasons(conn, session)
        # That somebody else was seen is a reason to look closer, and none to spare the machine's remaining attempts.
        if not set(found) - {"face-does-not-match"}:
            raise ReviewNotNeeded(next=next_step(session))
        await store.change(conn, session_id, review_at=clock.now(), review_reasons=found)
        await store.add_event(conn, session_id, "review-asked", {"reasons": found})
        session = await ongoing(conn, session_id)
    following = next_step(session)
    assert following is not None
    return ReviewReply(reasons=found, by_photos=by_photos(session), next=following)


def by_photos(session: Any) -> bool:
    """Whether an officer may decide without meeting the person."""
    return session.selfie_sealed is not None and set(session.review_reasons) <= set(rules.current().review.by_photos)


async def open_reviews(desk: Desk) -> list[ReviewRow]:
    """The oldest hundred; nothing of a person."""
    async with desk.db.connect() as conn:
        rows = await store.open_reviews(conn, at=clock.now(), limit=_PAGE)
    return [
        ReviewRow(id=row.review_id, reasons=row.review_reasons, opened_at=row.created_at, expires_at=row.expires_at)
        for row in rows
    ]


async def photo(desk: Desk, review_id: str, which: Photo, actor: Actor) -> bytes:
    """A JPEG for the officer's eyes; that they looked is recorded. Refuses NotFound."""
    async with desk.db.begin() as conn:
        check = await store.open_review(conn, review_id, at=clock.now())
        session = None if check is None else await store.session(conn, check.session_id)
        sealed = None if session is None else getattr(session, f"{which}_sealed")
        if session is None or sealed is None:
            raise NotFound
        await store.add_event(
            conn,
            session.id,
            "review-photo-seen",
            {"photo": which},
            officer_id=actor.account_id,
            office_id=actor.office_id,
        )
    return desk.unseal(session.id, which, sealed)


async def _reasons(conn: Any, session: Any) -> list[ReviewReason]:
    """What this session's present card has met, in order, each once."""
    met: list[ReviewReason] = []
    rule = rules.current()
    for event in await store.events(conn, session.id):
        said = event.evidence
        match event.kind:
            case "card-read":
                met = []
            case "selfie-not-matched" if said["decision"] == "unsure":
                met.append(_DOUBTS[said.get("doubt")])
            case "selfie-not-matched":
                met.append("face-does-not-match")
            case "selfie-refused" if said["code"] == "face-not-comparable":
                met.append("face-not-comparable")
            case "register-asked" if said["answer"] in rule.register.to_a_person:
                met.append("register-disagrees")
            case _:
                pass
    if session.selfie_at is None and session.selfie_tries >= rule.attempts.selfie:
        met.append("selfie-attempts-used")
    return list(dict.fromkeys(met))


def claims_of(desk: Desk, check: Any) -> list[ProvedClaim]:
    """What the check is about, until its verdict."""
    return msgspec.json.decode(desk.unseal(check.session_id, "claims", check.claims_sealed), type=list[ProvedClaim])

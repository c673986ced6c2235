"""Evidence gathered step by step: both sides of the card, a selfie against its portrait, a phone or mailbox that answers."""

import hashlib
import hmac
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Literal

import msgspec

import ocr
from identity import accounts, faces
from identity.proofing import alarms, store
from identity.proofing import policy as rules
from identity.proofing.messages import Advice, AlarmKind, CardReply, ContactReply, ContactRequest, SelfieReply, Step
from identity.proofing.refusals import (
    CardAttemptsUsed,
    FaceDoesNotMatch,
    FaceNotComparable,
    FaceUnsure,
    LivenessNotConvincing,
    LivenessOfAnother,
    NotAContact,
    PhotoMissing,
    ReplayedImage,
    SelfieAttemptsUsed,
    TooManySelfies,
    WrongCode,
    WrongState,
)
from identity.proofing.sessions import Desk, next_step, ongoing, reading_of, refuse_unless
from kit import clock, ids
from kit.refusal import Refusal
from notifications import Contact, Recipient


async def read_card(desk: Desk, session_id: str, front: bytes, back: bytes) -> CardReply:
    """Front and back of one card. Refuses what `ocr` says of photos, WrongState, CardAttemptsUsed.

    Another card may follow until a selfie has matched; it takes the place of the earlier one.
    """
    for name, photo in (("front", front), ("back", back)):
        if not photo:
            raise PhotoMissing(field=name)
    policy = rules.current()
    async with desk.db.begin() as conn:
        session = await ongoing(conn, session_id)
        refuse_unless(session, "card", "selfie")
        if await store.count_try(conn, session_id, "card_tries", at_most=policy.attempts.card) is None:
            raise CardAttemptsUsed
    photos = [hashlib.sha256(photo).hexdigest() for photo in (front, back)]
    try:
        card = await desk.pool.run(ocr.read_card_with_portrait, front, back)
    except Refusal as refusal:
        evidence = {"code": refusal.code, "photos": photos}
        await _record_refused(desk, session_id, "card", evidence, again=refusal.status >= 500)
        raise
    missing = rules.shortfalls(policy.card, card.reading, has_portrait=card.portrait is not None, today=clock.today())
    async with desk.db.begin() as conn:
        session = await ongoing(conn, session_id, lock=True)
        refuse_unless(session, "card", "selfie")
        await store.change(
            conn, session_id, card_version=session.card_version + 1, **_kept(desk, session_id, card, missing)
        )
        await store.add_event(
            conn,
            session_id,
            "card-short" if missing else "card-read",
            {
                "photos": photos,
                **rules.verdicts(card.reading),
                "shortfalls": [[one.field, one.code] for one in missing],
            },
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
        return {"card_at": None, "reading_sealed": None, "portrait_sealed": None, "selfie_sealed": None}
    return {
        "card_at": clock.now(),
        # It was held against another card's portrait.
        "selfie_sealed": None,
        "reading_sealed": desk.seal(session_id, "reading", msgspec.json.encode(card.reading)),
        "portrait_sealed": desk.seal(session_id, "portrait", card.portrait),
    }


async def match_selfie(desk: Desk, session_id: str, selfies: Sequence[bytes]) -> SelfieReply:
    """A selfie, or frames of one, against the portrait of this session's card. Refuses what `faces` says of photos,
    FaceDoesNotMatch, FaceNotComparable, FaceUnsure, LivenessNotConvincing, LivenessOfAnother, ReplayedImage, SelfieAttemptsUsed,
    TooMany, TooManySelfies, WrongState."""
    if len(selfies) > faces.MOST_FRAMES:
        raise TooManySelfies(most=faces.MOST_FRAMES)
    if not selfies or not all(selfies):
        raise PhotoMissing(field="selfie")
    await _refuse_uncompared(desk, session_id, [hashlib.sha256(selfie).hexdigest() for selfie in selfies])
    policy = rules.current()
    async with desk.db.begin() as conn:
        session = await ongoing(conn, session_id)
        refuse_unless(session, "selfie")
        # Counted and committed before anything is compared: a caller that hangs up early has used its attempt.
        tries = await store.count_try(conn, session_id, "selfie_tries", at_most=policy.attempts.selfie)
    if tries is None:
        raise SelfieAttemptsUsed
    seen = await _compared(desk, session, selfies)
    decision = seen.decision
    assumed = faces.by_one_eye(seen) or not faces.measured()
    if decision == "match" and desk.settings.environment == "production" and assumed:
        # Lines that are only assumed let nobody in by themselves: an officer compares.
        decision = "unsure"
    evidence = _evidence(seen)
    shown = await desk.pool.run(faces.shown, _compared_first(selfies, seen)) if decision == "unsure" else None
    async with desk.db.begin() as conn:
        now = await ongoing(conn, session_id, lock=True)
        if now.card_version != session.card_version:
            raise WrongState(next=next_step(now))
        refuse_unless(now, "selfie")
        judged = await store.judged_liveness(conn, session_id)
        doubt = rules.doubt(policy.liveness, judged[-1].evidence, card_version=now.card_version) if judged else None
        if judged:
            evidence["liveness"], evidence["doubt"] = judged[-1].evidence["decision"], doubt
        if decision == "match" and doubt is not None:
            decision = "unsure"
        matched = decision in policy.face.decisions
        evidence["decision"] = decision
        await store.add_event(conn, session_id, "selfie-matched" if matched else "selfie-not-matched", evidence)
        if decision == "no_match" and tries == policy.attempts.selfie:
            await alarms.sound(desk, conn, now, "stranger_with_card")
        if matched:
            # The portrait has done its work.
            await store.change(conn, session_id, selfie_at=clock.now(), portrait_sealed=None, selfie_sealed=None)
        elif shown is not None:
            await store.change(conn, session_id, selfie_sealed=desk.seal(session_id, "selfie", shown))
    if not matched:
        refusal = FaceDoesNotMatch if decision == "no_match" else _UNSURE[doubt]
        raise refusal(attempts_left=policy.attempts.selfie - tries)
    return SelfieReply(
        decision="match", tips=[Advice(code=tip.code, message=tip.message) for tip in seen.tips], next="contact"
    )


def _evidence(seen: faces.Comparison) -> dict[str, Any]:
    """What is written down of a comparison, whatever becomes of it."""
    first, *more = (selfie.sha256.hex() for selfie in seen.selfies)
    evidence: dict[str, Any] = {
        "seen": seen.decision,
        "score": seen.score,
        "model": seen.model,
        "calibration": seen.calibration,
        "selfie_sha256": first,
        "tips": [tip.code for tip in seen.tips],
    }
    return {**evidence, "more_sha256": more} if more else evidence


_UNSURE = {None: FaceUnsure, "not_live": LivenessNotConvincing, "another_person": LivenessOfAnother}


async def _refuse_uncompared(desk: Desk, session_id: str, selfies_sha256: Sequence[str]) -> None:
    """Refuses FaceNotComparable, and ReplayedImage: the same file again is no new look at the person.

    Nothing is compared, so no attempt is used.
    """
    async with desk.db.begin() as conn:
        session = await ongoing(conn, session_id)
        refuse_unless(session, "selfie")
        evidence = {"selfie_sha256": selfies_sha256[0]}
        refusal: Refusal
        if reason := rules.not_comparable(rules.current().face, reading_of(desk, session), today=clock.today()):
            refusal, evidence["reason"] = FaceNotComparable(reason=reason), reason
        elif await store.was_compared(conn, session_id, selfies_sha256):
            refusal = ReplayedImage()
        else:
            return
        await store.add_event(conn, session_id, "selfie-refused", {"code": refusal.code, **evidence})
    raise refusal


async def _compared(desk: Desk, session: Any, selfies: Sequence[bytes]) -> faces.Comparison:
    """With the portrait of the session's card."""
    portrait = desk.unseal(session.id, "portrait", session.portrait_sealed)
    try:
        seen = await desk.pool.run(faces.compare, portrait, *selfies)
        await _refuse_used_elsewhere(desk, session, seen)
        if seen.decision == "match" and faces.by_one_eye(seen) and await desk.faces.guarded():
            # By one eye nobody is looked for: whether it is a face that is watched for, only a person can say.
            seen = msgspec.structs.replace(seen, decision="unsure")
        elif seen.decision == "match" and not faces.by_one_eye(seen):
            await _watch_for_others(desk, session, _compared_first(selfies, seen))
        # Before anything is told: five guesses a session are as many as one likes when sessions cost nothing.
        await desk.limits.hit("face-of-card", desk.card_mac(reading_of(desk, session)))
    except Refusal as refusal:
        evidence = {"code": refusal.code, "selfie_sha256": hashlib.sha256(selfies[0]).hexdigest()}
        # A blurred photo told nobody anything. A copy of the portrait, or two faces for one, was an attempt to deceive.
        deceived = refusal.code in ("same-image-as-card", "selfies-of-several")
        await _record_refused(desk, session.id, "selfie", evidence, again=not deceived)
        raise
    return seen


async def _refuse_used_elsewhere(desk: Desk, session: Any, seen: faces.Comparison) -> None:
    """Refuses ReplayedImage: another session showed this picture, or a copy of it, before."""
    until = clock.now() + timedelta(days=rules.current().replay.remembered_days)
    number = reading_of(desk, session).confirmed("number")
    assert number is not None
    used = {
        await desk.pictures.use(
            faces.Picture("selfie", selfie.picture, selfie.sha256), session_id=session.id, number=number, until=until
        )
        for selfie in seen.selfies
    }
    portrait = faces.Picture("portrait", seen.portrait_picture)
    carried = await desk.pictures.use(portrait, session_id=session.id, number=number, until=until)
    doubts: list[AlarmKind] = []
    if "other_number" in used:
        doubts.append("selfie_of_another")
    if carried == "other_number":
        doubts.append("portrait_of_another")
    if doubts:
        async with desk.db.begin() as conn:
            for kind in doubts:
                await alarms.sound(desk, conn, session, kind)
    if used & {"same_number", "other_number"}:
        raise ReplayedImage


def _compared_first(selfies: Sequence[bytes], seen: faces.Comparison) -> bytes:
    """The first of several frames that was good enough."""
    first = seen.selfies[0].sha256
    return next((one for one in selfies if hashlib.sha256(one).digest() == first), selfies[0])


async def _watch_for_others(desk: Desk, session: Any, selfie: bytes) -> None:
    """An alarm when the face is that of another account's holder, among those who asked that theirs be watched."""
    watched = await desk.faces.guarded()
    if not watched:
        return
    seen = await desk.pool.run(faces.describe, selfie)
    found = await desk.faces.find(seen, among=watched, purpose=faces.FACE_GUARD.purpose)
    if found is None:
        return
    async with desk.db.begin() as conn:
        other = await accounts.account(conn, desk.keys, found.ref)
        if other.pin != reading_of(desk, session).confirmed("number"):
            await alarms.sound(desk, conn, session, "face_of_another", account_id=other.id)


async def _record_refused(
    desk: Desk, session_id: str, step: Literal["card", "selfie"], evidence: dict[str, Any], *, again: bool
) -> None:
    """Records photos of which nothing came; `again` gives the attempt back."""
    async with desk.db.begin() as conn:
        await store.add_event(conn, session_id, f"{step}-refused", evidence)
        if again:
            await store.give_back_try(conn, session_id, "card_tries" if step == "card" else "selfie_tries")


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
        session = await ongoing(conn, session_id, lock=True)
        refuse_unless(session, "contact", "account")
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
        session = await ongoing(conn, session_id, lock=True)
        refuse_unless(session, "contact")
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

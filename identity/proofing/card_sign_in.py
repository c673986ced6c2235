"""Signing in at a kiosk with nothing but a card and an old phone: card, face, and a code to the number the account has.

Card and face together are one factor that anybody may photograph; the code is the one that is held. Whether the card's holder has
an account nobody learns: a code is on its way, or it is not, and both look alike and take the same work.
"""

import hmac

import msgspec

import ocr
from identity import accounts, faces
from identity.accounts import codes
from identity.accounts.refusals import SignInOver
from identity.faces import liveness
from identity.proofing import policy as rules
from identity.proofing.refusals import CardHolderNotSeen, CardNotAccepted, FaceNotComparable, PhotoMissing
from identity.proofing.sessions import Desk
from identity.tokens import visiting
from identity.tokens.browser import Authenticated
from identity.tokens.refusals import AccountClosed, AccountLocked, NoAppointment
from kit import clock
from kit.refusal import Fault
from notifications import Contact


class CodeSent(msgspec.Struct, frozen=True):
    expires_in: int


async def draw(desk: Desk, cookie: str | None) -> liveness.Challenge:
    """What to do before the camera, for this visit alone. Refuses KioskVisitOver, TooMany, LivenessUnfit."""
    async with desk.db.begin() as conn:
        visit = await visiting.undecided(conn, cookie)
    await desk.limits.hit("liveness", visit.client.id)
    await desk.pool.run(liveness.refuse_unfit)
    drawn = liveness.draw(session_id=visit.digest.hex(), device_thumbprint=visit.client.id)
    await liveness.keep(desk.valkey, drawn)
    return drawn


async def show(
    desk: Desk, cookie: str | None, *, front: bytes, back: bytes, challenge: str, frames: list[bytes], times: str
) -> CodeSent:
    """Refuses KioskVisitOver, PhotoMissing, TooMany, LivenessChallengeStale, BadBurst, what `ocr` says of photos, CardNotAccepted,
    FaceNotComparable, CardHolderNotSeen. Photos and frames are not kept."""
    for name, photo in (("front", front), ("back", back)):
        if not photo:
            raise PhotoMissing(field=name)
    async with desk.db.begin() as conn:
        visit = await visiting.undecided(conn, cookie)
    await desk.limits.hit("card-at-kiosk", visit.client.id)
    asked = liveness.brought_back(challenge)
    await liveness.take(desk.valkey, asked, session_id=visit.digest.hex(), device_thumbprint=visit.client.id)
    burst = liveness.burst(frames, times)
    card = await desk.pool.run(ocr.read_card_with_portrait, front, back)
    await _refuse_unlike(desk, card, burst, asked)
    async with desk.db.begin() as conn:
        visit = await visiting.undecided(conn, cookie)
        sign_in_id = await codes.send_code(
            conn,
            desk.keys,
            desk.limits,
            desk.post_office,
            await _reached(desk, card.reading),
            address=visit.client.id,
            client_id=visit.client.id,
        )
        await visiting.keep_sign_in(conn, visit, sign_in_id)
    return CodeSent(int(codes.LIFETIME.total_seconds()))


async def enter(desk: Desk, cookie: str | None, code: str, *, ticked: list[str]) -> None:
    """The right code lends the kiosk what was ticked. Refuses KioskVisitOver, SignInOver, WrongCode, TooMany."""
    async with desk.db.begin() as conn:
        visit = await visiting.undecided(conn, cookie)
    if visit.sign_in_id is None:
        raise SignInOver
    judged = await codes.judge_code(desk.db, desk.keys, visit.sign_in_id, code, address=visit.client.id)
    async with desk.db.begin() as conn:
        await codes.use_code(conn, judged)
        await desk.issuer.bearer(conn, judged.account_id)
        amr = ["face", *codes.AMR[judged.contact_kind], "mfa"]
        who = Authenticated(account_id=judged.account_id, amr=amr, authenticator_id=judged.contact_id)
        await visiting.lend(conn, visit, who, ticked)


async def _refuse_unlike(desk: Desk, card: ocr.Card, burst: list[liveness.Frame], asked: liveness.Challenge) -> None:
    """Refuses a card that proves nobody, and whoever is not alive, or not its holder."""
    policy, today = rules.current(), clock.today()
    missing = rules.shortfalls(policy.card, card.reading, has_portrait=card.portrait is not None, today=today)
    if missing or card.portrait is None:
        raise CardNotAccepted(faults=missing)
    if reason := rules.not_comparable(policy.face, card.reading, today=today):
        raise FaceNotComparable(reason=reason)
    # Before anything is compared: guessing with another's card takes months.
    await desk.limits.hit("face-of-card", desk.card_mac(card.reading))
    verdict = await desk.pool.run(liveness.judge_burst, burst, asked)
    if verdict.decision == "not_live":
        raise CardHolderNotSeen(faults=[Fault("frames", reason.code, reason.tip) for reason in verdict.reasons])
    owner = await desk.pool.run(liveness.compare_owner, card.portrait, burst, asked)
    # Lines that are only assumed let nobody in by themselves where it counts.
    decides = faces.measured() or desk.settings.environment != "production"
    if owner.decision != "match" or not decides:
        raise CardHolderNotSeen


async def _reached(desk: Desk, reading: ocr.CardReading) -> Contact:
    """Where the code goes: the holder's own phone, else their mailbox, else a number that no telephone has."""
    number = reading.confirmed("number")
    assert number is not None
    async with desk.db.connect() as conn:
        holder = await accounts.by_pin(conn, desk.keys, number)
        try:
            if holder is not None and (await desk.issuer.bearer(conn, holder.id)) is not None:
                held = sorted(holder.contacts, key=lambda one: one.kind != "phone")
                if held:
                    return held[0].contact
        except (AccountClosed, AccountLocked, NoAppointment):
            pass
    # No Vietnamese number goes on with a nought after the country's code; the same card gets the same one, and the same limits.
    digits = int.from_bytes(hmac.digest(desk.keys.key("pins"), f"nobody/{number}".encode(), "sha256")[:6])
    return Contact(kind="phone", value=f"+840{digits % 10**9:09d}")

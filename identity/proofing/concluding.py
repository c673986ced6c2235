"""What the evidence comes to: the account it opens or finds, and the code that lets the device in."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from identity import accounts, tokens
from identity.proofing import alarms, store
from identity.proofing import policy as rules
from identity.proofing.confirming import Confirmation, ask_register
from identity.proofing.messages import AccountReply, AlarmKind
from identity.proofing.refusals import CardOfAnother, EvidenceShort, WrongState
from identity.proofing.sessions import Desk, next_step, ongoing, reading_of, refuse_unless
from kit import clock, ids
from kit.refusal import Refusal
from notifications import Contact, Recipient


async def open_account(desk: Desk, session_id: str) -> AccountReply:
    """Opens the account the evidence proves, or finds the person's own; asked again, answers with a new check code.

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
            return await _open_account(desk, conn, session, confirmed)
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


async def _open_account(
    desk: Desk, conn: AsyncConnection, session: Any, confirmed: Confirmation | None
) -> AccountReply:
    policy, now = rules.current(), clock.now()
    # Every proof has its step, and a step is passed only when its rule holds; the card's dates are asked once more.
    reading = reading_of(desk, session)
    level = policy.level(("card", "face", "contact"))
    if level < 1 or rules.shortfalls(policy.card, reading, has_portrait=True, today=clock.today()):
        raise EvidenceShort
    if session.for_account_id is not None:
        # The number decides whose account it is: another's card must not be proven under this sign-in.
        signed_in = await accounts.account(conn, desk.keys, session.for_account_id)
        if signed_in.pin != reading.confirmed("number"):
            raise CardOfAnother
    contact = msgspec.json.decode(desk.unseal(session.id, "contact", session.contact_sealed), type=Contact)
    claims = [
        accounts.ProvedClaim(claim=claim, value=value, sources=sources, proved_at=session.card_at)
        for claim, value, sources in rules.claims(reading)
    ]
    if confirmed is not None:
        # Later than the card's own, so where both speak the register's counts.
        claims += confirmed.claims
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
            "face": {"at": session.selfie_at.isoformat()},
            # Beside what proves: it counts for no level.
            "liveness": [{**event.evidence, "at": event.at.isoformat()} for event in judged],
            "register": None if confirmed is None else {**confirmed.evidence(), "at": now.isoformat()},
            "contact": {"kind": contact.kind, "at": session.contact_at.isoformat()},
        },
        at=now,
        until=policy.lasts_until(level, reading.day("date_of_expiry"), today=clock.today()),
        locale=session.locale,
    )
    assert account.pin is not None
    assert account.date_of_birth is not None
    for other in await accounts.namesakes(
        conn, desk.keys, full_name=account.full_name, date_of_birth=account.date_of_birth, pin=account.pin
    ):
        await alarms.sound(desk, conn, session, "namesake", account_id=other)
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
    highest = policy.level(("card", "face", "contact", "officer"))
    # Who came back to prove themselves again may lengthen the level they have.
    nothing_more = account.level >= highest and session.for_account_id is None
    if nothing_more or (check and check.decided_at):
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
            amr=("face", "otp", "pop"),
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

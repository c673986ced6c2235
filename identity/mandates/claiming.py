"""Who represents an enterprise by law: the business register's word at once, or an officer's after seeing the papers."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from identity import accounts
from identity.accounts import secrets
from identity.consents import reads
from identity.mandates import changing, store, views
from identity.mandates.messages import BOTH, ClaimRequest, ClaimVerdict, DeskClaim, EnterpriseClaim
from identity.mandates.refusals import (
    AlreadyHeld,
    AlreadyRepresented,
    ClaimDecided,
    EnterpriseNameDiffers,
    EnterpriseNumberWrong,
)
from identity.mandates.ways import Mandates
from kit import clock, ids, names, tax_code
from kit import pin as pins
from kit.actor import Actor
from kit.refusal import NotFound
from wires.business import BusinessRegisterAway


async def claim(ways: Mandates, actor: Actor, asked: ClaimRequest) -> EnterpriseClaim:
    """Confirmed where the register says yes; else it waits for an officer, whatever else the register says, for registers lag.

    Refuses EnterpriseNumberWrong, EnterpriseNameDiffers, AlreadyRepresented, TooMany.
    """
    assert actor.account_id is not None
    number, legal_name = "".join(asked.number.split()), names.nfc(asked.legal_name)
    if faults := tax_code.faults(number):
        raise EnterpriseNumberWrong(faults=faults)
    await ways.limits.hit("enterprise-claim", actor.account_id)
    async with ways.db.connect() as conn:
        claimant = await accounts.account(conn, ways.keys, actor.account_id)
    assert claimant.pin is not None
    # No transaction is open meanwhile: another system's silence must hold nothing up here.
    answer, source = await _ask(ways, number, legal_name, claimant.pin)
    async with ways.db.begin() as conn:
        claim_id = await store.keep_claim(
            conn,
            id=ids.new_id("ecl"),
            account_id=claimant.id,
            number=number,
            legal_name=legal_name,
            answer=answer,
            claimed_at=clock.now(),
        )
        row = await store.claim(conn, claim_id)
        if answer == "yes":
            basis = {"by": "business_register", "source": source, "answered_at": clock.now()}
            await _confirm(conn, ways, row, basis, by=actor, said="")
        return await _told(conn, ways, await store.claim(conn, claim_id))


async def claims_of(ways: Mandates, actor: Actor) -> list[EnterpriseClaim]:
    """One's own; the newest first."""
    assert actor.account_id is not None
    async with ways.db.connect() as conn:
        return [await _told(conn, ways, row) for row in await store.claims_of(conn, actor.account_id)]


async def waiting(ways: Mandates, officer: Actor) -> list[DeskClaim]:
    """The oldest first."""
    async with ways.db.begin() as conn:
        rows = await store.waiting_claims(conn)
        await reads.record_many(conn, officer, "mandate_desk", list({row.account_id: None for row in rows}))
    return [
        DeskClaim(
            id=row.id,
            number=row.number,
            legal_name=row.legal_name,
            claimant_name=row.full_name,
            claimant_pin_masked=pins.mask(secrets.unseal_pin(ways.keys, row.account_id, row.pin_sealed)),
            answer=row.answer,
            state=row.state,
            claimed_at=row.claimed_at,
        )
        for row in rows
    ]


async def decide(ways: Mandates, officer: Actor, claim_id: str, asked: ClaimVerdict) -> EnterpriseClaim:
    """After the person came with the certificate. Refuses NotFound, ClaimDecided, EnterpriseNameDiffers, AlreadyRepresented."""
    async with ways.db.begin() as conn:
        row = await store.claim(conn, claim_id)
        if row is None:
            raise NotFound
        if row.state != "waiting":
            raise ClaimDecided
        await reads.record(conn, officer, "mandate_desk", row.account_id)
        if asked.verdict == "confirmed":
            basis = {"by": "officer", "officer_id": officer.account_id, "office_id": officer.office_id}
            await _confirm(conn, ways, row, basis, by=officer, said=asked.reason)
        else:
            await store.decide_claim(conn, claim_id, **_decided("refused", officer), reason=asked.reason)
        return await _told(conn, ways, await store.claim(conn, claim_id))


async def _ask(ways: Mandates, number: str, legal_name: str, pin: str) -> tuple[str, str | None]:
    if ways.business is None:
        return "none", None
    try:
        said = await ways.business.confirm(number=number, legal_name=legal_name, representative_pin=pin)
    except BusinessRegisterAway:
        return "away", None
    return said.answer, said.source


async def _confirm(
    conn: AsyncConnection, ways: Mandates, row: Any, basis: dict[str, Any], *, by: Actor, said: str
) -> None:
    """The enterprise's account, opened if there is none, and the claimant as its representative."""
    await store.hold_number(conn, row.number)
    account_id = await store.enterprise_of(conn, row.number)
    if account_id is None:
        account_id = ids.new_id("acc")
        await store.open_enterprise(conn, account_id, number=row.number, legal_name=row.legal_name, at=clock.now())
    enterprise = await store.hold_enterprise(conn, account_id)
    if enterprise.legal_name.casefold() != row.legal_name.casefold():
        raise EnterpriseNameDiffers
    if enterprise.closed_at is not None:
        await store.reopen(conn, account_id)
    try:
        mandate = await changing.begin(
            conn,
            ways,
            kind="representative",
            principal_id=account_id,
            holder_id=row.account_id,
            acts=BOTH,
            procedures=None,
            basis=basis,
            from_on=clock.today(),
            until_on=None,
            by=by,
            said=said,
        )
    except AlreadyHeld as held:
        raise AlreadyRepresented from held
    decided = _decided("confirmed", by if by.kind == "officer" else None)
    await store.decide_claim(conn, row.id, **decided, reason=said or None, mandate_id=mandate.id)


def _decided(state: str, officer: Actor | None) -> dict[str, Any]:
    return {
        "state": state,
        "decided_at": clock.now(),
        "decided_by": None if officer is None else officer.account_id,
        "office_id": None if officer is None else officer.office_id,
    }


async def _told(conn: AsyncConnection, ways: Mandates, row: Any) -> EnterpriseClaim:
    mandate = None
    if row.mandate_id is not None:
        mandate = (await views.seen(conn, ways, [await store.mandate(conn, row.mandate_id)]))[0]
    return EnterpriseClaim(
        id=row.id,
        number=row.number,
        legal_name=row.legal_name,
        state=row.state,
        claimed_at=row.claimed_at,
        decided_at=row.decided_at,
        reason=row.reason,
        mandate=mandate,
    )

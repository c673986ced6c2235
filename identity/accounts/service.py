"""One account per person: opening it, finding it, raising its level. Each verb works inside the caller's transaction."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from identity.accounts import contact as contacts
from identity.accounts import secrets, store
from identity.accounts.messages import Account, AccountKind, HeldContact, Known, ProvedClaim
from identity.accounts.refusals import AccountHasOtherContact, BadClaims, ContactInUse, IdentityConflict
from identity.tokens.refusals import AccountClosed
from kit import clock, ids, names
from kit import pin as pins
from kit.actor import Actor
from kit.db import to_json
from kit.keys import Keys
from kit.refusal import NotFound
from notifications import Contact, Locale

NO_END = date.max
"""Of evidence that does not age: the sandbox's people."""

_NEEDED = ("pin", "full_name", "date_of_birth", "sex")


class _Person(msgspec.Struct, frozen=True):
    pin: str
    full_name: str
    date_of_birth: date
    sex: pins.Sex


async def open_or_find(
    conn: AsyncConnection,
    keys: Keys,
    *,
    claims: Sequence[ProvedClaim],
    contact: Contact,
    level: int,
    evidence: Mapping[str, Any],
    at: datetime,
    until: date = NO_END,
    locale: Locale = "vi",
    actor: Actor | None = None,
) -> Account:
    """The account of the person these claims prove, opened if there is none; `contact` was shown by code to be theirs.

    `until` is the last day the evidence is good for; `actor` is the officer by whose word it opens, if it does.

    The same personal number is the same account, however many ask at once: a unique constraint decides.
    Refuses BadClaims, ContactInUse, AccountHasOtherContact, IdentityConflict, AccountClosed.
    """
    person = _person(claims)
    account_id = ids.new_id("acc")
    digest = secrets.pin_digest(keys, person.pin)
    opened = await store.add_account(
        conn,
        id=account_id,
        kind="person",
        pin_digest=digest,
        pin_sealed=secrets.seal_pin(keys, account_id, person.pin),
        full_name=person.full_name,
        date_of_birth=person.date_of_birth,
        sex=person.sex,
        level=0,
        level_evidence=[],
        locale=locale,
        created_at=at,
    )
    if opened:
        await add_contact(conn, keys, account_id, contact, at)
    else:
        account_id = await _returning(conn, keys, digest, person, contact, at)
    await _keep_claims(conn, keys, account_id, claims)
    await store.set_level(conn, account_id, level, _evidence(level, evidence, at, until, by=_by(actor)), until=until)
    return await account(conn, keys, account_id)


async def open_or_find_shown(
    conn: AsyncConnection,
    keys: Keys,
    *,
    pin: str,
    full_name: str,
    date_of_birth: date,
    sex: pins.Sex,
    at: datetime,
    actor: Actor,
    locale: Locale = "vi",
) -> Account:
    """The account of a person who shows their card to an officer, opened if there is none: at level 0, and with nothing to sign in by, for a
    look at a card proves nobody to a machine. What was read off the card fills forms until something better is proven.

    Refuses BadClaims for a number that cannot be this person's, AccountClosed, IdentityConflict where the number is another's.
    """
    said = {"pin": pin, "full_name": full_name, "date_of_birth": date_of_birth, "sex": sex}
    claims = [ProvedClaim(name, to_json(value), ("counter",), at) for name, value in said.items()]
    person, account_id, digest = _person(claims), ids.new_id("acc"), secrets.pin_digest(keys, pin)
    opened = await store.add_account(
        conn,
        id=account_id,
        kind="person",
        pin_digest=digest,
        pin_sealed=secrets.seal_pin(keys, account_id, pin),
        full_name=person.full_name,
        date_of_birth=date_of_birth,
        sex=sex,
        level=0,
        level_evidence=[_evidence(0, {"counter": "card"}, at, NO_END, by=_by(actor))],
        locale=locale,
        created_at=at,
    )
    if not opened:
        account_id = (await _same_person(conn, digest, person)).id
    if not await store.newest_claims(conn, account_id):
        await _keep_claims(conn, keys, account_id, claims)
    return await account(conn, keys, account_id)


async def _returning(
    conn: AsyncConnection, keys: Keys, digest: bytes, person: _Person, contact: Contact, at: datetime
) -> str:
    """The account this number has, if person and contact are the ones it knows."""
    row = await _same_person(conn, digest, person)
    held = await store.contacts_of(conn, row.id)
    wanted = secrets.contact_digest(keys, contact)
    known = next((one for one in held if bytes(one.value_digest) == wanted), None)
    if known is not None:
        await store.confirm_contact(conn, known.id, at)
    elif held:
        raise AccountHasOtherContact(masked=", ".join(contacts.mask(_held(keys, one).contact) for one in held))
    else:
        await add_contact(conn, keys, row.id, contact, at)
    return row.id


async def _same_person(conn: AsyncConnection, digest: bytes, person: _Person) -> Any:
    """The row of the account this number has, locked. Refuses AccountClosed, and IdentityConflict where it knows another person."""
    row = await store.account_by_pin(conn, digest, lock=True)
    if row.closed_at is not None:
        raise AccountClosed
    if (row.date_of_birth, row.sex) != (person.date_of_birth, person.sex) or not names.same_name(
        row.full_name, person.full_name
    ):
        raise IdentityConflict
    return row


async def open_officer(
    conn: AsyncConnection, keys: Keys, *, full_name: str, contact: Contact, locale: Locale = "vi"
) -> Account:
    """An officer's working account, apart from the same person's own; refuses ContactInUse. It acts once appointed."""
    account_id, at = ids.new_id("acc"), clock.now()
    await store.add_account(
        conn,
        id=account_id,
        kind="officer",
        full_name=names.nfc(full_name),
        level=0,
        level_evidence=[],
        locale=locale,
        created_at=at,
    )
    await add_contact(conn, keys, account_id, contact, at)
    return await account(conn, keys, account_id)


async def raise_level(
    conn: AsyncConnection,
    account_id: str,
    level: int,
    evidence: Mapping[str, Any],
    actor: Actor,
    *,
    until: date = NO_END,
) -> None:
    """Appends the evidence and who took it; a lower level than the present one changes nothing else. Refuses NotFound."""
    appended = _evidence(level, evidence, clock.now(), until, by=_by(actor))
    if not await store.set_level(conn, account_id, level, appended, until=until):
        raise NotFound


async def account(conn: AsyncConnection, keys: Keys, account_id: str) -> Account:
    """Refuses NotFound."""
    found = await accounts_by_id(conn, keys, {account_id})
    if account_id not in found:
        raise NotFound
    return found[account_id]


async def accounts_by_id(conn: AsyncConnection, keys: Keys, account_ids: Collection[str]) -> dict[str, Account]:
    """Those of these that there are."""
    found: dict[str, list[Any]] = {}
    for row in await store.accounts_with_contacts(conn, account_ids):
        found.setdefault(row.id, []).append(row)
    return {account_id: _account(keys, rows) for account_id, rows in found.items()}


def _account(keys: Keys, rows: Sequence[Any]) -> Account:
    """Of its row with each of its contacts."""
    row = rows[0]
    held = [
        HeldContact(
            kind=one.contact_kind,
            value=secrets.unseal_contact(keys, one.contact_id, one.value_sealed),
            verified_at=one.verified_at,
        )
        for one in rows
        if one.contact_id is not None
    ]
    level, until = current_level(row, clock.today())
    return Account(
        id=row.id,
        kind=row.kind,
        pin=secrets.unseal_pin(keys, row.id, row.pin_sealed) if row.pin_sealed else None,
        full_name=row.full_name,
        date_of_birth=row.date_of_birth,
        sex=row.sex,
        level=level,
        level_until=until,
        locale=row.locale,
        created_at=row.created_at,
        closed_at=row.closed_at,
        contacts=tuple(held),
    )


def current_level(row: Any, today: date) -> tuple[int, date | None]:
    """What an account stands at, and the last day of that; nothing is changed when a level lapses."""
    for level, until in ((2, row.level_2_until), (1, row.level_1_until)):
        if row.level >= level and until is not None and until >= today:
            return level, None if until == NO_END else until
    return 0, None


async def account_kind(conn: AsyncConnection, account_id: str) -> AccountKind | None:
    row = await store.account(conn, account_id)
    return None if row is None else row.kind


async def names_of(conn: AsyncConnection, account_ids: Collection[str]) -> dict[str, str]:
    """Full names by account."""
    return await store.names_of(conn, account_ids)


async def by_pin(conn: AsyncConnection, keys: Keys, pin: str) -> Account | None:
    row = await store.account_by_pin(conn, secrets.pin_digest(keys, pin))
    return None if row is None else await account(conn, keys, row.id)


async def namesakes(conn: AsyncConnection, keys: Keys, *, full_name: str, date_of_birth: date, pin: str) -> list[str]:
    """Ids of accounts under other numbers than `pin` whose holders bear this name and were born on this day."""
    rows = await store.born_on(conn, date_of_birth, but=secrets.pin_digest(keys, pin))
    return [row.id for row in rows if names.same_name(row.full_name, full_name)]


async def by_login(conn: AsyncConnection, keys: Keys, contact: Contact) -> Account | None:
    account_id = await store.account_id_by_contact(conn, secrets.contact_digest(keys, contact))
    return None if account_id is None else await account(conn, keys, account_id)


async def prefill(conn: AsyncConnection, keys: Keys, account_id: str) -> dict[str, Known]:
    """What forms may be filled with, by claim, and what proved each; the newest proof of each claim counts."""
    found = await account(conn, keys, account_id)
    known = {
        row.claim: Known(
            value=msgspec.json.decode(secrets.unseal_claim(keys, row.id, row.value_sealed)),
            sources=tuple(row.sources),
            proved_at=row.proved_at,
        )
        for row in await store.newest_claims(conn, account_id)
    }
    for held in found.contacts:
        known.setdefault(held.kind, Known(value=held.value, sources=("one-time-code",), proved_at=held.verified_at))
    return known


async def evidence(conn: AsyncConnection, account_id: str) -> list[dict[str, Any]]:
    """What raised the level, the oldest first: level, until, evidence, at, by. Refuses NotFound."""
    row = await store.account(conn, account_id)
    if row is None:
        raise NotFound
    return row.level_evidence


def _person(claims: Sequence[ProvedClaim]) -> _Person:
    said = {claim.claim: claim.value for claim in claims}
    missing = [name for name in _NEEDED if not said.get(name)]
    if missing:
        raise BadClaims(missing=", ".join(missing))
    try:
        person = msgspec.convert({name: said[name] for name in _NEEDED}, _Person)
    except msgspec.ValidationError as error:
        raise BadClaims(missing=str(error)) from error
    if faults := pins.faults(person.pin, sex=person.sex, birth_year=person.date_of_birth.year):
        raise BadClaims(missing="pin", faults=faults)
    return msgspec.structs.replace(person, full_name=names.nfc(person.full_name))


async def add_contact(conn: AsyncConnection, keys: Keys, account_id: str, contact: Contact, at: datetime) -> None:
    """A way in that was shown by code to be the holder's; refuses ContactInUse."""
    contact_id = ids.new_id("ctc")
    added = await store.add_contact(
        conn,
        id=contact_id,
        account_id=account_id,
        kind=contact.kind,
        value_digest=secrets.contact_digest(keys, contact),
        value_sealed=secrets.seal_contact(keys, contact_id, contact),
        verified_at=at,
    )
    if not added:
        raise ContactInUse


async def _keep_claims(conn: AsyncConnection, keys: Keys, account_id: str, claims: Sequence[ProvedClaim]) -> None:
    rows: list[dict[str, Any]] = []
    for claim in claims:
        claim_id = ids.new_id("clm")
        rows.append(
            {
                "id": claim_id,
                "account_id": account_id,
                "claim": claim.claim,
                "value_sealed": secrets.seal_claim(keys, claim_id, msgspec.json.encode(claim.value)),
                "sources": list(claim.sources),
                "proved_at": claim.proved_at,
            }
        )
    await store.add_claims(conn, rows)


def _held(keys: Keys, row: Any) -> HeldContact:
    return HeldContact(
        kind=row.kind, value=secrets.unseal_contact(keys, row.id, row.value_sealed), verified_at=row.verified_at
    )


def _by(actor: Actor | None) -> dict[str, Any] | None:
    return None if actor is None else {"account_id": actor.account_id, "office_id": actor.office_id, "kind": actor.kind}


def _evidence(
    level: int, evidence: Mapping[str, Any], at: datetime, until: date, by: dict[str, Any] | None
) -> dict[str, Any]:
    return to_json({"level": level, "until": until, "evidence": dict(evidence), "at": at, "by": by})

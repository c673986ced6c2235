"""The verbs of kiosks; each owns its transaction."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from identity.offices import service as offices
from identity.offices.kiosks import store
from identity.offices.kiosks.messages import ApprovalRequest, Kiosk, KioskReply
from identity.offices.kiosks.refusals import BadKioskKey, UnknownKioskCode
from identity.tokens import Issuer, disable_client, register_client, rfc7638
from identity.tokens.rfc7515 import BadJws
from identity.tokens.rfc8414 import DEVICE_CODE
from kit import clock, ids
from kit.actor import Actor
from kit.db import Database
from kit.refusal import NotFound, Words

PATH = "/v1/kiosks"
LIFETIME = timedelta(minutes=30)
"""For a call to whoever approves."""
_LETTERS = 8

SCOPES = ("dossiers:find-by-face", "openid", "profile", "dossiers:read")
_PURPOSE = Words(
    vi="Cho bạn xem hồ sơ của mình trên màn hình của ki-ốt.", en="Show you your dossiers on the kiosk's screen."
)


async def ask(db: Database, issuer: Issuer, key: dict[str, Any], dpop: Sequence[str]) -> KioskReply:
    """How it stands with the machine that has this key; one that is new is written down. Refuses BadKioskKey, DpopProofNeeded."""
    thumbprint = await issuer.check_proof(dpop, method="POST", path=PATH)
    public = _public(key, thumbprint)
    now = clock.now()
    async with db.begin() as conn:
        found = await store.by_key(conn, thumbprint)
        if found is not None and found.client_id is not None:
            return KioskReply(state="approved", client_id=found.client_id)
        if found is not None and found.expires_at > now:
            return _waits(found.code, found.expires_at - now)
        # A machine that was taken out comes back with another key, never with the one it was taken out with.
        if found is None and await store.was_removed(conn, thumbprint):
            raise BadKioskKey
        code = ids.spoken_code(_LETTERS)
        if found is None:
            await store.add(
                conn,
                id=ids.new_id("ksk"),
                thumbprint=thumbprint,
                key=public,
                code=code,
                asked_at=now,
                expires_at=now + LIFETIME,
            )
        else:
            await store.renew(conn, found.id, code=code, expires_at=now + LIFETIME)
    return _waits(code, LIFETIME)


async def approve(conn: AsyncConnection, asked: ApprovalRequest, *, by: Actor | None) -> Kiosk:
    """In the caller's transaction: the machine whose screen shows the code becomes a client of that office, known by its key.
    Refuses UnknownKioskCode, NotFound."""
    now = clock.now()
    code = "".join(letter for letter in asked.code.upper() if letter.isalnum())
    found = await store.waiting(conn, code, now)
    if found is None:
        raise UnknownKioskCode
    await offices.office(conn, asked.office_id)
    client_id = f"kiosk-{found.id.removeprefix('ksk_')}"
    await register_client(
        conn,
        client_id=client_id,
        name=asked.name,
        kind="confidential",
        grants=["client_credentials", DEVICE_CODE],
        scopes=SCOPES,
        office_id=asked.office_id,
        purpose=_PURPOSE,
        keys=[found.key],
    )
    await store.approve(conn, found.id, client_id=client_id, by=None if by is None else by.account_id, at=now)
    return _told(await store.one(conn, found.id))


async def remove(db: Database, operator: Actor, kiosk_id: str) -> None:
    """Its tokens, and what people lent it, stop with the next request. Refuses NotFound."""
    assert operator.account_id is not None
    async with db.begin() as conn:
        client_id = await store.remove(conn, kiosk_id, by=operator.account_id, at=clock.now())
        if client_id is None:
            raise NotFound
        await disable_client(conn, client_id)


async def all_kiosks(db: Database) -> list[Kiosk]:
    """Those that wait first. Their codes are not told: whoever approves reads one off the machine's screen."""
    async with db.connect() as conn:
        return [_told(row) for row in await store.all_of_them(conn)]


def _public(key: dict[str, Any], thumbprint: str) -> dict[str, str]:
    """The key's own members and no other. Refuses BadKioskKey."""
    try:
        public = rfc7638.key_of(key)
    except BadJws as error:
        raise BadKioskKey from error
    if rfc7638.thumbprint(public) != thumbprint:
        raise BadKioskKey
    return rfc7638.public_jwk(public)


def _waits(code: str, left: timedelta) -> KioskReply:
    return KioskReply(state="waiting", code=f"{code[:4]}-{code[4:]}", expires_in=int(left.total_seconds()))


def _told(row: Any) -> Kiosk:
    return Kiosk(
        id=row.id,
        asked_at=row.asked_at,
        expires_at=row.expires_at,
        client_id=row.client_id,
        name=row.name,
        office_id=row.office_id,
        approved_by=row.approved_by,
        approved_at=row.approved_at,
        removed_at=row.removed_at,
    )

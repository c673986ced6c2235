"""The card room's one verb over HTTP: read photos in a worker, answer a retry with the same reading, keep no photo."""

import asyncio
import base64
import hashlib
import hmac
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Final, NamedTuple

import msgspec

import ocr
from kit import clock, crypto, idempotency
from kit.db import Database, raw
from kit.pool import InferencePool
from kit.refusal import Fault, Refusal
from kit.valkey import Valkey, ValkeyGone
from ocr import chip
from ocr.messages import Challenge, ChipUpload
from ocr.reading import CardReading
from ocr.refusals import BadChipFiles, ChallengesUnavailable, StaleChallenge

_ROUTE: Final = "POST /v1/cards/readings"
# As long as a photo may keep a worker busy, and somewhat more for waiting its turn.
_LONGEST_SECONDS: Final = 180


_NONCE_SECONDS: Final = 60
_LONGEST_CHIP_BYTES: Final = 400_000


class Sent(msgspec.Struct, frozen=True):
    """Photos as they were sent, `back` None when there was one; `chip` is the JSON of its files."""

    front: bytes
    back: bytes | None
    chip: bytes | None = None

    def secret(self) -> bytes:
        """32 bytes that only those have who have all of it: SHA-256 of each part behind its length."""
        digest = hashlib.sha256()
        for part in (self.front, self.back, *((self.chip,) if self.chip is not None else ())):
            digest.update(b"-" if part is None else len(part).to_bytes(8))
            digest.update(part or b"")
        return digest.digest()


class Desk(NamedTuple):
    """What reading a card stands on."""

    db: Database
    valkey: Valkey
    pool: InferencePool
    trust: chip.TrustStore


async def challenge_chip(valkey: Valkey, *, caller: str) -> Challenge:
    """A nonce for this caller's next chip."""
    nonce = chip.new_nonce()
    try:
        await valkey.first(_nonce_key(caller, nonce), kept_seconds=_NONCE_SECONDS)
    except ValkeyGone as error:
        raise ChallengesUnavailable from error
    return Challenge(nonce=nonce, expires_in=_NONCE_SECONDS)


def _nonce_key(caller: str, nonce: bytes) -> str:
    return f"chip-nonce/{caller}/{nonce.hex()}"


async def _take(valkey: Valkey, nonce_key: str) -> None:
    try:
        if not await valkey.take(nonce_key):
            raise StaleChallenge
    except ValkeyGone as error:
        raise ChallengesUnavailable from error


async def _chip_read(desk: Desk, caller: str, data: bytes) -> chip.ChipReading:
    """Refuses BadChipFiles, StaleChallenge. A chip that proves nothing is no refusal: the reading says so."""
    try:
        if len(data) > _LONGEST_CHIP_BYTES:
            raise BadChipFiles
        told = msgspec.json.decode(data, type=ChipUpload)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadChipFiles from error
    reply = None
    if told.active is not None:
        # Taken before anything is verified: a nonce serves one attempt.
        await _take(desk.valkey, _nonce_key(caller, told.active.nonce))
        reply = chip.ActiveReply(nonce=told.active.nonce, signature=told.active.signature)
    files = chip.ChipFiles(sod=told.sod, dg1=told.dg1, dg2=told.dg2, dg13=told.dg13, dg14=told.dg14, dg15=told.dg15)
    return await asyncio.to_thread(chip.read_chip, files, desk.trust, at=clock.now(), reply=reply)


async def read_card(desk: Desk, *, caller: str, sent: Sent, key: str | None) -> CardReading:
    """What `ocr.read_card` makes of them. With a `key`, the same photos are answered alike and read once.

    The answer kept for the retry is sealed under the photos themselves: it opens for whoever sends them again, and for
    nobody who has the database, or this server's keys. Refuses what `ocr` says of photos, Busy, WorkerLost, BadChipFiles,
    StaleChallenge, and the kit's refusals about the key.
    """
    if key is None:
        return await _read(desk, caller, sent)
    key = idempotency.checked(key)
    secret = await asyncio.to_thread(sent.secret)
    slots = _Slots(desk.db, caller, key, secret)
    async with slots.open() as slot:
        if (kept := slots.kept(slot)) is not None:
            return kept
    async with idempotency.alone(desk.valkey, scope=caller, route=_ROUTE, key=key, at_most_seconds=_LONGEST_SECONDS):
        reading = await _read(desk, caller, sent)
        # Asked again, not held since: no connection waits for a photo to be read. A twin may have been faster meanwhile.
        async with slots.open() as slot:
            if (kept := slots.kept(slot)) is not None:
                return kept
            slots.keep(slot, reading)
    return reading


async def _read(desk: Desk, caller: str, sent: Sent) -> CardReading:
    """Of a refused photo the problem names, for machines too, which of the two it is."""
    read_chip = None if sent.chip is None else await _chip_read(desk, caller, sent.chip)
    try:
        return await desk.pool.run(ocr.read_card, sent.front, sent.back, read_chip)
    except Refusal as refusal:
        if (side := refusal.fields.get("side")) is not None:
            refusal.faults = [Fault(field=side, code=refusal.code, message=refusal.message)]
        raise


class _Slots:
    """The place of one key, and what is kept in it."""

    def __init__(self, db: Database, caller: str, key: str, secret: bytes) -> None:
        self._db, self._caller, self._key = db, caller, key
        self._digest = hmac.digest(secret, b"which photos", "sha256")
        self._seal = hmac.digest(secret, b"what was read", "sha256")

    @asynccontextmanager
    async def open(self) -> AsyncGenerator[idempotency.Slot]:
        async with (
            self._db.begin() as conn,
            idempotency.once(
                await raw(conn), scope=self._caller, route=_ROUTE, key=self._key, body_digest=self._digest
            ) as slot,
        ):
            yield slot

    def keep(self, slot: idempotency.Slot, reading: CardReading) -> None:
        sealed = crypto.seal(self._seal, msgspec.json.encode(reading), self._owner)
        slot.keep({"sealed": base64.b64encode(sealed).decode()}, status=200)

    def kept(self, slot: idempotency.Slot) -> CardReading | None:
        """None, too, for a reading of another version's shape: the photos are here, and are read again."""
        if slot.reply is None:
            return None
        plain = crypto.unseal(self._seal, base64.b64decode(slot.reply["sealed"]), self._owner)
        try:
            return msgspec.json.decode(plain, type=CardReading)
        except msgspec.ValidationError:
            return None

    @property
    def _owner(self) -> bytes:
        return f"{self._caller}/{self._key}".encode()

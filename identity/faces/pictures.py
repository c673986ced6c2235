"""Which pictures were held against a card before: nothing of them but keyed marks and sealed digests, for as long as policy says.

A perceptual hash is no template, yet it is made of a face: so it lies here, under the faces' key, and answers one question.
"""

import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Final, Literal, NamedTuple

from identity.faces import store
from kit import clock, crypto, ids
from kit.db import Database
from kit.keys import Keys

Kind = Literal["selfie", "portrait"]
Use = Literal["new", "same_session", "same_number", "other_number"]

# Copies of one picture, reprinted and shrunk to 80 px, differ in at most so many bits (`matching.py`). There a template is asked
# as well, and more may differ; here none is kept. How near aligned faces of strangers come by chance was not measured, for
# want of people: who is refused for it takes another picture, and loses nothing.
COPY_BITS: Final = 4
# Of more bands than bits that may differ, one at least is whole in both; by that a copy is looked up.
_BANDS: Final = COPY_BITS + 1
_BITS: Final = 64


class Picture(NamedTuple):
    """One picture of a face and its 64-bit perceptual hash; `sha256` of the file, None where no file came as it was."""

    kind: Kind
    hash: int
    sha256: bytes | None = None


class Pictures:
    """What was seen before, in the faces' database under a key of its own. Whoever steals the table can ask it nothing."""

    def __init__(self, db: Database, keys: Keys) -> None:
        self._db = db
        self._marking = hmac.digest(keys.key("faces"), b"marking pictures seen before", "sha256")
        self._sealing = hmac.digest(keys.key("faces"), b"sealing pictures seen before", "sha256")

    async def use(self, picture: Picture, *, session_id: str, number: str, until: datetime) -> Use:
        """Who used this picture or a copy of it before, the worst first; a new one is remembered `until` then.

        A selfie is looked for among selfies and portraits, a portrait among portraits. Of concurrent uses one is told `new`.
        """
        session, owner, now = self._mark("session", session_id), self._mark("number", number), clock.now()
        kinds = ("selfie", "portrait") if picture.kind == "selfie" else ("portrait",)
        async with self._db.begin() as conn:
            await store.queue_up(conn, "pictures")
            marks = self._marks(picture)
            rows = await store.pictures(conn, kinds=kinds, marks=marks, at=now)
            copies = [row for row in rows if self._is_copy(row, picture)]
            if any(row.number != owner for row in copies):
                use: Use = "other_number"
            elif any(row.session != session for row in copies):
                use = "same_number"
            else:
                use = "same_session" if copies else "new"
            # A portrait under another number too: the next card of either is then told from both.
            if use == "new" or (picture.kind == "portrait" and all(row.number != owner for row in copies)):
                picture_id = ids.new_id("fpi")
                await store.add_picture(
                    conn,
                    id=picture_id,
                    kind=picture.kind,
                    session=session,
                    number=owner,
                    marks=marks,
                    sealed=crypto.seal(self._sealing, _packed(picture), picture_id.encode()),
                    expires_at=until,
                )
        return use

    async def forget(self) -> None:
        """Removes what policy's time is over for."""
        async with self._db.begin() as conn:
            await store.forget_pictures(conn, at=clock.now())

    def _mark(self, what: str, value: str) -> bytes:
        return hmac.digest(self._marking, f"{what}/{value}".encode(), "sha256")

    def _marks(self, picture: Picture) -> list[int]:
        said = [f"file/{picture.sha256.hex()}"] if picture.sha256 else []
        said += [f"band/{band}/{value}" for band, value in enumerate(bands(picture.hash))]
        return [int.from_bytes(self._mark("picture", one)[:8], signed=True) for one in said]

    def _is_copy(self, row: store.SeenPicture, picture: Picture) -> bool:
        plain = crypto.unseal(self._sealing, row.sealed, row.id.encode())
        same_file = picture.sha256 is not None and plain[8:] == picture.sha256
        return same_file or (int.from_bytes(plain[:8]) ^ picture.hash).bit_count() <= COPY_BITS


def bands(picture: int) -> Sequence[int]:
    """Every fifth bit of a hash, five times: neighbours among the frequencies flip together, so bands are not neighbours."""
    return [
        sum((picture >> bit & 1) << place for place, bit in enumerate(range(band, _BITS, _BANDS)))
        for band in range(_BANDS)
    ]


def _packed(picture: Picture) -> bytes:
    # Of one length whether or not there was a file: the ciphertext's tells nothing.
    return picture.hash.to_bytes(8) + (picture.sha256 or secrets.token_bytes(32))

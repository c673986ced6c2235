"""The secret turns of this deployment: made once, sealed beside what they turn, replaced without anybody's new selfie.

What seals a turn is in part a key that no backup holds and that ends with the turn: a backup's vectors of who was erased
since cannot be turned back once the turn has been renewed (decision 0019).
"""

import asyncio
import hmac
import logging
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from identity.faces import store
from identity.faces.models import Model
from identity.faces.rotation import Rotation
from kit import clock, crypto
from kit.keys import PersonalKeys

_log: Final = logging.getLogger(__name__)


class Rotations:
    """Of one model, so that vectors of different models, or of another deployment, never meet in a search."""

    def __init__(self, keys: PersonalKeys, model: Model) -> None:
        self._keys, self._model = keys, model
        # The first needs no row until somebody enrols: it follows from keys alone.
        self._first_key = hmac.digest(
            self._made_part(self._of_first), b"turning the vectors of " + model.id.encode(), "sha256"
        )
        self._first = self._made(self._first_key)
        self._opened = {self._first.name: self._first}
        self._shut: set[str] = set()

    async def known(self, conn: AsyncConnection) -> list[Rotation]:
        """All that a face may be under, oldest first: one, and two while a renewal is under way."""
        return await self._kept(conn) or [self._first]

    async def current(self, conn: AsyncConnection) -> Rotation:
        """What a face is put under. The caller holds the row of changes: no renewal begins or ends meanwhile."""
        kept = await self._kept(conn)
        if not kept:
            await self._keep(conn, self._first, self._first_key)
        return (kept or [self._first])[-1]

    async def begin_renewal(self, conn: AsyncConnection) -> tuple[list[Rotation], Rotation]:
        """The turns to leave and the one to come to: a new one, or that of a renewal which was cut off. As `current`."""
        await self.current(conn)
        *old, new = await self._kept(conn)
        if not old:
            key = crypto.new_key()
            old, new = [new], self._made(key)
            await self._keep(conn, new, key)
        return old, new

    async def end(self, conn: AsyncConnection, names: list[str]) -> int:
        """Forgets these turns for ever, unless faces are still under them: how many. As `current`."""
        left = await store.end_rotations(conn, names)
        if not left:
            # Before the rows are gone for good: a turn whose key outlived its row would be nobody's to destroy.
            ended = [*names, self._of_first] if self._first.name in names else names
            for name in ended:
                await asyncio.to_thread(self._keys.destroy_personal, _part_name(name))
        return left

    async def _kept(self, conn: AsyncConnection) -> list[Rotation]:
        rows = await store.rotations(conn, model=self._model.id)
        return [rotation for row in rows if (rotation := self._open(row)) is not None]

    async def _keep(self, conn: AsyncConnection, rotation: Rotation, key: bytes) -> None:
        part = await asyncio.to_thread(self._made_part, rotation.name)
        await store.add_rotation(
            conn,
            name=rotation.name,
            model=self._model.id,
            sealed=crypto.seal(part, key, self._owner(rotation.name)),
            made_at=clock.now(),
        )

    def _open(self, row: store.SealedRotation) -> Rotation | None:
        if row.name not in self._opened and row.name not in self._shut:
            try:
                key = crypto.unseal(self._part(row.name), row.sealed, self._owner(row.name))
            except crypto.Tampered:
                # Another deployment's, from before the faces' key was exchanged, or of a backup: nobody under it can be opened either.
                self._shut.add(row.name)
                _log.error("a turn of faces does not open and was left out", extra={"rotation": row.name})
            else:
                self._opened[row.name] = self._made(key)
        return self._opened.get(row.name)

    def _made(self, key: bytes) -> Rotation:
        return Rotation(key, self._model.searched.dimension)

    @property
    def _of_first(self) -> str:
        return f"first/{self._model.id}"

    def _made_part(self, name: str) -> bytes:
        """What seals the turn of this name; blocks until its part outside every backup is durable."""
        return self._sealing(self._keys.make_personal(_part_name(name)))

    def _part(self, name: str) -> bytes:
        """The same; raises crypto.Tampered when it was destroyed with the turn."""
        kept = self._keys.personal(_part_name(name))
        if kept is None:
            raise crypto.Tampered("the turn was given up")
        return self._sealing(kept)

    def _sealing(self, part: bytes) -> bytes:
        return hmac.digest(self._keys.key("faces"), b"sealing a turn of faces" + part, "sha256")

    def _owner(self, name: str) -> bytes:
        return f"rotation/{name}/{self._model.id}".encode()


def _part_name(turn: str) -> str:
    return f"faces/turning/{turn}"

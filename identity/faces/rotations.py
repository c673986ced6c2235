"""The secret turns of this deployment: made once, sealed beside what they turn, replaced without anybody's new selfie."""

import hmac
import logging
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from identity.faces import store
from identity.faces.models import Model
from identity.faces.rotation import Rotation
from kit import clock, crypto
from kit.keys import PersonalKeys

# The name under which the deployment's own part lies beside people's.
_NOBODYS: Final = "faces/turning"

_log: Final = logging.getLogger(__name__)


class Rotations:
    """Of one model, so that vectors of different models, or of another deployment, never meet in a search."""

    def __init__(self, keys: PersonalKeys, model: Model) -> None:
        self._model = model
        # With a part no backup holds: without it, nobody turns a backup's vectors back.
        key = hmac.digest(keys.key("faces"), keys.make_personal(_NOBODYS), "sha256")
        self._wrapping_key = hmac.digest(key, b"wrapping the turns of vectors", "sha256")
        # The first needs no row until somebody enrols: it follows from the deployment's keys.
        self._first_key = hmac.digest(key, b"turning the vectors of " + model.id.encode(), "sha256")
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

    async def _kept(self, conn: AsyncConnection) -> list[Rotation]:
        rows = await store.rotations(conn, model=self._model.id)
        return [rotation for row in rows if (rotation := self._open(row)) is not None]

    async def _keep(self, conn: AsyncConnection, rotation: Rotation, key: bytes) -> None:
        await store.add_rotation(
            conn,
            name=rotation.name,
            model=self._model.id,
            sealed=crypto.seal(self._wrapping_key, key, self._owner(rotation.name)),
            made_at=clock.now(),
        )

    def _open(self, row: store.SealedRotation) -> Rotation | None:
        if row.name not in self._opened and row.name not in self._shut:
            try:
                key = crypto.unseal(self._wrapping_key, row.sealed, self._owner(row.name))
            except crypto.Tampered:
                # Another deployment's, or from before the faces' key was exchanged: nobody under it can be opened either.
                self._shut.add(row.name)
                _log.error("a turn of faces does not open and was left out", extra={"rotation": row.name})
            else:
                self._opened[row.name] = self._made(key)
        return self._opened.get(row.name)

    def _made(self, key: bytes) -> Rotation:
        return Rotation(key, self._model.searched.dimension)

    def _owner(self, name: str) -> bytes:
        return f"rotation/{name}/{self._model.id}".encode()

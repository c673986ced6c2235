"""Finding a person again by face: only who asked for it, sealed for the disk, and never without a line in the log."""

import asyncio
import hmac
import logging
import time
from collections.abc import Collection
from typing import TYPE_CHECKING, Final

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from identity.faces import store
from identity.faces.calibration import Calibration, default, vector
from identity.faces.messages import Consent, Description, Found, Template
from identity.faces.rotation import Rotation
from identity.faces.wording import FACE_LOOKUP
from kit import clock, crypto
from kit.db import Database
from kit.keys import PersonalKeys

if TYPE_CHECKING:
    from identity.faces.index import Nearby, SignIndex

FIND_MY_DOSSIER: Final = FACE_LOOKUP.purpose

# Of so many faces that the index names the database tells the exact distance; so many of the nearest are then compared
# again with both eyes, for index and vectors are of one.
_CANDIDATES: Final = 100
_RERANKED: Final = 8

_PAGE: Final = 20_000

# The name under which the deployment's own part lies beside people's.
_NOBODYS: Final = "faces/turning"

_log = logging.getLogger(__name__)


class FaceStore:
    """The gallery of those who agreed to be found by face, in its own database under its own keys."""

    def __init__(self, db: Database, keys: PersonalKeys) -> None:
        self._db = db
        self._keys = keys
        self._wrapping_key = hmac.digest(keys.key("faces"), b"wrapping the data keys of faces", "sha256")
        self._calibration = default()
        # Of its own for each model: vectors of different models, or of another deployment, never meet in a search.
        # And with a part no backup holds: without it, nobody turns a backup's vectors back.
        turning = b"turning the vectors of " + self._calibration.model.encode() + keys.make_personal(_NOBODYS)
        self._rotation = Rotation(hmac.digest(keys.key("faces"), turning, "sha256"))
        self._index: SignIndex | None = None
        self._at_index = asyncio.Lock()

    async def enrol(self, ref: str, description: Description, consent: Consent) -> None:
        """Keeps the face under `ref`, sealed with a key of its own; replaces an earlier one."""
        template, key = description.template, crypto.new_key()
        assert template.model == self._calibration.model
        async with self._db.begin() as conn:
            await store.queue_up(conn, ref)
            await asyncio.to_thread(self._keys.make_personal, _personal(ref))
            consent_id = await store.add_consent(
                conn, ref=ref, purpose=consent.purpose, wording=consent.wording, given_at=consent.given_at
            )
            await store.put_face(
                conn,
                ref=ref,
                wrapped_key=crypto.seal(self._wrapping(ref), key, _owner(ref, template.model)),
                consent_id=consent_id,
                model=template.model,
                template=crypto.seal(key, template.dlib + template.sface, _owner(ref, template.model)),
                rotation=self._rotation.name,
                vector=self._rotation.turn(vector(template.sface)),
                enrolled_at=clock.now(),
            )

    async def withdraw(self, ref: str) -> bool:
        """Erases keys, template and vector, and keeps a record of the deletion; False when there was nothing."""
        async with self._db.begin() as conn:
            await store.queue_up(conn, ref)
            # First, and whatever becomes of the rest: what is left without it opens for nobody.
            await asyncio.to_thread(self._keys.destroy_personal, _personal(ref))
            return await store.erase_face(conn, ref=ref, at=clock.now())

    async def forget_unreadable(self) -> int:
        """Erases the faces whose personal key was destroyed, which a restored backup brings back; returns how many.

        Nobody's when not one key is there: rather a directory that was not mounted than a gallery of the erased.
        """
        async with self._db.connect() as conn:
            refs = await store.enrolled(conn)
        gone = [ref for ref in refs if await asyncio.to_thread(self._keys.personal, _personal(ref)) is None]
        if refs and len(gone) == len(refs):
            _log.error("no personal key of any face is there; nothing was erased", extra={"faces": len(refs)})
            return 0
        for ref in gone:
            await self.withdraw(ref)
        return len(gone)

    def _wrapping(self, ref: str) -> bytes:
        """Of the deployment's key and the person's own. Raises crypto.Tampered when that is gone."""
        personal = self._keys.personal(_personal(ref))
        if personal is None:
            raise crypto.Tampered("the personal key was destroyed")
        return hmac.digest(self._wrapping_key, personal, "sha256")

    async def guard(self, ref: str, consent: Consent) -> bool:
        """Lets an enrolled face be watched for; False when none is enrolled. Ends with the face."""
        async with self._db.begin() as conn:
            return await store.put_guard(
                conn, ref=ref, purpose=consent.purpose, wording=consent.wording, given_at=consent.given_at
            )

    async def end_guard(self, ref: str) -> None:
        async with self._db.begin() as conn:
            await store.end_guard(conn, ref=ref)

    async def guarded(self) -> list[str]:
        """Whose faces may be watched for: refs."""
        async with self._db.connect() as conn:
            return await store.guarded(conn)

    async def find(
        self, description: Description, *, among: Collection[str] | None = None, purpose: str = FIND_MY_DOSSIER
    ) -> Found | None:
        """The one person this is, by a line drawn for how many are searched and a margin to the second; else None.

        Nobody but `among` is looked at, when it is given: refs, enrolled or not. None is no proof that the person is not enrolled: a caller offers another way and refuses nobody for it.
        """
        probe, calibration = description.template, self._calibration
        turned = self._rotation.turn(vector(probe.sface))
        allowed = None if among is None else frozenset(among)
        async with self._db.begin() as conn:
            nearby = await self._nearby(conn, turned, allowed)
            rows = await store.nearest(
                conn, rotation=self._rotation.name, probe=turned, candidates=nearby.numbers, count=_RERANKED
            )
            # The index has looked among the allowed alone; this rests on nothing it may have mistaken.
            scored = self._scored([row for row in rows if allowed is None or row.ref in allowed], probe)
            outcome = _outcome([score for score, _ in scored], nearby.searched, calibration)
            found = Found(scored[0][1]) if outcome == "found" else None
            await store.log_search(
                conn,
                at=clock.now(),
                purpose=purpose,
                ref=found.ref if found else None,
                outcome=outcome,
                score=scored[0][0] if scored else None,
                calibration=calibration.id,
                gallery_size=nearby.searched,
            )
        return found

    async def _nearby(self, conn: AsyncConnection, turned: list[float], among: Collection[str] | None) -> "Nearby":
        """Candidates by the index, after whatever changed since the last search, here or in another process."""
        async with self._at_index:
            index = await self._up_to_date(conn)
            # On the loop: three milliseconds in a million faces, and a thread would take turns with it for longer.
            return index.nearest(turned, among=among, count=_CANDIDATES)

    async def _up_to_date(self, conn: AsyncConnection) -> "SignIndex":
        # Here, not above: only who searches needs numpy.
        from identity.faces.index import Changes, SignIndex

        known, began = self._index, time.monotonic()
        index = SignIndex() if known is None else known
        pages, upto, complete = list[Changes](), index.upto, False
        while not complete:
            page = await store.changes(conn, rotation=self._rotation.name, after=upto, limit=_PAGE)
            upto, complete = page.upto, page.complete
            if page.refs is not None and page.packed is not None:
                pages.append(await asyncio.to_thread(Changes.of, page.refs, page.packed))
        if pages:
            # A caller who hangs up leaves the thread at work: that index is then nobody's, and the next is built anew.
            self._index = None
            await asyncio.to_thread(index.apply, pages, upto)
        else:
            index.apply(pages, upto)
        self._index = index
        if known is None:
            took = {"faces": len(index), "bytes": index.size_bytes, "seconds": round(time.monotonic() - began, 3)}
            _log.info("the index of faces is built", extra=took)
        return index

    def _scored(self, rows: list[store.Near], probe: Template) -> list[tuple[float, str]]:
        """Both eyes' scores, best first; a row that does not open counts for nobody."""
        scored: list[tuple[float, str]] = []
        for row in rows:
            owner = _owner(row.ref, probe.model)
            try:
                key = crypto.unseal(self._wrapping(row.ref), row.wrapped, owner)
                plain = crypto.unseal(key, row.template, owner)
            except crypto.Tampered:
                _log.error("a face template does not open and was left out", extra={"ref": row.ref})
                continue
            half = len(plain) // 2
            kept = Template(model=probe.model, dlib=plain[:half], sface=plain[half:])
            scored.append((self._calibration.score(kept, probe), row.ref))
        return sorted(scored, reverse=True)


def _outcome(scores: list[float], gallery_size: int, calibration: Calibration) -> str:
    if not scores or scores[0] < calibration.search_line(gallery_size):
        return "not_found"
    if len(scores) > 1 and scores[0] - scores[1] < calibration.one_to_many.margin:
        return "ambiguous"
    return "found"


def _personal(ref: str) -> str:
    return f"face/{ref}"


def _owner(ref: str, model: str) -> bytes:
    """What sealed bytes are tied to: moved to another person or read as another model's, they do not open."""
    return msgspec.json.encode([ref, model])

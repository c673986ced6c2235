"""Finding a person again by face: only who asked for it, sealed for the disk, and never without a line in the log."""

import asyncio
import logging
import time
from collections.abc import Callable, Collection
from importlib import import_module
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from sqlalchemy.ext.asyncio import AsyncConnection

from identity.faces import models, renewing, store
from identity.faces.calibration import Calibration, default, vector
from identity.faces.messages import Consent, Description, FaceGuard, FaceKept, FaceLookup, Found, Template
from identity.faces.renewing import Renewed
from identity.faces.rotation import Rotation
from identity.faces.rotations import Rotations
from identity.faces.sealing import Templates
from identity.faces.wording import FACE_GUARD, FACE_LOOKUP
from kit import clock, crypto
from kit.db import Database
from kit.keys import PersonalKeys

if TYPE_CHECKING:
    from identity.faces.index import Nearby, SignIndex

FIND_MY_DOSSIER: Final = FACE_LOOKUP.purpose

# Of so many faces that the index names the database tells the exact distance; so many of the nearest are then compared
# again with all eyes, for index and vectors are of one.
_CANDIDATES: Final = 100
_RERANKED: Final = 8

_PAGE: Final = 20_000

_log = logging.getLogger(__name__)


class FaceStore:
    """The gallery of those who agreed to be found by face, in its own database under its own keys."""

    def __init__(self, db: Database, keys: PersonalKeys) -> None:
        self._db = db
        self._calibration, self._model = default(), models.default()
        self._templates = Templates(keys, self._model)
        self._rotations = Rotations(keys, self._model)
        self._indices: dict[str, SignIndex] = {}
        self._at_index = asyncio.Lock()

    async def enrol(self, ref: str, description: Description, consent: Consent) -> None:
        """Keeps the face under `ref`, sealed with a key of its own; replaces an earlier one."""
        template = description.template
        self._templates.refuse_another(template)
        async with self._db.begin() as conn:
            await store.queue_up(conn, ref)
            await asyncio.to_thread(self._templates.make_key, ref)
            wrapped, sealed = self._templates.seal(ref, template)
            consent_id = await store.add_consent(
                conn, ref=ref, purpose=consent.purpose, wording=consent.wording, given_at=consent.given_at
            )
            await store.put_key(conn, ref=ref, wrapped=wrapped)
            change = await store.take_changes(conn, 1)
            rotation = await self._rotations.current(conn)
            await store.put_face(
                conn,
                ref=ref,
                consent_id=consent_id,
                model=template.model,
                template=sealed,
                rotation=rotation.name,
                vector=self._turned(template, rotation),
                enrolled_at=clock.now(),
                change=change,
            )

    async def withdraw(self, ref: str) -> bool:
        """Erases keys, template and vector, and keeps a record of the deletion; False when there was nothing."""
        async with self._db.begin() as conn:
            await store.queue_up(conn, ref)
            # First, and whatever becomes of the rest: what is left without it opens for nobody.
            await asyncio.to_thread(self._templates.destroy_key, ref)
            return await store.erase_face(conn, ref=ref, at=clock.now())

    async def renew(self, *, told: Callable[[int], None] = lambda turned: None) -> Renewed:
        """A new secret turn for everybody, without new selfies; goes on with one that was cut off. See `renewing`."""
        return await renewing.renew(self._db, self._rotations, self._templates, self._model, told=told)

    async def forget_unreadable(self) -> int:
        """Erases the faces whose personal key was destroyed, which a restored backup brings back; returns how many.

        Nobody's when not one key is there: rather a directory that was not mounted than a gallery of the erased.
        """
        async with self._db.connect() as conn:
            refs = await store.enrolled(conn)
        gone = [ref for ref in refs if not await asyncio.to_thread(self._templates.has_key, ref)]
        if refs and len(gone) == len(refs):
            _log.error("no personal key of any face is there; nothing was erased", extra={"faces": len(refs)})
            return 0
        for ref in gone:
            await self.withdraw(ref)
        return len(gone)

    async def guard(self, ref: str, consent: Consent) -> bool:
        """Lets an enrolled face be watched for; False when none is enrolled. Ends with the face."""
        async with self._db.begin() as conn:
            return await store.put_guard(
                conn, ref=ref, purpose=consent.purpose, wording=consent.wording, given_at=consent.given_at
            )

    async def end_guard(self, ref: str) -> None:
        async with self._db.begin() as conn:
            await store.end_guard(conn, ref=ref)

    async def kept(self, ref: str) -> FaceKept:
        """What is kept of one person's face, by which consents."""
        async with self._db.connect() as conn:
            consents = {row.purpose: row for row in await store.kept(conn, ref=ref)}
        lookup, guard = (consents.get(said.purpose) for said in (FACE_LOOKUP, FACE_GUARD))
        return FaceKept(
            lookup=lookup and FaceLookup(lookup.purpose, lookup.wording, FACE_LOOKUP.text, lookup.given_at),
            guard=guard and FaceGuard(guard.purpose, guard.wording, FACE_GUARD.text, guard.given_at),
        )

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
        self._templates.refuse_another(probe)
        allowed = None if among is None else frozenset(among)
        # One snapshot: whom a renewal moves between two reads is under one of the turns in it.
        async with self._db.snapshot() as conn, conn.begin():
            looks = await self._look(conn, probe, allowed)
            searched, rows = sum(look.nearby.searched for look in looks), list[store.Near]()
            for look in looks:
                rows += await store.nearest(
                    conn, rotation=look.rotation, probe=look.turned, candidates=look.nearby.numbers, count=_RERANKED
                )
            # The index has looked among the allowed alone; this rests on nothing it may have mistaken.
            scored = self._scored([row for row in rows if allowed is None or row.ref in allowed], probe)
            outcome = _outcome([score for score, _ in scored], searched, calibration)
            found = Found(scored[0][1]) if outcome == "found" else None
            await store.log_search(
                conn,
                at=clock.now(),
                purpose=purpose,
                ref=found.ref if found else None,
                outcome=outcome,
                score=scored[0][0] if scored else None,
                calibration=calibration.id,
                gallery_size=searched,
            )
        return found

    async def note_consent(self, ref: str, consent: Consent) -> None:
        """Writes down what a person allowed for one call."""
        async with self._db.begin() as conn:
            await store.add_consent(
                conn, ref=ref, purpose=consent.purpose, wording=consent.wording, given_at=consent.given_at
            )

    async def log_unsearched(
        self, outcome: Literal["not_live", "another_person"], *, by: str, purpose: str = FIND_MY_DOSSIER
    ) -> None:
        """A line for a selfie that nobody was looked for with, and by which policy of liveness that was said."""
        async with self._db.begin() as conn:
            await store.log_search(
                conn,
                at=clock.now(),
                purpose=purpose,
                ref=None,
                outcome=outcome,
                score=None,
                calibration=by,
                gallery_size=0,
            )

    async def warm(self) -> None:
        """Reads the gallery into the index, so that the first search need not. A search meanwhile waits for it and is right.

        Ends in the log when it cannot: the first search then reads what there is.
        """
        try:
            # numpy takes a while to load, and the loop has callers to answer.
            await asyncio.to_thread(import_module, "identity.faces.index")
            async with self._db.snapshot() as conn, self._at_index:
                await self._up_to_date(conn)
        except Exception:
            _log.exception("the index of faces was not built at the start")

    async def _look(self, conn: AsyncConnection, probe: Template, among: Collection[str] | None) -> "list[_Look]":
        """Candidates under each turn by its index, after whatever changed since the last search, here or in another process."""
        # The snapshot begins in here, with the first read: the indices are never of a later one than it.
        async with self._at_index:
            looks: list[_Look] = []
            for rotation in await self._up_to_date(conn):
                turned = self._turned(probe, rotation)
                # On the loop: three milliseconds in a million faces, and a thread would take turns with it for longer.
                nearby = self._indices[rotation.name].nearest(turned, among=among, count=_CANDIDATES)
                looks.append(_Look(rotation.name, turned, nearby))
            return looks

    async def _up_to_date(self, conn: AsyncConnection) -> list[Rotation]:
        """The turns that faces may be under, each with its index brought up to date."""
        known = await self._rotations.known(conn)
        for name in self._indices.keys() - {rotation.name for rotation in known}:
            del self._indices[name]
        for rotation in known:
            await self._bring_up(conn, rotation.name)
        return known

    async def _bring_up(self, conn: AsyncConnection, rotation: str) -> None:
        # Here, not above: only who searches needs numpy.
        from identity.faces.index import Changes, SignIndex

        known, began = self._indices.get(rotation), time.monotonic()
        index = SignIndex() if known is None else known
        pages, upto, complete = list[Changes](), index.upto, False
        while not complete:
            page = await store.changes(conn, rotation=rotation, after=upto, limit=_PAGE, anew=known is None)
            upto, complete = page.upto, page.complete
            if page.refs is not None and page.packed is not None:
                pages.append(await asyncio.to_thread(Changes.of, page.refs, page.packed))
        if pages:
            # A caller who hangs up leaves the thread at work: that index is then nobody's, and the next is built anew.
            self._indices.pop(rotation, None)
            await asyncio.to_thread(index.apply, pages, upto)
        else:
            index.apply(pages, upto)
        self._indices[rotation] = index
        if known is None:
            took = {"faces": len(index), "bytes": index.size_bytes, "seconds": round(time.monotonic() - began, 3)}
            _log.info("the index of faces is built", extra=took)

    def _scored(self, rows: list[store.Near], probe: Template) -> list[tuple[float, str]]:
        """All eyes' scores, best first; a row that does not open counts for nobody."""
        scored: list[tuple[float, str]] = []
        for row in rows:
            try:
                kept = self._templates.open(row.ref, row.wrapped, row.template)
            except crypto.Tampered:
                _log.error("a face template does not open and was left out", extra={"ref": row.ref})
                continue
            scored.append((self._calibration.score(kept, probe), row.ref))
        return sorted(scored, reverse=True)

    def _turned(self, template: Template, rotation: Rotation) -> list[float]:
        return rotation.turn(vector(template.vectors[self._model.searched.name]))


class _Look(NamedTuple):
    """What is near under one turn."""

    rotation: str
    turned: list[float]
    nearby: "Nearby"


def _outcome(scores: list[float], gallery_size: int, calibration: Calibration) -> str:
    if not scores or scores[0] < calibration.search_line(gallery_size):
        return "not_found"
    if len(scores) > 1 and scores[0] - scores[1] < calibration.one_to_many.margin:
        return "ambiguous"
    return "found"

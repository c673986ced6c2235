"""Finding a dossier without signing in: by receipt code and second fact, or by face at a kiosk."""

from datetime import timedelta

from dossiers import live, receipt_codes, store, views
from dossiers.messages import FoundByFace, LookUp, Status, StatusOfFound
from dossiers.refusals import FaceNotFound, LookupFailed
from dossiers.submitting import second_fact
from identity import faces as face_room
from identity import offices
from identity.faces import FaceStore
from kit import clock
from kit.actor import Actor
from kit.db import Database
from kit.limits import Limits
from kit.pool import InferencePool
from kit.settings import Settings
from kit.valkey import Valkey
from procedures import Catalogue

_LISTED = 20
# People come to a kiosk to hear that it is ready.
_SHOWN_AFTER_END = timedelta(days=30)


async def by_receipt_code(db: Database, catalogue: Catalogue, limits: Limits, address: str, asked: LookUp) -> Status:
    """How a dossier stands. Raises LookupFailed alike for a wrong day, a wrong code and a missing dossier; TooMany."""
    await limits.hit("lookup", address)
    code = receipt_codes.parse(asked.receipt_code) or ""
    # By the code as stored, whether or not it exists: guessing days for one code runs dry for everybody at once.
    await limits.hit("lookup-code", code or asked.receipt_code)
    # Hashed whether or not there is such a code, and asked as one question: a wrong day and a missing dossier cost alike.
    fact = second_fact(code, asked.date_of_birth.isoformat())
    async with db.direct() as conn:
        standing = await store.standing_by_code(conn, code, fact)
    if standing is None:
        raise LookupFailed
    return views.standing(catalogue, standing, clock.now())


async def by_face(
    db: Database,
    catalogue: Catalogue,
    faces: FaceStore,
    pool: InferencePool,
    limits: Limits,
    valkey: Valkey,
    settings: Settings,
    actor: Actor,
    selfie: bytes,
    burst: live.Burst | None = None,
) -> FoundByFace:
    """The dossiers of the one person at the kiosk, if they asked to be found so. Raises FaceNotFound, TooMany, and what `live` refuses.

    Looked for, and shown, is only what the kiosk's own service centre has in hand.
    """
    assert actor.client_id is not None
    assert actor.office_id is not None
    await limits.hit("face", actor.client_id)
    answered = await live.take(valkey, actor, burst, settings.environment)
    description = await pool.run(face_room.describe, selfie)
    if answered is not None:
        await live.refuse_unlike(pool, faces, description, answered)
    now = clock.now()
    ended_since = now - _SHOWN_AFTER_END
    async with db.snapshot() as conn:
        ward_code = (await offices.office(conn, actor.office_id)).ward_code
        people = await store.accounts_with_dossiers(conn, ward_code=ward_code, ended_since=ended_since)
    found = await faces.find(description, among=people)
    if found is None:
        raise FaceNotFound
    async with db.snapshot() as conn:
        rows = await store.dossiers_in_hand(
            conn, account_id=found.ref, ward_code=ward_code, ended_since=ended_since, limit=_LISTED
        )
        branches = await store.branches_of(conn, [row.id for row in rows])
    if not rows:
        raise FaceNotFound
    said = [views.summary(catalogue, row, [b for b in branches if b.dossier_id == row.id], now) for row in rows]
    return FoundByFace(
        dossiers=[
            StatusOfFound(
                receipt_code=receipt_codes.mask(one.receipt_code or ""),
                procedure=one.procedure,
                submitted_at=one.submitted_at,
                promised_at=one.promised_at,
                branches=one.branches,
            )
            for one in said
        ]
    )

"""Finding a dossier without signing in: by receipt code and second fact, or by face at a kiosk; and by one's own face on a phone."""

from datetime import datetime, timedelta

from dossiers import live, receipt_codes, store, views
from dossiers.messages import FoundByFace, LookUp, Status, StatusOfFound
from dossiers.refusals import FaceNotFound, LookupFailed
from dossiers.standing import Stand
from dossiers.submitting import second_fact
from identity import faces as face_room
from identity import offices
from identity.consents import reads
from identity.faces import FACE_ON_PHONE, FIND_MY_DOSSIER, Consent, FaceConsentMissing, FaceStore
from kit import clock
from kit.actor import Actor
from kit.limits import Limits
from kit.pool import InferencePool
from kit.valkey import Valkey

_LISTED = 20
# People come to a kiosk to hear that it is ready.
_SHOWN_AFTER_END = timedelta(days=30)


async def by_receipt_code(stand: Stand, limits: Limits, address: str, asked: LookUp) -> Status:
    """How a dossier stands. Raises LookupFailed alike for a wrong day, a wrong code and a missing dossier; TooMany."""
    await limits.hit("lookup", address)
    code = receipt_codes.parse(asked.receipt_code) or ""
    # By the code as stored, whether or not it exists: guessing days for one code runs dry for everybody at once.
    await limits.hit("lookup-code", code or asked.receipt_code)
    # Hashed whether or not there is such a code, and asked as one question: a wrong day and a missing dossier cost alike.
    fact = second_fact(code, asked.date_of_birth.isoformat())
    standing = await stand.lookups.by_code(code, fact)
    if standing is None:
        raise LookupFailed
    return views.standing(stand.catalogue, standing, clock.now())


async def by_face(
    stand: Stand,
    faces: FaceStore,
    pool: InferencePool,
    limits: Limits,
    valkey: Valkey,
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
    answered = await live.take(valkey, actor, burst, stand.settings.environment)
    description = await pool.run(face_room.describe, selfie)
    if answered is not None:
        await live.refuse_unlike(pool, faces, description, answered, purpose=FIND_MY_DOSSIER)
    async with stand.db.snapshot() as conn:
        ward_code = (await offices.office(conn, actor.office_id)).ward_code
        people = await store.accounts_with_dossiers(conn, ward_code=ward_code, ended_since=_ended_since())
    found = await faces.find(description, among=people)
    if found is None:
        raise FaceNotFound
    shown = await _of_account(stand, found.ref, ward_code)
    async with stand.db.begin() as conn:
        await reads.record(conn, actor, "face", found.ref)
    return shown


async def by_own_face(
    stand: Stand,
    faces: FaceStore,
    pool: InferencePool,
    limits: Limits,
    valkey: Valkey,
    actor: Actor,
    selfie: bytes,
    burst: live.Burst | None,
    *,
    office_id: str,
    consent: str,
) -> FoundByFace:
    """On a phone: the dossiers at that service centre of its own person, if the face is theirs and they asked to be found so.

    Nobody else is looked at: with a picture and a phone a stranger would learn who has business with the city. Refuses
    FaceConsentMissing, NotFound, FaceNotFound, TooMany, and what `live` refuses.
    """
    assert actor.account_id is not None
    await limits.hit("face-on-phone", actor.account_id)
    if consent != FACE_ON_PHONE.purpose:
        raise FaceConsentMissing(
            purpose=FACE_ON_PHONE.purpose, words_vi=FACE_ON_PHONE.text.vi, words_en=FACE_ON_PHONE.text.en
        )
    async with stand.db.snapshot() as conn:
        ward_code = (await offices.office(conn, office_id)).ward_code
    answered = await live.take(valkey, actor, burst, stand.settings.environment)
    allowed = Consent(purpose=FACE_ON_PHONE.purpose, wording=FACE_ON_PHONE.name, given_at=clock.now())
    await faces.note_consent(actor.account_id, allowed)
    description = await pool.run(face_room.describe, selfie)
    if answered is not None:
        await live.refuse_unlike(pool, faces, description, answered, purpose=allowed.purpose)
    found = await faces.find(description, among=[actor.account_id], purpose=allowed.purpose)
    if found is None:
        raise FaceNotFound
    return await _of_account(stand, found.ref, ward_code)


def _ended_since() -> datetime:
    return clock.now() - _SHOWN_AFTER_END


async def _of_account(stand: Stand, account_id: str, ward_code: str) -> FoundByFace:
    """What may be shown of whoever was found, masked. Refuses FaceNotFound when there is nothing."""
    now = clock.now()
    async with stand.db.snapshot() as conn:
        rows = await store.dossiers_in_hand(
            conn, account_id=account_id, ward_code=ward_code, ended_since=_ended_since(), limit=_LISTED
        )
        branches = await store.branches_of(conn, [row.id for row in rows])
    if not rows:
        raise FaceNotFound
    said = [views.summary(stand.catalogue, row, [b for b in branches if b.dossier_id == row.id], now) for row in rows]
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

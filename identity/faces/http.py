"""Citizens allow being found by face, or no longer."""

from dataclasses import dataclass
from typing import Annotated, Final

from litestar import delete, get, put
from litestar.datastructures import UploadFile
from litestar.enums import RequestEncodingType
from litestar.params import Body

from identity import faces as room
from identity.faces.messages import Consent, FaceGuard, FaceGuardRequest, FaceKept, FaceLookup
from identity.faces.refusals import FaceConsentMissing, FaceNotEnrolled
from identity.faces.service import FaceStore
from identity.faces.wording import FACE_GUARD, FACE_LOOKUP
from kit import clock
from kit.actor import Actor, citizen
from kit.limits import Limits
from kit.pool import InferencePool

_SELFIE_BYTES: Final = 12_000_000


@dataclass
class FaceLookupForm:
    """A selfie, and `consent` naming the purpose agreed to."""

    selfie: UploadFile
    consent: str = ""


@put(
    "/v1/me/face-lookup",
    who=citizen("face-lookup:write"),
    tags=["faces"],
    summary="Let my dossiers be found by my face",
    request_max_body_size=_SELFIE_BYTES,
)
async def allow_face_lookup(
    data: Annotated[FaceLookupForm, Body(media_type=RequestEncodingType.MULTI_PART)],
    actor: Actor,
    faces: FaceStore,
    pool: InferencePool,
    limits: Limits,
) -> FaceLookup:
    """Consent of its own, apart from every other; replaces an earlier face."""
    assert actor.account_id is not None
    await limits.hit("face", actor.account_id)
    if data.consent != FACE_LOOKUP.purpose:
        raise FaceConsentMissing(
            purpose=FACE_LOOKUP.purpose, words_vi=FACE_LOOKUP.text.vi, words_en=FACE_LOOKUP.text.en
        )
    description = await pool.run(room.describe, await data.selfie.read())
    consent = Consent(purpose=FACE_LOOKUP.purpose, wording=FACE_LOOKUP.name, given_at=clock.now())
    await faces.enrol(actor.account_id, description, consent)
    return FaceLookup(
        purpose=consent.purpose, wording=consent.wording, text=FACE_LOOKUP.text, enrolled_at=consent.given_at
    )


@get(
    "/v1/me/face-lookup",
    who=citizen("face-lookup:write"),
    tags=["faces"],
    summary="What is kept of my face",
)
async def face_kept(actor: Actor, faces: FaceStore) -> FaceKept:
    """Both consents with their words and days; null where there is none."""
    assert actor.account_id is not None
    return await faces.kept(actor.account_id)


@delete(
    "/v1/me/face-lookup",
    who=citizen("face-lookup:write"),
    tags=["faces"],
    summary="Stop my dossiers being found by my face",
)
async def withdraw_face_lookup(actor: Actor, faces: FaceStore) -> None:
    """Erases the face and its key at once; doing so twice is no error."""
    assert actor.account_id is not None
    await faces.withdraw(actor.account_id)


@put(
    "/v1/me/face-guard",
    who=citizen("face-lookup:write"),
    tags=["faces"],
    summary="Let my face be watched for when others open accounts",
)
async def allow_face_guard(data: FaceGuardRequest, actor: Actor, faces: FaceStore) -> FaceGuard:
    """Consent of its own, for a face that is kept already; an officer is told, nothing is decided by machine."""
    assert actor.account_id is not None
    if data.consent != FACE_GUARD.purpose:
        raise FaceConsentMissing(purpose=FACE_GUARD.purpose, words_vi=FACE_GUARD.text.vi, words_en=FACE_GUARD.text.en)
    consent = Consent(purpose=FACE_GUARD.purpose, wording=FACE_GUARD.name, given_at=clock.now())
    if not await faces.guard(actor.account_id, consent):
        raise FaceNotEnrolled
    return FaceGuard(purpose=consent.purpose, wording=consent.wording, text=FACE_GUARD.text, agreed_at=consent.given_at)


@delete(
    "/v1/me/face-guard",
    who=citizen("face-lookup:write"),
    tags=["faces"],
    summary="Stop watching for my face",
)
async def withdraw_face_guard(actor: Actor, faces: FaceStore) -> None:
    """At once; the face stays for what else was agreed to. Doing so twice is no error."""
    assert actor.account_id is not None
    await faces.end_guard(actor.account_id)


route_handlers = [face_kept, allow_face_lookup, withdraw_face_lookup, allow_face_guard, withdraw_face_guard]

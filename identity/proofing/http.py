"""/v1/proofing: a card and a selfie in, an account out; and the officer's check."""

from dataclasses import dataclass
from typing import Annotated, Any

from litestar import Request, Response, get, post
from litestar.datastructures import UploadFile
from litestar.enums import RequestEncodingType
from litestar.openapi.spec import Operation
from litestar.params import Body, Parameter

from identity.faces import FaceStore, Pictures
from identity.proofing import alarms, checking, concluding, gathering, reviewing, sessions, watching
from identity.proofing.messages import (
    AccountReply,
    Alarm,
    AlarmDecision,
    AlarmReply,
    AlarmRow,
    CardReply,
    Check,
    CheckReply,
    CheckRequest,
    ContactCode,
    ContactReply,
    ContactRequest,
    LivenessChallenge,
    LivenessReply,
    Progress,
    ReviewReply,
    ReviewRow,
    SelfieReply,
    SessionReply,
    SessionRequest,
    StepReply,
)
from identity.proofing.sessions import Desk
from identity.tokens import AuthorizationReply, Issuer
from identity.tokens.http import dpop_header
from identity.tokens.refusals import DpopProofNeeded, UnknownClient
from kit.actor import ANYONE, Actor, citizen, officer, proofing
from kit.db import Database
from kit.keys import Keys
from kit.limits import Limits
from kit.pool import InferencePool
from kit.refusal import NotFound
from kit.settings import Settings
from kit.valkey import Valkey
from notifications import PostOffice
from wires.population import PopulationRegister

_CARD_BODY_BYTES = 25_000_000
_SELFIE_BODY_BYTES = 13_000_000
# Forty frames of 300 kB, which a phone needs for two megapixels.
_BURST_BODY_BYTES = 13_000_000

_LOOKED_AT_ONLY = {"Cache-Control": "private, no-store", "X-Content-Type-Options": "nosniff"}

_SESSION = "/v1/proofing/sessions/{session_id:str}"
_CHECK = "/v1/proofing/checks/{check_code:str}"
_REVIEW = "/v1/proofing/reviews/{review_id:str}"
_ALARM = "/v1/proofing/alarms/{alarm_id:str}"


@dataclass
class CardForm:
    """Photos of both sides of one card: JPEG, PNG, WebP or HEIC."""

    front: UploadFile
    back: UploadFile


@dataclass
class SelfieForm:
    """A photo of the person's own face, taken now; or up to five of one burst, 13 MB together, each a part named `selfie`."""

    selfie: list[UploadFile]


@dataclass
class BurstForm:
    """The answer to one challenge: 8 to 40 JPEG frames of one size, at most 4 megapixels, as the camera took them; `times` are
    their moments in the same order, in ms since the challenge began to run, separated by commas."""

    challenge: str
    times: str
    frames: list[UploadFile]


async def desk(
    db: Database,
    keys: Keys,
    pool: InferencePool,
    post_office: PostOffice,
    issuer: Issuer,
    settings: Settings,
    limits: Limits,
    valkey: Valkey,
    pictures: Pictures,
    faces: FaceStore,
    population: PopulationRegister | None,
) -> Desk:
    """What the verbs stand on."""
    return Desk(
        db=db,
        keys=keys,
        pool=pool,
        post_office=post_office,
        issuer=issuer,
        settings=settings,
        limits=limits,
        valkey=valkey,
        pictures=pictures,
        faces=faces,
        population=population,
    )


def own(session_id: str, actor: Actor) -> None:
    """A proofing token opens its own session; every other one is not there."""
    if actor.session_id != session_id:
        raise NotFound


@dataclass
class _OpenOperation(Operation):
    def __post_init__(self) -> None:
        self.parameters = [*(self.parameters or []), dpop_header(required=True)]


@post(
    "/v1/proofing/sessions",
    who=ANYONE,
    dependencies={"desk": desk},
    summary="Open a session",
    tags=["proofing"],
    operation_class=_OpenOperation,
)
async def open_session(
    data: SessionRequest, request: Request[Any, Any, Any], address: str, desk: Desk, limits: Limits
) -> SessionReply:
    """By a first-party app, with a DPoP proof of the device key that everything after is bound to."""
    await limits.hit("proofing", address)
    jkt = await desk.issuer.check_proof(request.headers.getall("dpop", []), method="POST", path="/v1/proofing/sessions")
    return await sessions.open_session(desk, data, jkt=jkt)


@post(
    "/v1/me/proofing-sessions",
    who=citizen("profile", level=0),
    dependencies={"desk": desk},
    summary="Prove yourself again",
    tags=["proofing"],
)
async def open_session_again(data: SessionRequest, actor: Actor, desk: Desk, limits: Limits) -> SessionReply:
    """The same journey for the account signed in: a level that lapsed or soon will, a new card, or the way to level 2. It never
    leads to a second account, and another person's card is refused. Bound to the device key of the token."""
    assert actor.account_id is not None
    await limits.hit("proofing", actor.account_id)
    if actor.jkt is None:
        raise DpopProofNeeded(reason="the token is bound to no device key")
    if data.client_id != actor.client_id:
        raise UnknownClient(client_id=data.client_id)
    return await sessions.open_session(desk, data, jkt=actor.jkt, for_account_id=actor.account_id)


@get(_SESSION, who=proofing(), dependencies={"desk": desk}, summary="How far a session is", tags=["proofing"])
async def progress(session_id: str, actor: Actor, desk: Desk) -> Progress:
    """Steps passed and what comes next; nothing of the person."""
    own(session_id, actor)
    return await sessions.progress(desk, session_id)


@post(
    f"{_SESSION}/card",
    who=proofing(),
    status_code=200,
    dependencies={"desk": desk},
    request_max_body_size=_CARD_BODY_BYTES,
    summary="Read the card",
    tags=["proofing"],
)
async def read_card(
    session_id: str,
    data: Annotated[CardForm, Body(media_type=RequestEncodingType.MULTI_PART)],
    actor: Actor,
    desk: Desk,
    limits: Limits,
) -> CardReply:
    """Every field with its evidence and verdict. The photos are not kept."""
    own(session_id, actor)
    await limits.hit("card", session_id)
    return await gathering.read_card(desk, session_id, await data.front.read(), await data.back.read())


@post(
    f"{_SESSION}/liveness/challenge",
    who=proofing(),
    dependencies={"desk": desk},
    summary="Ask for a liveness challenge",
    tags=["proofing"],
)
async def draw_liveness_challenge(session_id: str, actor: Actor, desk: Desk, limits: Limits) -> LivenessChallenge:
    """Between card and selfie; good once and for two minutes, for this device alone. Five a session."""
    own(session_id, actor)
    await limits.hit("face", session_id)
    return await watching.draw_challenge(desk, session_id)


@post(
    f"{_SESSION}/liveness",
    who=proofing(),
    status_code=200,
    dependencies={"desk": desk},
    request_max_body_size=_BURST_BODY_BYTES,
    summary="Answer a liveness challenge",
    tags=["proofing"],
)
async def judge_liveness(
    session_id: str,
    data: Annotated[BurstForm, Body(media_type=RequestEncodingType.MULTI_PART, multipart_form_part_limit=50)],
    actor: Actor,
    desk: Desk,
    limits: Limits,
) -> LivenessReply:
    """A verdict and what to do better. A hint: it opens nothing by itself, and who leaves it out loses nothing. Frames are not kept."""
    own(session_id, actor)
    await limits.hit("face", session_id)
    jpegs = [await frame.read() for frame in data.frames]
    return await watching.judge_liveness(desk, session_id, data.challenge, jpegs, data.times)


@post(
    f"{_SESSION}/selfie",
    who=proofing(),
    status_code=200,
    dependencies={"desk": desk},
    request_max_body_size=_SELFIE_BODY_BYTES,
    summary="Match the face",
    tags=["proofing"],
)
async def match_selfie(
    session_id: str,
    data: Annotated[SelfieForm, Body(media_type=RequestEncodingType.MULTI_PART)],
    actor: Actor,
    desk: Desk,
    limits: Limits,
) -> SelfieReply:
    """Against the card's portrait; five attempts a session. Photos are not kept.

    Of several, those too poor or equal to another do not count (a tip says which fault); the others must show one person.
    """
    own(session_id, actor)
    await limits.hit("face", session_id)
    return await gathering.match_selfie(desk, session_id, [await photo.read() for photo in data.selfie])


@post(
    f"{_SESSION}/review",
    who=proofing(),
    status_code=200,
    dependencies={"desk": desk},
    summary="Leave it to an officer",
    tags=["proofing"],
)
async def ask_review(session_id: str, actor: Actor, desk: Desk, limits: Limits) -> ReviewReply:
    """When the machine was unsure, may not compare, or the register said no. Go on with phone or mailbox and then the account:
    that hands it over, and answers with a code for the counter."""
    own(session_id, actor)
    await limits.hit("face", session_id)
    return await reviewing.ask_person(desk, session_id)


@post(
    f"{_SESSION}/contact",
    who=proofing(),
    status_code=200,
    dependencies={"desk": desk},
    summary="Send a one-time code to a phone or mailbox",
    tags=["proofing"],
)
async def ask_contact(session_id: str, data: ContactRequest, actor: Actor, desk: Desk, limits: Limits) -> ContactReply:
    """The phone or address the account will sign in with."""
    own(session_id, actor)
    contact = gathering.contact_asked(data)
    # By both: nobody floods one phone from many sessions, nor many phones from one.
    await limits.hit("one-time-code", contact.value)
    await limits.hit("one-time-code", session_id)
    return await gathering.ask_contact(desk, session_id, contact)


@post(
    f"{_SESSION}/contact/code",
    who=proofing(),
    status_code=200,
    dependencies={"desk": desk},
    summary="Show that the code arrived",
    tags=["proofing"],
)
async def prove_contact(session_id: str, data: ContactCode, actor: Actor, desk: Desk) -> StepReply:
    """Five tries a code."""
    own(session_id, actor)
    return StepReply(next=await gathering.prove_contact(desk, session_id, data.code))


@post(f"{_SESSION}/account", who=proofing(), dependencies={"desk": desk}, summary="Open the account", tags=["proofing"])
async def open_account(session_id: str, actor: Actor, desk: Desk) -> AccountReply:
    """One account per person: who has one already finds it again. Asked again, gives a new check code. What was left to an officer
    is handed over, and opens with their word within three days."""
    own(session_id, actor)
    return await concluding.open_account(desk, session_id)


@post(
    f"{_SESSION}/authorization",
    who=proofing(),
    dependencies={"desk": desk},
    summary="A code for the token endpoint",
    tags=["proofing"],
)
async def authorize(session_id: str, actor: Actor, desk: Desk) -> AuthorizationReply:
    """To be redeemed within a minute with the code_verifier and the same device key."""
    own(session_id, actor)
    return await concluding.authorize(desk, session_id)


@get(
    _CHECK,
    who=officer("identity_checker"),
    dependencies={"desk": desk},
    summary="What a check code opens",
    tags=["proofing"],
)
async def look_at_check(check_code: str, actor: Actor, desk: Desk, limits: Limits) -> Check:
    """The claims the card proved, each with its sources."""
    await limits.hit("lookup", f"check {actor.account_id}")
    return await checking.look_at_check(desk, check_code, actor)


@post(
    _CHECK,
    who=officer("identity_checker"),
    status_code=200,
    dependencies={"desk": desk},
    summary="Confirm or refuse a person at the counter",
    tags=["proofing"],
)
async def decide_check(check_code: str, data: CheckRequest, actor: Actor, desk: Desk, limits: Limits) -> CheckReply:
    """Confirmed means level 2. One verdict per code; never for oneself."""
    await limits.hit("lookup", f"check {actor.account_id}")
    return await checking.decide_check(desk, check_code, data, actor)


@get(
    "/v1/proofing/reviews",
    who=officer("identity_checker"),
    dependencies={"desk": desk},
    summary="Comparisons waiting for an officer's eye",
    tags=["proofing"],
)
async def list_reviews(desk: Desk) -> list[ReviewRow]:
    """Those that photos are enough for: the oldest hundred. Who it is about is behind each."""
    return await reviewing.open_reviews(desk)


@get(
    _REVIEW,
    who=officer("identity_checker"),
    dependencies={"desk": desk},
    summary="What a comparison is about",
    tags=["proofing"],
)
async def look_at_review(review_id: str, actor: Actor, desk: Desk, limits: Limits) -> Check:
    """The claims the card proved, and why the machine did not decide. Looking is recorded; never for oneself."""
    await limits.hit("lookup", f"check {actor.account_id}")
    return await checking.look_at_review(desk, review_id, actor)


@get(
    f"{_REVIEW}/{{photo:str}}",
    who=officer("identity_checker"),
    dependencies={"desk": desk},
    summary="One of the two photos",
    tags=["proofing"],
)
async def see_photo(
    review_id: str,
    photo: Annotated[str, Parameter(pattern="^(portrait|selfie)$", description="portrait or selfie")],
    actor: Actor,
    desk: Desk,
    limits: Limits,
) -> Response[bytes]:
    """The card's portrait, or the selfie the machine was unsure of: a JPEG to look at. Looking is recorded; never for oneself."""
    await limits.hit("lookup", f"check {actor.account_id}")
    await checking.look_at_review(desk, review_id, actor)
    seen = await reviewing.photo(desk, review_id, "portrait" if photo == "portrait" else "selfie", actor)
    return Response(seen, media_type="image/jpeg", headers=_LOOKED_AT_ONLY)


@post(
    _REVIEW,
    who=officer("identity_checker"),
    status_code=200,
    dependencies={"desk": desk},
    summary="Decide by the photos",
    tags=["proofing"],
)
async def decide_review(review_id: str, data: CheckRequest, actor: Actor, desk: Desk, limits: Limits) -> CheckReply:
    """Confirmed opens the account at level 1; refused erases what was sealed. One verdict, with its reason; never for oneself."""
    await limits.hit("lookup", f"check {actor.account_id}")
    return await checking.decide_review(desk, review_id, data, actor)


@get(
    "/v1/proofing/alarms",
    who=officer("identity_checker"),
    dependencies={"desk": desk},
    summary="Alarms nobody has decided",
    tags=["proofing"],
)
async def list_alarms(desk: Desk) -> list[AlarmRow]:
    """What may be one person twice, or a stolen number: the oldest hundred. Who it is about is behind each."""
    return await alarms.open_alarms(desk)


@get(
    _ALARM,
    who=officer("identity_checker"),
    dependencies={"desk": desk},
    summary="What an alarm is about",
    tags=["proofing"],
)
async def look_at_alarm(alarm_id: str, actor: Actor, desk: Desk, limits: Limits) -> Alarm:
    """What the card proved, and the account it may touch. Looking is recorded; never for oneself."""
    await limits.hit("lookup", f"alarm {actor.account_id}")
    return await alarms.look_at_alarm(desk, alarm_id, actor)


@post(
    _ALARM,
    who=officer("identity_checker"),
    status_code=200,
    dependencies={"desk": desk},
    summary="Decide an alarm",
    tags=["proofing"],
)
async def decide_alarm(alarm_id: str, data: AlarmDecision, actor: Actor, desk: Desk, limits: Limits) -> AlarmReply:
    """One verdict with its reason, which is kept; what the alarm showed is erased. It changes no account."""
    await limits.hit("lookup", f"alarm {actor.account_id}")
    return AlarmReply(await alarms.decide_alarm(desk, alarm_id, data, actor))


route_handlers: list[Any] = [
    open_session,
    open_session_again,
    progress,
    read_card,
    draw_liveness_challenge,
    judge_liveness,
    match_selfie,
    ask_review,
    ask_contact,
    prove_contact,
    open_account,
    authorize,
    look_at_check,
    decide_check,
    list_reviews,
    look_at_review,
    see_photo,
    decide_review,
    list_alarms,
    look_at_alarm,
    decide_alarm,
]

"""/v1/dossiers and /v1/lookups: the citizens' side."""

from dataclasses import dataclass, field
from typing import Annotated, Any, Final

from litestar import Request, Response, delete, get, patch, post, put
from litestar.datastructures import UploadFile
from litestar.enums import RequestEncodingType
from litestar.params import Body, Parameter

from dossiers import (
    drafting,
    finding,
    following,
    http_assisted,
    http_brought,
    http_catalogue,
    http_desk,
    http_desk_work,
    http_halting,
    http_later,
    http_wires,
    issuing,
    live,
    submitting,
)
from dossiers.http_behalf import OnBehalfOf
from dossiers.http_versions import IfMatch, asked_version, tagged
from dossiers.messages import (
    AttachDocument,
    ChangeForm,
    ContestField,
    Dossier,
    DossierList,
    FoundByFace,
    History,
    LookUp,
    LookupChallenge,
    OpenDraft,
    Status,
    Submitted,
)
from dossiers.standing import Stand
from identity.consents.reads.messages import DataReads
from identity.faces import FaceStore
from kit.actor import ANYONE, Actor, citizen, either, kiosk
from kit.limits import Limits
from kit.pool import InferencePool
from kit.seals import Seals
from kit.valkey import Valkey

# A selfie and forty frames, each as large as in a proofing session.
_LIVE_SELFIE_BYTES: Final = 25_000_000
_FORM_BYTES: Final = 200_000
_SMALL: Final = 8_000

READ, WRITE = citizen("dossiers:read"), citizen("dossiers:write")
_FINDS_BY_FACE = either(kiosk("dossiers:find-by-face"), citizen("dossiers:find-by-my-face", own=True))

IdempotencyKey = Annotated[
    str | None, Parameter(header="Idempotency-Key", max_length=1000, description="random; the same one when you retry")
]


@dataclass
class LiveSelfieForm:
    """The photo of whoever stands before the camera; and, to show that they are alive, the answer to one challenge: 8 to 40 JPEG frames of
    one size, at most 4 megapixels, with their `times` in the same order, in ms since the challenge began to run, separated by commas."""

    selfie: UploadFile
    challenge: str | None = None
    times: str | None = None
    frames: list[UploadFile] = field(default_factory=list[UploadFile])
    # A phone says which service centre, and names the purpose its person agreed to.
    office_id: str = ""
    consent: str = ""

    async def burst(self) -> live.Burst | None:
        """Whatever came of it; None when nothing did."""
        if self.challenge is None and self.times is None and not self.frames:
            return None
        return live.Burst(self.challenge or "", [await frame.read() for frame in self.frames], self.times or "")


@post(
    "/v1/dossiers",
    who=WRITE,
    tags=["dossiers"],
    summary="Open a draft, filled with what is known",
    request_max_body_size=_SMALL,
)
async def open_draft(
    data: OpenDraft, stand: Stand, actor: Actor, on_behalf_of: OnBehalfOf = None, idempotency_key: IdempotencyKey = None
) -> Response[Dossier]:
    return _tagged(await drafting.open_draft(stand, actor, data, behalf=on_behalf_of, key=idempotency_key), 201)


@get("/v1/dossiers", who=READ, tags=["dossiers"], summary="My dossiers and those that name me")
async def list_dossiers(
    stand: Stand,
    actor: Actor,
    on_behalf_of: OnBehalfOf = None,
    pin: Annotated[
        str | None, Parameter(max_length=20, description="my own personal number; another finds nothing")
    ] = None,
) -> DossierList:
    return await following.dossiers(stand, actor, pin=pin, behalf=on_behalf_of)


@get("/v1/dossiers/{dossier_id:str}", who=READ, tags=["dossiers"], summary="One dossier: form, branches, timeline")
async def show_dossier(
    dossier_id: str, stand: Stand, actor: Actor, on_behalf_of: OnBehalfOf = None
) -> Response[Dossier]:
    return _tagged(await following.dossier(stand, actor, dossier_id, behalf=on_behalf_of))


@patch(
    "/v1/dossiers/{dossier_id:str}/form",
    who=WRITE,
    tags=["dossiers"],
    summary="Change answers of a draft",
    request_max_body_size=_FORM_BYTES,
)
async def change_form(
    dossier_id: str,
    data: ChangeForm,
    stand: Stand,
    actor: Actor,
    on_behalf_of: OnBehalfOf = None,
    if_match: IfMatch = None,
) -> Response[Dossier]:
    version = asked_version(if_match, required=True)
    return _tagged(await drafting.change_form(stand, actor, dossier_id, data, behalf=on_behalf_of, version=version))


@post(
    "/v1/dossiers/{dossier_id:str}/form/contests",
    who=WRITE,
    tags=["dossiers"],
    summary="Say that an authority's value is wrong",
    status_code=200,
    request_max_body_size=_SMALL,
)
async def contest(
    dossier_id: str,
    data: ContestField,
    stand: Stand,
    actor: Actor,
    on_behalf_of: OnBehalfOf = None,
    if_match: IfMatch = None,
) -> Response[Dossier]:
    """The value stays as the authority has it; the officer sees what is said against it."""
    version = asked_version(if_match)
    return _tagged(await drafting.contest(stand, actor, dossier_id, data, behalf=on_behalf_of, version=version))


@delete(
    "/v1/dossiers/{dossier_id:str}/form/contests/{field:str}",
    who=WRITE,
    tags=["dossiers"],
    summary="Take that back",
    status_code=200,
)
async def uncontest(
    dossier_id: str, field: str, stand: Stand, actor: Actor, on_behalf_of: OnBehalfOf = None, if_match: IfMatch = None
) -> Response[Dossier]:
    version = asked_version(if_match)
    return _tagged(await drafting.uncontest(stand, actor, dossier_id, field, behalf=on_behalf_of, version=version))


@put(
    "/v1/dossiers/{dossier_id:str}/documents/{kind:str}",
    who=WRITE,
    tags=["dossiers"],
    summary="Attach a finished upload",
    request_max_body_size=_SMALL,
)
async def attach_document(
    dossier_id: str,
    kind: str,
    data: AttachDocument,
    stand: Stand,
    actor: Actor,
    on_behalf_of: OnBehalfOf = None,
    if_match: IfMatch = None,
) -> Response[Dossier]:
    version = asked_version(if_match)
    return _tagged(
        await drafting.attach_document(stand, actor, dossier_id, kind, data, behalf=on_behalf_of, version=version)
    )


@delete(
    "/v1/dossiers/{dossier_id:str}/documents/{kind:str}",
    who=WRITE,
    tags=["dossiers"],
    summary="Take a paper out of a draft",
    status_code=200,
)
async def detach_document(
    dossier_id: str, kind: str, stand: Stand, actor: Actor, on_behalf_of: OnBehalfOf = None, if_match: IfMatch = None
) -> Response[Dossier]:
    version = asked_version(if_match)
    return _tagged(await drafting.detach_document(stand, actor, dossier_id, kind, behalf=on_behalf_of, version=version))


@post(
    "/v1/dossiers/{dossier_id:str}/submission",
    who=WRITE,
    tags=["dossiers"],
    summary="Submit, once",
    request_max_body_size=_SMALL,
)
async def submit(
    request: Request[Any, Any, Any],
    dossier_id: str,
    stand: Stand,
    actor: Actor,
    on_behalf_of: OnBehalfOf = None,
    if_match: IfMatch = None,
    idempotency_key: IdempotencyKey = None,
) -> Submitted:
    """201 means that dossier, branches, history and messages are durably stored. No reply: send it again with the same key."""
    return await submitting.submit(
        stand,
        actor,
        dossier_id,
        behalf=on_behalf_of,
        key=idempotency_key,
        version=asked_version(if_match),
        body=await request.body(),
    )


# Here, and not where the rest of a person's account is: a dossier is read in the name of all whom it names.
@get("/v1/me/reads", who=citizen("consents", own=True), tags=["consents"], summary="Who read my data, and why")
async def who_read(
    stand: Stand,
    actor: Actor,
    before: Annotated[
        str | None, Parameter(pattern="^rd_[0-9a-z]{26}$", description="`next` of the page before")
    ] = None,
) -> DataReads:
    """Offices, kiosks and apps, the newest first; never an officer's own name."""
    return await following.who_read(stand, actor, before=before)


@get(
    "/v1/dossiers/{dossier_id:str}/history",
    who=READ,
    tags=["dossiers"],
    summary="Everything that happened, hash-chained",
)
async def show_history(dossier_id: str, stand: Stand, actor: Actor, on_behalf_of: OnBehalfOf = None) -> History:
    return await following.history_of(stand, actor, dossier_id, behalf=on_behalf_of)


@get(
    "/v1/dossiers/{dossier_id:str}/results/{branch:str}",
    who=READ,
    tags=["dossiers"],
    summary="A result as PDF",
    media_type="application/pdf",
)
async def show_result(
    dossier_id: str, branch: str, stand: Stand, seals: Seals | None, actor: Actor, on_behalf_of: OnBehalfOf = None
) -> Response[bytes]:
    return http_desk.pdf(
        await following.result(stand, seals, actor, dossier_id, branch, behalf=on_behalf_of), "ket-qua"
    )


@get(
    "/v1/dossiers/{dossier_id:str}/branches/{branch:str}/apology",
    who=READ,
    tags=["dossiers"],
    summary="The letter of an office that is late, as PDF",
    media_type="application/pdf",
)
async def show_apology(
    dossier_id: str, branch: str, stand: Stand, seals: Seals | None, actor: Actor, on_behalf_of: OnBehalfOf = None
) -> Response[bytes]:
    """The new date and the reason are in the dossier's `apology`."""
    data = await following.letter(stand, seals, actor, dossier_id, branch, issuing.apology, behalf=on_behalf_of)
    return http_desk.pdf(data, http_desk.APOLOGY)


@get(
    "/v1/dossiers/{dossier_id:str}/branches/{branch:str}/supplement-request",
    who=READ,
    tags=["dossiers"],
    summary="The last request for a supplement, as PDF",
    media_type="application/pdf",
)
async def show_supplement_request(
    dossier_id: str, branch: str, stand: Stand, seals: Seals | None, actor: Actor, on_behalf_of: OnBehalfOf = None
) -> Response[bytes]:
    """What is asked for, by when and how to answer; while it is waited for it is in the branch's `asked` too."""
    which = issuing.supplement_request
    data = await following.letter(stand, seals, actor, dossier_id, branch, which, behalf=on_behalf_of)
    return http_desk.pdf(data, http_desk.SUPPLEMENT)


@get(
    "/v1/dossiers/{dossier_id:str}/branches/{branch:str}/payments/{order_id:str}/receipt",
    who=READ,
    tags=["dossiers"],
    summary="The receipt of a fee taken in cash, as PDF",
    media_type="application/pdf",
)
async def show_cash_receipt(
    dossier_id: str,
    branch: str,
    order_id: str,
    stand: Stand,
    seals: Seals | None,
    actor: Actor,
    on_behalf_of: OnBehalfOf = None,
) -> Response[bytes]:
    """Of what was paid online the provider gives the receipt."""
    which = issuing.cash_receipt(order_id)
    data = await following.letter(stand, seals, actor, dossier_id, branch, which, behalf=on_behalf_of)
    return http_desk.pdf(data, http_desk.CASH)


@get(
    "/v1/dossiers/{dossier_id:str}/receipt",
    who=READ,
    tags=["dossiers"],
    summary="The receipt as PDF",
    media_type="application/pdf",
)
async def show_receipt(dossier_id: str, stand: Stand, actor: Actor, on_behalf_of: OnBehalfOf = None) -> Response[bytes]:
    return http_desk.pdf(await following.receipt(stand, actor, dossier_id, behalf=on_behalf_of), "giay-hen")


@post(
    "/v1/lookups",
    who=ANYONE,
    tags=["dossiers"],
    summary="How a dossier stands, by receipt code and date of birth",
    status_code=200,
    request_max_body_size=_SMALL,
)
async def look_up(data: LookUp, stand: Stand, limits: Limits, address: str) -> Status:
    """The requester's date of birth is the second fact. A wrong one and a missing dossier answer alike."""
    return await finding.by_receipt_code(stand, limits, address, data)


@post(
    "/v1/lookups/by-face/challenge",
    who=_FINDS_BY_FACE,
    tags=["dossiers"],
    summary="Ask what to do before the camera",
    request_max_body_size=_SMALL,
)
async def draw_lookup_challenge(valkey: Valkey, pool: InferencePool, limits: Limits, actor: Actor) -> LookupChallenge:
    """Good once and for two minutes, at this kiosk or phone alone."""
    return await live.draw(valkey, pool, limits, actor)


@post(
    "/v1/lookups/by-face",
    who=_FINDS_BY_FACE,
    tags=["dossiers"],
    summary="My open dossiers, by face at a kiosk or on my phone",
    status_code=200,
    request_max_body_size=_LIVE_SELFIE_BYTES,
)
async def look_up_by_face(
    data: Annotated[LiveSelfieForm, Body(media_type=RequestEncodingType.MULTI_PART, multipart_form_part_limit=50)],
    stand: Stand,
    faces: FaceStore,
    pool: InferencePool,
    limits: Limits,
    valkey: Valkey,
    actor: Actor,
) -> FoundByFace:
    """Finds only who agreed to it beforehand and has a dossier at this service centre; whoever is not found uses the code.

    A burst that shows no live person is refused, and so is a selfie of another than the burst's; frames are not kept. On a phone
    the face is compared with its own person's and nobody else's: `consent` names `find-my-dossier-by-face-on-my-phone`, `office_id`
    the service centre, and a burst is required.
    """
    selfie, burst = await data.selfie.read(), await data.burst()
    if actor.kind != "kiosk":
        return await finding.by_own_face(
            stand, faces, pool, limits, valkey, actor, selfie, burst, office_id=data.office_id, consent=data.consent
        )
    return await finding.by_face(stand, faces, pool, limits, valkey, actor, selfie, burst)


def _tagged(dossier: Dossier, status_code: int = 200) -> Response[Dossier]:
    return tagged(dossier, dossier.version, status_code)


route_handlers: list[Any] = [
    open_draft,
    list_dossiers,
    show_dossier,
    change_form,
    contest,
    uncontest,
    attach_document,
    detach_document,
    submit,
    who_read,
    show_history,
    show_result,
    show_apology,
    show_supplement_request,
    show_cash_receipt,
    show_receipt,
    look_up,
    draw_lookup_challenge,
    look_up_by_face,
    *http_catalogue.route_handlers,
    *http_assisted.route_handlers,
    *http_brought.route_handlers,
    *http_desk.route_handlers,
    *http_desk_work.route_handlers,
    *http_halting.route_handlers,
    *http_later.route_handlers,
    *http_wires.route_handlers,
]

"""/v1/dossiers/…: what whoever filed it, or may file for its principal, does after the submission; /v1/me/invitations: what others ask of one."""

import hashlib
from typing import Annotated, Any, Final

import msgspec
from litestar import Response, get, post
from litestar.params import Parameter
from litestar.response import Stream

from dossiers import confirming, correcting, following, rating, refiling, supplementing, watching
from dossiers.http_behalf import OnBehalfOf
from dossiers.http_versions import IfMatch, asked_version, tagged
from dossiers.messages import (
    Answered,
    AnswerInvitation,
    ConsentOnPaper,
    Dossier,
    InvitationList,
    Rate,
    Reason,
    Status,
    Supplement,
    Withdraw,
)
from dossiers.standing import Stand
from dossiers.watching import Feed
from kit.actor import Actor, citizen

_FORM_BYTES: Final = 200_000
_SMALL: Final = 16_000
_READ, _WRITE = citizen("dossiers:read"), citizen("dossiers:write")
# Consent to somebody else's dossier takes the assurance that filing one's own does.
_CONSENTING = citizen("dossiers:write", level=2)

Key = Annotated[
    str | None, Parameter(header="Idempotency-Key", max_length=1000, description="random; the same one when you retry")
]


@post(
    "/v1/dossiers/{dossier_id:str}/branches/{branch:str}/supplement",
    who=_WRITE,
    tags=["dossiers"],
    summary="Give what the officer asked for, all at once",
    status_code=200,
    request_max_body_size=_FORM_BYTES,
)
async def give_supplement(
    dossier_id: str,
    branch: str,
    data: Supplement,
    stand: Stand,
    actor: Actor,
    on_behalf_of: OnBehalfOf = None,
    if_match: IfMatch = None,
    idempotency_key: Key = None,
) -> Response[Dossier]:
    version = asked_version(if_match)
    return _tagged(
        await supplementing.supplement(
            stand, actor, dossier_id, branch, data, behalf=on_behalf_of, key=idempotency_key, version=version
        )
    )


@post(
    "/v1/dossiers/{dossier_id:str}/withdrawal",
    who=_WRITE,
    tags=["dossiers"],
    summary="Withdraw procedures, or everything that has not ended",
    status_code=200,
    request_max_body_size=_SMALL,
)
async def withdraw(
    dossier_id: str,
    data: Withdraw,
    stand: Stand,
    actor: Actor,
    on_behalf_of: OnBehalfOf = None,
    if_match: IfMatch = None,
    idempotency_key: Key = None,
) -> Response[Dossier]:
    version = asked_version(if_match)
    return _tagged(
        await refiling.withdraw(
            stand, actor, dossier_id, data, behalf=on_behalf_of, key=idempotency_key, version=version
        )
    )


@post(
    "/v1/dossiers/{dossier_id:str}/branches/{branch:str}/refiling",
    who=_WRITE,
    tags=["dossiers"],
    summary="File a procedure again with everything already given",
    status_code=200,
    request_max_body_size=_FORM_BYTES,
)
async def refile(
    dossier_id: str,
    branch: str,
    data: Supplement,
    stand: Stand,
    actor: Actor,
    on_behalf_of: OnBehalfOf = None,
    if_match: IfMatch = None,
    idempotency_key: Key = None,
) -> Response[Dossier]:
    """`fields` and `documents` hold only what changes; what an approved procedure was decided by stays as it is."""
    version = asked_version(if_match)
    return _tagged(
        await refiling.refile(
            stand, actor, dossier_id, branch, data, behalf=on_behalf_of, key=idempotency_key, version=version
        )
    )


@post(
    "/v1/dossiers/{dossier_id:str}/branches/{branch:str}/correction",
    who=_WRITE,
    tags=["dossiers"],
    summary="Report a mistake in a result",
    status_code=200,
    request_max_body_size=_SMALL,
)
async def report_mistake(
    dossier_id: str,
    branch: str,
    data: Reason,
    stand: Stand,
    actor: Actor,
    on_behalf_of: OnBehalfOf = None,
    if_match: IfMatch = None,
    idempotency_key: Key = None,
) -> Response[Dossier]:
    """The result holds until the agency corrects it."""
    version = asked_version(if_match)
    return _tagged(
        await correcting.report(
            stand, actor, dossier_id, branch, data, behalf=on_behalf_of, key=idempotency_key, version=version
        )
    )


@post(
    "/v1/dossiers/{dossier_id:str}/branches/{branch:str}/rating",
    who=_WRITE,
    tags=["dossiers"],
    summary="Rate the service after the result, once",
    status_code=200,
    request_max_body_size=_SMALL,
)
async def rate_service(
    dossier_id: str,
    branch: str,
    data: Rate,
    stand: Stand,
    actor: Actor,
    on_behalf_of: OnBehalfOf = None,
    idempotency_key: Key = None,
) -> Response[Dossier]:
    """Heads of the office see it without a name; a low score is kept with the step that was late or slowest, unless one is named."""
    return _tagged(await rating.rate(stand, actor, dossier_id, branch, data, behalf=on_behalf_of, key=idempotency_key))


@post(
    "/v1/dossiers/{dossier_id:str}/branches/{branch:str}/consent-on-paper",
    who=_WRITE,
    tags=["dossiers"],
    summary="Hand in a signed paper where an invited person does not answer",
    status_code=200,
    request_max_body_size=_SMALL,
)
async def consent_on_paper(
    dossier_id: str,
    branch: str,
    data: ConsentOnPaper,
    stand: Stand,
    actor: Actor,
    on_behalf_of: OnBehalfOf = None,
    if_match: IfMatch = None,
    idempotency_key: Key = None,
) -> Response[Dossier]:
    version = asked_version(if_match)
    return _tagged(
        await confirming.on_paper(
            stand, actor, dossier_id, branch, data, behalf=on_behalf_of, key=idempotency_key, version=version
        )
    )


@get(
    "/v1/dossiers/{dossier_id:str}/status",
    who=_READ,
    tags=["dossiers"],
    summary="How a dossier stands; ask again with the ETag",
)
async def show_status(
    dossier_id: str,
    stand: Stand,
    actor: Actor,
    on_behalf_of: OnBehalfOf = None,
    if_none_match: Annotated[str | None, Parameter(header="If-None-Match", max_length=200)] = None,
) -> Response[Status]:
    """For devices that poll: 304 and no body while nothing has changed, lateness included."""
    said = await watching.status(stand, actor, dossier_id, behalf=on_behalf_of)
    tag = f'"{hashlib.sha256(msgspec.json.encode(said)).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    if if_none_match is not None and tag in if_none_match:
        return Response(None, status_code=304, headers=headers)  # type: ignore[return-value] - a 304 has no body
    return Response(said, headers=headers)


@get(
    "/v1/dossiers/{dossier_id:str}/events",
    who=_READ,
    tags=["dossiers"],
    summary="Each line of the history as it is written (server-sent events)",
    media_type="text/event-stream",
)
async def show_events(
    dossier_id: str,
    stand: Stand,
    feed: Feed,
    actor: Actor,
    on_behalf_of: OnBehalfOf = None,
    last_event_id: Annotated[int, Parameter(header="Last-Event-ID", ge=0, le=1_000_000)] = 0,
) -> Stream:
    """`id` is the line's number: come back with it as `Last-Event-ID` and nothing is missed or told twice. Ends after ten minutes."""

    async def let_in() -> None:
        await following.refuse_strangers(stand, actor, dossier_id, behalf=on_behalf_of)

    await let_in()
    still = None if on_behalf_of is None else let_in
    lines = watching.lines(stand.db, feed, dossier_id, after=last_event_id, still=still)
    headers = {"Cache-Control": "private, no-store", "X-Accel-Buffering": "no"}
    return Stream((watching.told(new) async for new in lines), media_type="text/event-stream", headers=headers)


@get("/v1/me/invitations", who=_READ, tags=["dossiers"], summary="Whose dossiers ask for my consent")
async def list_invitations(stand: Stand, actor: Actor, on_behalf_of: OnBehalfOf = None) -> InvitationList:
    """Only what concerns the reader of the form is shown; who is invited does not follow the dossier by that."""
    return await confirming.invitations(stand, actor, behalf=on_behalf_of)


@post(
    "/v1/me/invitations/{invitation_id:str}/answer",
    who=_CONSENTING,
    tags=["dossiers"],
    summary="Consent, or decline",
    status_code=200,
    request_max_body_size=_SMALL,
)
async def answer_invitation(
    invitation_id: str, data: AnswerInvitation, stand: Stand, actor: Actor, on_behalf_of: OnBehalfOf = None
) -> Answered:
    """The same answer again changes nothing."""
    return await confirming.answer(stand, actor, invitation_id, data, behalf=on_behalf_of)


def _tagged(dossier: Dossier) -> Response[Dossier]:
    return tagged(dossier, dossier.version)


route_handlers: list[Any] = [
    give_supplement,
    withdraw,
    refile,
    report_mistake,
    rate_service,
    consent_on_paper,
    list_invitations,
    answer_invitation,
    show_status,
    show_events,
]

"""`/account/invitations`: whose dossiers ask for this person's consent, as the head of a household; and the answer. Without JavaScript."""

from typing import Annotated, Any

import msgspec
from litestar import MediaType, Response, get, post
from litestar.enums import RequestEncodingType
from litestar.params import Body

from dossiers import confirming
from dossiers.messages import AnswerInvitation
from kit.actor import ANYONE, Actor, InsufficientLevel
from kit.refusal import Refusal
from web.filing import HERE
from web.filling import Filing
from web.pages import page
from web.signing_in import to, trouble

_PAGE = "/account/invitations"
_LEVEL = 2
"""Consent to somebody else's dossier takes the assurance that filing one's own does."""


class Answer(msgspec.Struct):
    """What the page's buttons send."""

    csrf: Annotated[str, msgspec.Meta(max_length=100)] = ""
    invitation: Annotated[str, msgspec.Meta(max_length=60)] = ""
    answer: Annotated[str, msgspec.Meta(max_length=10)] = ""


Sent = Annotated[Answer, Body(media_type=RequestEncodingType.URL_ENCODED)]


@get(_PAGE, who=ANYONE, include_in_schema=False, media_type=MediaType.HTML, dependencies=HERE)
async def show(here: Filing) -> Response[str]:
    actor = await here.at.citizen()
    if actor is None:
        return await here.at.sign_in_first()
    return await _page(here, actor)


@post(
    _PAGE,
    who=ANYONE,
    include_in_schema=False,
    media_type=MediaType.HTML,
    status_code=303,
    request_max_body_size=4_000,
    dependencies=HERE,
)
async def answer(here: Filing, data: Sent) -> Response[str]:
    """Kept, and back to the page, which says so."""
    try:
        here.at.refuse_strange(data.csrf)
    except Refusal as refusal:
        return trouble(here.at.request, here.at.settings, refusal)
    actor = await here.at.citizen()
    if actor is None:
        return await here.at.sign_in_first()
    try:
        if actor.level < _LEVEL:
            raise InsufficientLevel.of(actor, _LEVEL)
        said = AnswerInvitation(answer="agree" if data.answer == "agree" else "decline")
        done = await confirming.answer(here.stand, actor, data.invitation, said)
    except Refusal as refusal:
        return await _page(here, actor, problem=refusal)
    asked = here.at.request.query_params.get("lang")
    return to(f"{_PAGE}?done={done.answer}" + (f"&lang={asked}" if asked in ("vi", "en") else ""))


async def _page(here: Filing, actor: Actor, *, problem: Refusal | None = None) -> Response[str]:
    found = await confirming.invitations(here.stand, actor)
    done = here.at.request.query_params.get("done")
    shown = page(
        here.at.request,
        "invitations.html",
        sandbox=here.at.settings.sandbox,
        invitations=found.invitations,
        done=done if done in ("agreed", "declined") else None,
        csrf=here.at.form_token(),
        problem=problem and problem.message,
    )
    shown.status_code = problem.status if problem else 200
    return shown


route_handlers: list[Any] = [show, answer]

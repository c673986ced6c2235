"""`/desk/kiosks`: machines that ask to be kiosks, for operators: let in by the code on their screen, taken out of service."""

from typing import Any

import msgspec
from litestar import MediaType, Response, get, post

from identity import offices
from identity.http import PathId
from identity.offices.kiosks import service as kiosks
from identity.offices.kiosks.messages import ApprovalRequest
from kit import clock
from kit.actor import ANYONE, Actor
from kit.refusal import Fault, Invalid, Refusal, fault
from web.at_desk import HERE, OPERATOR, QUEUE, SMALL, AtDesk
from web.sent import Sent

_KIOSKS = f"{QUEUE}/kiosks"


@get(_KIOSKS, who=ANYONE, include_in_schema=False, media_type=MediaType.HTML, dependencies=HERE)
async def show(here: AtDesk) -> Response[str]:
    actor = await here.let_in(who=OPERATOR)
    return actor if isinstance(actor, Response) else await _page(here, actor)


@post(
    _KIOSKS,
    who=ANYONE,
    include_in_schema=False,
    media_type=MediaType.HTML,
    status_code=303,
    request_max_body_size=SMALL,
    dependencies=HERE,
)
async def approve(here: AtDesk) -> Response[str]:
    """The machine whose screen shows the code that was typed; with what is wrong beside it."""

    async def verb(actor: Actor, sent: Sent) -> str:
        asked = _asked(sent)
        async with here.at.db.begin() as conn:
            await kiosks.approve(conn, asked, by=actor)
        return here.address(_KIOSKS, done="approved")

    async def refused(actor: Actor, sent: Sent, refusal: Refusal) -> Response[str]:
        return await _page(here, actor, problem=refusal, typed=sent.texts)

    return await here.pressed(_KIOSKS, verb, refused, who=OPERATOR)


@post(
    f"{_KIOSKS}/{{kiosk_id:str}}/removal",
    who=ANYONE,
    include_in_schema=False,
    media_type=MediaType.HTML,
    status_code=303,
    request_max_body_size=SMALL,
    dependencies=HERE,
)
async def remove(here: AtDesk, kiosk_id: PathId) -> Response[str]:
    """At once, with whatever its visitor is doing; a second press finds it gone, and says so."""

    async def verb(actor: Actor, sent: Sent) -> str:
        await kiosks.remove(here.at.db, actor, kiosk_id)
        return here.address(_KIOSKS, done="removed")

    async def refused(actor: Actor, sent: Sent, refusal: Refusal) -> Response[str]:
        return await _page(here, actor, problem=refusal)

    return await here.pressed(_KIOSKS, verb, refused, who=OPERATOR)


def _asked(sent: Sent) -> ApprovalRequest:
    """What was typed as the API takes it. Refuses Invalid, naming the fields."""
    said = {name: sent.one(name).strip() for name in ("code", "office_id", "name")}
    faults: list[Fault] = [
        fault(
            name,
            "missing",
            "Hãy điền đủ mã, nơi đặt và tên ki-ốt.",
            "Fill in the code, the place and the kiosk's name.",
        )
        for name, value in said.items()
        if not value
    ]
    if faults:
        raise Invalid(faults=faults[:1])
    try:
        return msgspec.convert(said, ApprovalRequest)
    except msgspec.ValidationError as error:
        words = "Có mục quá dài hoặc có ký tự lạ.", "Something is too long or holds foreign characters."
        raise Invalid(faults=[fault("name", "malformed", *words)]) from error


async def _page(
    here: AtDesk, actor: Actor, *, problem: Refusal | None = None, typed: dict[str, str] | None = None
) -> Response[str]:
    now, done = clock.now(), here.at.request.query_params.get("done")
    every = await kiosks.all_kiosks(here.at.db)
    async with here.at.db.connect() as conn:
        places = {one.id: one.name for one in await offices.all_offices(conn)}
    return here.page(
        "desk_kiosks.html",
        actor,
        problem=problem,
        typed=typed or {},
        places=places,
        own=actor.office_id,
        waiting=[one for one in every if one.client_id is None and one.expires_at > now],
        working=[one for one in every if one.client_id is not None and one.removed_at is None],
        done=done if problem is None and done in ("approved", "removed") else None,
    )


route_handlers: list[Any] = [show, approve, remove]

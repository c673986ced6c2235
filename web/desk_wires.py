"""`/desk/wires`: messages to agencies that did not get over, for operators: sent again, or settled another way."""

import re
from typing import Any

from litestar import MediaType, Response, get, post

from kit.actor import ANYONE, Actor
from kit.refusal import Refusal
from web.at_desk import HERE, OPERATOR, QUEUE, SMALL, AtDesk
from web.sent import Sent
from wires import WireOffice

_WIRES = f"{QUEUE}/wires"
_PAGE = 30
_MESSAGE = re.compile(r"wmg_[0-9a-z]{26}")


@get(_WIRES, who=ANYONE, include_in_schema=False, media_type=MediaType.HTML, dependencies=HERE)
async def show(here: AtDesk, wires: WireOffice) -> Response[str]:
    actor = await here.let_in(who=OPERATOR)
    return actor if isinstance(actor, Response) else await _page(here, wires, actor)


@post(
    f"{_WIRES}/{{message_id:str}}",
    who=ANYONE,
    include_in_schema=False,
    media_type=MediaType.HTML,
    status_code=303,
    request_max_body_size=SMALL,
    dependencies=HERE,
)
async def settle(here: AtDesk, wires: WireOffice, message_id: str) -> Response[str]:
    """Which of the two by the button that was pressed; a second press finds the message gone, and says so."""

    async def verb(actor: Actor, sent: Sent) -> str:
        if sent.one("do") == "again":
            await wires.send_again(here.at.db, message_id)
            return here.address(_WIRES, done="again")
        await wires.set_aside(here.at.db, message_id)
        return here.address(_WIRES, done="aside")

    async def refused(actor: Actor, sent: Sent, refusal: Refusal) -> Response[str]:
        return await _page(here, wires, actor, problem=refusal)

    return await here.pressed(_WIRES, verb, refused, who=OPERATOR)


async def _page(here: AtDesk, wires: WireOffice, actor: Actor, *, problem: Refusal | None = None) -> Response[str]:
    query = here.at.request.query_params
    before, done = query.get("before", ""), query.get("done")
    dead = await wires.dead(here.at.db, before=before if _MESSAGE.fullmatch(before) else None, limit=_PAGE + 1)
    return here.page(
        "desk_wires.html",
        actor,
        problem=problem,
        messages=dead[:_PAGE],
        before=dead[_PAGE - 1].id if len(dead) > _PAGE else None,
        done=done if problem is None and done in ("again", "aside") else None,
    )


route_handlers: list[Any] = [show, settle]

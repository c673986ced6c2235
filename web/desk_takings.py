"""`/desk/takings`: what the counter took in cash on a day, to print and to save: of the office for its head, else one's own. Without JavaScript."""

import re
from datetime import date
from math import ceil
from typing import Any
from urllib.parse import urlencode

from litestar import MediaType, Response, get

from dossiers import takings
from dossiers.http_desk_work import spreadsheet
from dossiers.messages_takings import Takings
from kit.actor import ANYONE, Actor
from kit.refusal import Refusal
from web.at_desk import CASHIERS, HERE, QUEUE, AtDesk

_TAKINGS = f"{QUEUE}/takings"
PAGE = 100


@get(_TAKINGS, who=ANYONE, include_in_schema=False, media_type=MediaType.HTML, dependencies=HERE)
async def show(here: AtDesk) -> Response[str]:
    """Today, or the day that the address names; the sums are of the whole day, the lines a hundred on a page."""
    actor = await here.let_in(who=CASHIERS)
    if isinstance(actor, Response):
        return actor
    try:
        found = await _found(here, actor)
    except Refusal as refusal:
        return here.trouble(refusal, actor)
    asked = here.at.request.query_params.get("page", "")
    pages = max(1, ceil(len(found.lines) / PAGE))
    page = min(int(asked), pages) if re.fullmatch("[1-9][0-9]{0,4}", asked) else 1
    by = here.at.request.query_params.get("by", "")
    return here.page(
        "desk_takings.html",
        actor,
        found=found,
        lines=found.lines[(page - 1) * PAGE : page * PAGE],
        page=page,
        pages=pages,
        by=next((one for one in found.cashiers if one.officer_id == by), None),
        same="&" + urlencode({"day": found.day.isoformat()} | ({"by": by} if by else {})),
    )


@get(f"{_TAKINGS}/spreadsheet", who=ANYONE, include_in_schema=False, media_type="text/csv", dependencies=HERE)
async def save(here: AtDesk) -> Response[Any]:
    """All of it, for a spreadsheet."""
    actor = await here.let_in(_TAKINGS, who=CASHIERS)
    if isinstance(actor, Response):
        return actor
    try:
        return spreadsheet(await _found(here, actor))
    except Refusal as refusal:
        return here.trouble(refusal, actor)


async def _found(here: AtDesk, actor: Actor) -> Takings:
    """What is no day is today. Raises RoleMissing."""
    query = here.at.request.query_params
    try:
        day = date.fromisoformat(query.get("day", ""))
    except ValueError:
        day = None
    return await takings.of_day(here.stand, actor, day, by=query.get("by") or None)


route_handlers: list[Any] = [show, save]

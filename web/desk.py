"""`/desk`: what waits in an officer's office, the oldest promise first; narrowed by what stands in the address. Without JavaScript."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Literal
from urllib.parse import urlencode

import msgspec
from litestar import MediaType, Response, get, post

from dossiers import queueing
from dossiers.messages_desk import QueueFilter, QueueItem
from identity import accounts, offices
from kit import clock
from kit.actor import ANYONE, Actor
from kit.refusal import Refusal
from procedures import Procedure
from web.at_desk import HEAD, HERE, QUEUE, SMALL, AtDesk
from web.sent import Sent

PAGE = 30
_OF_A_QUEUE = (
    "submitted", "received", "in_review", "refusal_proposed", "supplement_requested", "payment_requested", "stopped",
    "correcting",
)  # fmt: skip
_CODE = re.compile(r"[0-9a-z_.]{1,60}")

# What was just done with a branch that is gone from this office's queue; the name stands in the address.
_DONE = ("forward",)

Due = Literal["overdue", "today", "soon", "later", "stopped"]


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What the address asks for; what is no word of ours is not asked for."""

    procedure: str | None = None
    state: str | None = None
    due: Literal["overdue", "soon"] | None = None
    escalated: bool = False
    everybodys: bool = False

    @property
    def query(self) -> str:
        """As it stands in an address after what is there, empty where nothing is asked."""
        said = {
            "procedure": self.procedure,
            "state": self.state,
            "due": self.due,
            "escalated": "1" if self.escalated else None,
            "all": "1" if self.everybodys else None,
        }
        return "".join(f"&{name}={value}" for name, value in said.items() if value is not None)


class Line(msgspec.Struct, frozen=True):
    """One line of the queue and how near its promise is; `days` are whole days of the calendar beyond it, or until it."""

    item: QueueItem
    due: Due
    days: int


def asked(query: Mapping[str, str]) -> Asked:
    procedure, state, due = query.get("procedure", ""), query.get("state"), query.get("due")
    return Asked(
        procedure=procedure if _CODE.fullmatch(procedure) else None,
        state=state if state in _OF_A_QUEUE else None,
        due=due if due in ("overdue", "soon") else None,
        escalated="escalated" in query,
        everybodys="all" in query,
    )


@get(QUEUE, who=ANYONE, include_in_schema=False, media_type=MediaType.HTML, dependencies=HERE)
async def show(here: AtDesk) -> Response[str]:
    actor = await here.let_in()
    return actor if isinstance(actor, Response) else await shown(here, actor)


@post(
    f"{QUEUE}/next",
    who=ANYONE,
    include_in_schema=False,
    media_type=MediaType.HTML,
    status_code=303,
    request_max_body_size=SMALL,
    dependencies=HERE,
)
async def claim_next(here: AtDesk) -> Response[str]:
    """The oldest promise that is free, to this officer alone; pressed by ten at once, each has another one."""

    async def verb(actor: Actor, sent: Sent) -> str:
        taken = await queueing.claim_next(here.stand, actor)
        return here.address(f"{QUEUE}/branches/{taken.branch.id}", done="claim")

    async def refused(actor: Actor, sent: Sent, refusal: Refusal) -> Response[str]:
        return await shown(here, actor, problem=refusal)

    return await here.pressed(QUEUE, verb, refused)


async def shown(here: AtDesk, actor: Actor, *, problem: Refusal | None = None) -> Response[str]:
    """The queue, narrowed as the address says where it is the queue's; `problem` is what a button met."""
    query, now = here.at.request.query_params, clock.now()
    only, after, done = asked(query), query.get("after", ""), query.get("done")
    found = await queueing.queue(
        here.stand,
        actor,
        QueueFilter(
            state=only.state,
            procedure=only.procedure,
            due=only.due,
            escalated=True if only.escalated else None,
            everybodys=only.everybodys,
        ),
        after=after if re.fullmatch(queueing.CURSOR, after) else None,
        limit=PAGE,
    )
    assert actor.office_id is not None
    assert actor.account_id is not None
    async with here.stand.db.connect() as conn:
        office = await offices.office(conn, actor.office_id)
        me = await accounts.account(conn, here.stand.keys, actor.account_id)
    wide = bool(actor.roles & {"head", "reception"})
    return here.page(
        "desk_queue.html",
        actor,
        problem=problem,
        office=office,
        me=me.full_name,
        lines=[_line(here, item, now) for item in found.items],
        only=only,
        procedures=[
            one
            for one in here.stand.catalogue.in_force(clock.today())
            if isinstance(one, Procedure)
            and one.agency_kind == office.agency
            and (wide or one.officer_role in actor.roles)
        ],
        states={name: here.stand.catalogue.lifecycle.state(name).label for name in _OF_A_QUEUE},
        head=HEAD.answer(actor) == "yes",
        more=f"{only.query}&{urlencode({'after': found.next})}" if found.next else None,
        first=not after,
        done=done if problem is None and done in _DONE else None,
    )


def _line(here: AtDesk, item: QueueItem, now: datetime) -> Line:
    days = (_midnight(item.due_at) - _midnight(now)) // timedelta(days=1)
    if here.stand.catalogue.lifecycle.state(item.state).clock_stopped:
        return Line(item, "stopped", 0)
    if item.overdue:
        return Line(item, "overdue", -days)
    return Line(item, "today" if days == 0 else "soon" if item.due_soon else "later", days)


def _midnight(at: datetime) -> datetime:
    return at.astimezone(clock.CITY).replace(hour=0, minute=0, second=0, microsecond=0)


route_handlers: list[Any] = [show, claim_next]

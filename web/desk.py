"""`/desk`: what waits in an officer's office, the oldest promise first; narrowed by what stands in the address. Without JavaScript."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Literal
from urllib.parse import urlencode

import msgspec
from litestar import MediaType, Response, get

from dossiers import desk, queueing
from dossiers.messages_desk import QueueFilter, QueueItem
from identity import accounts, offices
from kit import clock
from kit.actor import ANYONE, Actor
from kit.refusal import Refusal, Words
from web.at_desk import HERE, QUEUE, AtDesk

_PAGE = 30
_OF_A_QUEUE = ("submitted", "received", "in_review", "refusal_proposed", "supplement_requested", "correcting")

ROLES: Mapping[str, Words] = {
    "civil_status": Words(vi="Hộ tịch", en="Civil status"),
    "residence": Words(vi="Cư trú", en="Residence"),
    "identity_card": Words(vi="Căn cước", en="Identity cards"),
    "criminal_record": Words(vi="Lý lịch tư pháp", en="Criminal records"),
    "insurance": Words(vi="Bảo hiểm", en="Insurance"),
    "social_affairs": Words(vi="Lao động, xã hội", en="Social affairs"),
    "business": Words(vi="Hộ kinh doanh", en="Household businesses"),
}
"""Skills that a queue can be narrowed to; the other roles decide nothing."""

Due = Literal["overdue", "today", "soon", "later", "stopped"]


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What the address asks for; what is no word of ours is not asked for."""

    role: str | None = None
    state: str | None = None
    due: Literal["overdue", "soon"] | None = None
    everybodys: bool = False

    @property
    def query(self) -> str:
        """As it stands in an address after what is there, empty where nothing is asked."""
        said = {"role": self.role, "state": self.state, "due": self.due, "all": "1" if self.everybodys else None}
        return "".join(f"&{name}={value}" for name, value in said.items() if value is not None)


class Line(msgspec.Struct, frozen=True):
    """One line of the queue and how near its promise is; `days` are whole days of the calendar beyond it, or until it."""

    item: QueueItem
    due: Due
    days: int


def asked(query: Mapping[str, str]) -> Asked:
    role, state, due = query.get("role"), query.get("state"), query.get("due")
    return Asked(
        role=role if role in ROLES else None,
        state=state if state in _OF_A_QUEUE else None,
        due=due if due in ("overdue", "soon") else None,
        everybodys="all" in query,
    )


@get(QUEUE, who=ANYONE, include_in_schema=False, media_type=MediaType.HTML, dependencies=HERE)
async def show(here: AtDesk) -> Response[str]:
    actor = await here.let_in()
    return actor if isinstance(actor, Response) else await shown(here, actor)


async def shown(here: AtDesk, actor: Actor, *, problem: Refusal | None = None) -> Response[str]:
    """The queue, narrowed as the address says where it is the queue's; `problem` is what a button met."""
    query = here.at.request.query_params
    only = asked(query)
    narrowed = QueueFilter(role=only.role, state=only.state, due=only.due, everybodys=only.everybodys)
    after = query.get("after", "")
    page = after if re.fullmatch(queueing.CURSOR, after) else None
    found = await queueing.queue(here.db, here.catalogue, actor, narrowed, after=page, limit=_PAGE)
    assert actor.office_id is not None
    assert actor.account_id is not None
    async with here.db.connect() as conn:
        office = await offices.office(conn, actor.office_id)
        me = await accounts.account(conn, here.keys, actor.account_id)
    now, lifecycle = clock.now(), here.catalogue.lifecycle
    soon = desk.soon(here.catalogue, now)
    wide = bool(actor.roles & {"head", "reception"})
    return here.page(
        "desk_queue.html",
        actor,
        problem=problem,
        office=office,
        me=me.full_name,
        lines=[_line(here, item, now, soon) for item in found.items],
        only=only,
        roles={name: words for name, words in ROLES.items() if wide or name in actor.roles},
        states={name: lifecycle.state(name).label for name in _OF_A_QUEUE},
        more=f"{only.query}&{urlencode({'after': found.next})}" if found.next else None,
        first=page is None,
    )


def _line(here: AtDesk, item: QueueItem, now: datetime, soon: datetime) -> Line:
    if here.catalogue.lifecycle.state(item.state).clock_stopped:
        return Line(item, "stopped", 0)
    days = (_midnight(item.due_at) - _midnight(now)) // timedelta(days=1)
    if item.overdue:
        return Line(item, "overdue", -days)
    return Line(item, "today" if days == 0 else "soon" if item.due_at < soon else "later", days)


def _midnight(at: datetime) -> datetime:
    return at.astimezone(clock.CITY).replace(hour=0, minute=0, second=0, microsecond=0)


route_handlers: list[Any] = [show]

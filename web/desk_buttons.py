"""What the buttons of a branch's page do: one verb each, and back to the page; or the page with what stands against it and all that was
typed. What was pressed twice, or on a page of before, ends in a sentence."""

import re
from collections.abc import Awaitable, Callable
from typing import Any

from litestar import MediaType, Response, post

from dossiers import correcting, deciding, desk, refiling, supplementing
from dossiers.messages import AskSupplement, CorrectResult, Decide, Reason
from identity.mandates import Mandates
from kit.actor import ANYONE, Actor
from kit.refusal import Refusal
from notifications import PostOffice
from web import desk as queue
from web.at_desk import HERE, SMALL, AtDesk
from web.desk_branch import BRANCH, address_of, answers, shown
from web.sent import Sent
from wires.population import PinIssuer

_MOST_REASON = 2000
_DAYS = re.compile(r"[1-9]|[12][0-9]|30")

_BUTTON: dict[str, Any] = {
    "who": ANYONE,
    "include_in_schema": False,
    "media_type": MediaType.HTML,
    "status_code": 303,
    "request_max_body_size": SMALL,
    "dependencies": HERE,
}


@post(f"{BRANCH}/claim", **_BUTTON)
async def claim(here: AtDesk, branch_id: str) -> Response[str]:
    """Taken by one; who comes second is shown the queue as it is now."""

    async def verb(actor: Actor, sent: Sent) -> str:
        await deciding.claim(*here.stand, actor, branch_id, version=sent.version)
        return here.address(address_of(branch_id), done="claim")

    async def refused(actor: Actor, sent: Sent, refusal: Refusal) -> Response[str]:
        return await queue.shown(here, actor, problem=refusal)

    return await here.pressed(address_of(branch_id), verb, refused)


@post(f"{BRANCH}/receipt", **_BUTTON)
async def receive(here: AtDesk, branch_id: str) -> Response[str]:
    async def verb(actor: Actor, sent: Sent) -> str:
        await deciding.receive(*here.stand, actor, branch_id, version=sent.version)
        return "receive"

    return await _pressed(here, branch_id, verb)


@post(f"{BRANCH}/decision", **_BUTTON)
async def decide(
    here: AtDesk, branch_id: str, post_office: PostOffice, mandates: Mandates, pins: PinIssuer | None
) -> Response[str]:
    """Approved with what the agency states, or refused with a reason: by which button was pressed."""

    async def verb(actor: Actor, sent: Sent) -> str:
        if sent.one("do") == "approve":
            done, asked = "approve", Decide(outcome="approved", result=await _stated(here, actor, branch_id, sent))
        else:
            done, asked = "refuse", Decide(outcome="refused", reason=_reason(sent))
        await deciding.decide(*here.stand, post_office, mandates, pins, actor, branch_id, asked, version=sent.version)
        return done

    return await _pressed(here, branch_id, verb)


@post(f"{BRANCH}/supplement-request", **_BUTTON)
async def ask_supplement(here: AtDesk, branch_id: str, post_office: PostOffice, mandates: Mandates) -> Response[str]:
    """The very fields and papers that were ticked, and why."""

    async def verb(actor: Actor, sent: Sent) -> str:
        days = sent.one("working_days").strip()
        asked = AskSupplement(
            reason=_reason(sent),
            fields=tuple(sent.many("field"))[:50],
            documents=tuple(sent.many("document"))[:20],
            working_days=int(days) if _DAYS.fullmatch(days) else None,
        )
        await supplementing.ask(*here.stand, post_office, mandates, actor, branch_id, asked, version=sent.version)
        return "ask"

    return await _pressed(here, branch_id, verb)


@post(f"{BRANCH}/reopening", **_BUTTON)
async def reopen(here: AtDesk, branch_id: str, post_office: PostOffice, mandates: Mandates) -> Response[str]:
    async def verb(actor: Actor, sent: Sent) -> str:
        asked = Reason(reason=_reason(sent))
        await refiling.reopen(*here.stand, post_office, mandates, actor, branch_id, asked, version=sent.version)
        return "reopen"

    return await _pressed(here, branch_id, verb)


@post(f"{BRANCH}/corrected-result", **_BUTTON)
async def correct(here: AtDesk, branch_id: str, post_office: PostOffice, mandates: Mandates) -> Response[str]:
    """With what the agency states now; what is left as it was changes nothing."""

    async def verb(actor: Actor, sent: Sent) -> str:
        asked = CorrectResult(reason=_reason(sent), result=await _stated(here, actor, branch_id, sent))
        await correcting.correct(*here.stand, post_office, mandates, actor, branch_id, asked, version=sent.version)
        return "correct"

    return await _pressed(here, branch_id, verb)


@post(f"{BRANCH}/upheld-result", **_BUTTON)
async def uphold(here: AtDesk, branch_id: str, post_office: PostOffice, mandates: Mandates) -> Response[str]:
    async def verb(actor: Actor, sent: Sent) -> str:
        asked = Reason(reason=_reason(sent))
        await correcting.uphold(*here.stand, post_office, mandates, actor, branch_id, asked, version=sent.version)
        return "uphold"

    return await _pressed(here, branch_id, verb)


async def _pressed(here: AtDesk, branch_id: str, verb: Callable[[Actor, Sent], Awaitable[str]]) -> Response[str]:
    """`verb` names what was done, as the page then says it."""

    async def then(actor: Actor, sent: Sent) -> str:
        return here.address(address_of(branch_id), done=await verb(actor, sent))

    async def refused(actor: Actor, sent: Sent, refusal: Refusal) -> Response[str]:
        return await shown(here, actor, branch_id, problem=refusal, sent=sent)

    return await here.pressed(address_of(branch_id), then, refused)


def _reason(sent: Sent) -> str:
    """As much as may be written; browsers send line ends as two characters and count one."""
    return sent.one("reason").replace("\r\n", "\n")[:_MOST_REASON]


async def _stated(here: AtDesk, actor: Actor, branch_id: str, sent: Sent) -> dict[str, Any]:
    """The result's fields of the page's form. Raises BranchUnknown."""
    return answers(here, await desk.look(*here.stand, actor, branch_id), sent)


route_handlers: list[Any] = [claim, receive, decide, ask_supplement, reopen, correct, uphold]

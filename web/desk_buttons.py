"""What the buttons of a branch's page do: one verb each, and back to the page; or the page with what stands against it and all that was
typed. What was pressed twice, or on a page of before, ends in a sentence."""

import re
from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any, TypeVar

import msgspec
from litestar import MediaType, Response, post

from dossiers import (
    correcting,
    deciding,
    desk,
    extending,
    halting,
    handing,
    lateness,
    paying,
    refiling,
    refusing,
    supplementing,
    waiving,
)
from dossiers.messages import AskPayment, AskSupplement, CorrectResult, Decide, Deliver, Reason, TakeCash, WaiveFee
from dossiers.messages_desk import Apologise, Assign, Because, Forward, Judge
from dossiers.refusals import NotAColleague, NotForwardedThere
from identity.tokens.refusals import StrangeForm
from kit.actor import ANYONE, Actor
from kit.refusal import Refusal
from procedures import rules
from web import desk as queue
from web.at_desk import HERE, QUEUE, SMALL, AtDesk
from web.desk_branch import BRANCH, address_of, answers, forwarding_shown, shown
from web.sent import Sent

Choice = TypeVar("Choice", AskPayment, Deliver, TakeCash, WaiveFee)

_MOST_REASON, _MOST_NAME, _MOST_NOTE = 2000, 100, 300
_ID = re.compile(r"[a-z0-9_]{1,60}")
_DONG = re.compile(r"[1-9][0-9]{0,9}")
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
        await deciding.claim(here.stand, actor, branch_id, version=sent.version)
        return here.address(address_of(branch_id), done="claim")

    async def refused(actor: Actor, sent: Sent, refusal: Refusal) -> Response[str]:
        return await queue.shown(here, actor, problem=refusal)

    return await here.pressed(address_of(branch_id), verb, refused)


@post(f"{BRANCH}/receipt", **_BUTTON)
async def receive(here: AtDesk, branch_id: str) -> Response[str]:
    async def verb(actor: Actor, sent: Sent) -> str:
        await deciding.receive(here.stand, actor, branch_id, version=sent.version)
        return "receive"

    return await _pressed(here, branch_id, verb)


@post(f"{BRANCH}/decision", **_BUTTON)
async def decide(here: AtDesk, branch_id: str) -> Response[str]:
    """Approved with what the agency states, or a refusal proposed with a reason: by which button was pressed."""

    async def verb(actor: Actor, sent: Sent) -> str:
        if sent.one("do") == "approve":
            done, asked = "approve", Decide(outcome="approved", result=await _stated(here, actor, branch_id, sent))
        else:
            done, asked = "propose", Decide(outcome="refused", reason=_reason(sent))
        await deciding.decide(here.stand, actor, branch_id, asked, version=sent.version)
        return done

    return await _pressed(here, branch_id, verb)


@post(f"{BRANCH}/refusal-verdict", **_BUTTON)
async def judge(here: AtDesk, branch_id: str) -> Response[str]:
    """A second officer's word on a proposed refusal."""

    async def verb(actor: Actor, sent: Sent) -> str:
        verdict = "confirm" if sent.one("do") == "confirm" else "send_back"
        asked = Judge(verdict=verdict, reason=_reason(sent))
        await refusing.judge(here.stand, actor, branch_id, asked, version=sent.version)
        return verdict

    return await _pressed(here, branch_id, verb)


@post(f"{BRANCH}/return-to-queue", **_BUTTON)
async def give_back(here: AtDesk, branch_id: str) -> Response[str]:
    async def verb(actor: Actor, sent: Sent) -> str:
        await handing.give_back(here.stand, actor, branch_id, Because(reason=_reason(sent)), version=sent.version)
        return "give_back"

    return await _pressed(here, branch_id, verb)


@post(f"{BRANCH}/escalation", **_BUTTON)
async def escalate(here: AtDesk, branch_id: str) -> Response[str]:
    async def verb(actor: Actor, sent: Sent) -> str:
        await handing.escalate(here.stand, actor, branch_id, Because(reason=_reason(sent)), version=sent.version)
        return "escalate"

    return await _pressed(here, branch_id, verb)


@post(f"{BRANCH}/assignment", **_BUTTON)
async def assign(here: AtDesk, branch_id: str) -> Response[str]:
    """To the colleague who was chosen."""

    async def verb(actor: Actor, sent: Sent) -> str:
        officer = sent.one("officer")
        if not _ID.fullmatch(officer):
            raise NotAColleague
        asked = Assign(officer_id=officer, reason=_reason(sent))
        await handing.assign(here.stand, actor, branch_id, asked, version=sent.version)
        return "assign"

    return await _pressed(here, branch_id, verb)


@post(f"{BRANCH}/forwarding", **_BUTTON)
async def forward(here: AtDesk, branch_id: str) -> Response[str]:
    """To another office; then to the queue, for the branch is gone from here."""

    async def verb(actor: Actor, sent: Sent) -> str:
        office = sent.one("office")
        if not _ID.fullmatch(office):
            raise NotForwardedThere
        asked = Forward(office_id=office, reason=_reason(sent))
        await handing.forward(here.stand, actor, branch_id, asked, version=sent.version)
        return here.address(QUEUE, done="forward")

    async def refused(actor: Actor, sent: Sent, refusal: Refusal) -> Response[str]:
        return await forwarding_shown(here, actor, branch_id, problem=refusal, sent=sent)

    return await here.pressed(address_of(branch_id), verb, refused)


@post(f"{BRANCH}/extension", **_BUTTON)
async def extend(here: AtDesk, branch_id: str) -> Response[str]:
    async def verb(actor: Actor, sent: Sent) -> str:
        await extending.extend(here.stand, actor, branch_id, Reason(reason=_reason(sent)), version=sent.version)
        return "extend"

    return await _pressed(here, branch_id, verb)


@post(f"{BRANCH}/apology", **_BUTTON)
async def apologise(here: AtDesk, branch_id: str) -> Response[str]:
    """With the new day; one that is no day is refused as one that is too far off."""

    async def verb(actor: Actor, sent: Sent) -> str:
        due_on = rules.as_date(sent.one("due_on"))
        asked = Apologise(reason=_reason(sent), due_on=due_on or date.min)
        await lateness.apologise(here.stand, actor, branch_id, asked, version=sent.version)
        return "apologise"

    return await _pressed(here, branch_id, verb)


@post(f"{BRANCH}/supplement-request", **_BUTTON)
async def ask_supplement(here: AtDesk, branch_id: str) -> Response[str]:
    """The very fields and papers that were ticked, a sentence to each that has one, and why."""

    async def verb(actor: Actor, sent: Sent) -> str:
        days = sent.one("working_days").strip()
        fields, documents = tuple(sent.many("field"))[:50], tuple(sent.many("document"))[:20]
        marked = (*fields, *(f"documents.{kind}" for kind in documents))
        asked = AskSupplement(
            reason=_reason(sent),
            fields=fields,
            documents=documents,
            # Typed beside what is not ticked, it is no note.
            notes={about: note for about in marked if (note := sent.one(f"note.{about}").strip()[:_MOST_NOTE])},
            working_days=int(days) if _DAYS.fullmatch(days) else None,
        )
        await supplementing.ask(here.stand, actor, branch_id, asked, version=sent.version)
        return "ask"

    return await _pressed(here, branch_id, verb)


@post(f"{BRANCH}/payment-request", **_BUTTON)
async def ask_payment(here: AtDesk, branch_id: str) -> Response[str]:
    """How it came in and whose papers were seen; the amount is the table's."""

    async def verb(actor: Actor, sent: Sent) -> str:
        asked = _chosen({"channel": sent.one("channel"), "person_classes": sent.many("person_class")}, AskPayment)
        await paying.ask(here.stand, actor, branch_id, asked, version=sent.version)
        return "ask_payment"

    return await _pressed(here, branch_id, verb)


@post(f"{BRANCH}/fee-waiver", **_BUTTON)
async def waive_fee(here: AtDesk, branch_id: str) -> Response[str]:
    """The fee of this way of filing, with why."""

    async def verb(actor: Actor, sent: Sent) -> str:
        asked = _chosen({"channel": sent.one("channel"), "reason": _reason(sent)}, WaiveFee)
        await waiving.waive(here.stand, actor, branch_id, asked, version=sent.version)
        return "waive_fee"

    return await _pressed(here, branch_id, verb)


@post(f"{BRANCH}/cash-payment", **_BUTTON)
async def take_cash(here: AtDesk, branch_id: str) -> Response[str]:
    """The amount that the page showed."""

    async def verb(actor: Actor, sent: Sent) -> str:
        shown_dong = sent.one("amount_dong")
        said = {"amount_dong": int(shown_dong) if _DONG.fullmatch(shown_dong) else 0}
        await paying.take_cash(here.stand, actor, branch_id, _chosen(said, TakeCash), version=sent.version)
        return "take_cash"

    return await _pressed(here, branch_id, verb)


@post(f"{BRANCH}/stop", **_BUTTON)
async def stop(here: AtDesk, branch_id: str) -> Response[str]:
    async def verb(actor: Actor, sent: Sent) -> str:
        asked = Reason(reason=_reason(sent))
        await halting.stop(here.stand, actor, branch_id, asked, version=sent.version)
        return "stop"

    return await _pressed(here, branch_id, verb)


@post(f"{BRANCH}/resumption", **_BUTTON)
async def resume(here: AtDesk, branch_id: str) -> Response[str]:
    async def verb(actor: Actor, sent: Sent) -> str:
        await halting.resume(here.stand, actor, branch_id, version=sent.version)
        return "resume"

    return await _pressed(here, branch_id, verb)


@post(f"{BRANCH}/delivery", **_BUTTON)
async def deliver(here: AtDesk, branch_id: str) -> Response[str]:
    """In which way, and to whom where it was not the requester."""

    async def verb(actor: Actor, sent: Sent) -> str:
        asked = _chosen({"by": sent.one("by"), "to": sent.one("to").strip()[:_MOST_NAME] or None}, Deliver)
        await halting.deliver(here.stand, actor, branch_id, asked, version=sent.version)
        return "deliver"

    return await _pressed(here, branch_id, verb)


@post(f"{BRANCH}/reopening", **_BUTTON)
async def reopen(here: AtDesk, branch_id: str) -> Response[str]:
    async def verb(actor: Actor, sent: Sent) -> str:
        asked = Reason(reason=_reason(sent))
        await refiling.reopen(here.stand, actor, branch_id, asked, version=sent.version)
        return "reopen"

    return await _pressed(here, branch_id, verb)


@post(f"{BRANCH}/corrected-result", **_BUTTON)
async def correct(here: AtDesk, branch_id: str) -> Response[str]:
    """With what the agency states now; what is left as it was changes nothing."""

    async def verb(actor: Actor, sent: Sent) -> str:
        asked = CorrectResult(reason=_reason(sent), result=await _stated(here, actor, branch_id, sent))
        await correcting.correct(here.stand, actor, branch_id, asked, version=sent.version)
        return "correct"

    return await _pressed(here, branch_id, verb)


@post(f"{BRANCH}/upheld-result", **_BUTTON)
async def uphold(here: AtDesk, branch_id: str) -> Response[str]:
    async def verb(actor: Actor, sent: Sent) -> str:
        asked = Reason(reason=_reason(sent))
        await correcting.uphold(here.stand, actor, branch_id, asked, version=sent.version)
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


def _chosen(said: dict[str, Any], into: type[Choice]) -> Choice:
    """Raises StrangeForm for what the page gives nobody to choose."""
    try:
        return msgspec.convert(said, into)
    except msgspec.ValidationError as wrong:
        raise StrangeForm from wrong


async def _stated(here: AtDesk, actor: Actor, branch_id: str, sent: Sent) -> dict[str, Any]:
    """The result's fields of the page's form. Raises BranchUnknown."""
    return answers(here, await desk.look(here.stand, actor, branch_id), sent)


route_handlers: list[Any] = [
    claim, receive, decide, judge, ask_supplement, ask_payment, waive_fee, take_cash, stop, resume, deliver, give_back, escalate, assign, forward,
    extend,
    apologise,
    reopen, correct, uphold,
]  # fmt: skip

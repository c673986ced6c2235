"""Somebody else's consent: who is invited answers from their own account; a signed paper does as well."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from dossiers import amending, moving, outcomes, store, telling, views, whose
from dossiers.history import Happening
from dossiers.messages import (
    AboutLine,
    Answered,
    AnswerInvitation,
    ConsentOnPaper,
    Dossier,
    InvitationList,
    InvitationView,
    Supplement,
)
from dossiers.refusals import InvitationUnknown
from dossiers.standing import Stand
from dossiers.whose import Side
from identity import accounts
from kit import clock
from kit.actor import Actor
from kit.keys import Keys
from kit.refusal import Words
from procedures import Catalogue, Procedure, bundles
from procedures.bundles import Event, Transition
from procedures.messages import Field, Form

_LISTED = 50


async def invitations(stand: Stand, actor: Actor, *, behalf: str | None = None) -> InvitationList:
    """The open questions to the caller, by the number their own account proved; with `behalf` those to the ward they act for."""
    async with stand.db.snapshot() as conn:
        side = await whose.side(conn, stand.mandates, actor, behalf)
        pin = await _number(conn, stand.keys, side)
        rows = await store.invitations_to(conn, pin, limit=_LISTED) if pin is not None else []
    return InvitationList(invitations=[_shown(stand.catalogue, row) for row in rows if _may_answer(side, row)])


async def _number(conn: AsyncConnection, keys: Keys, side: Side) -> str | None:
    """By which the invited person is known: an enterprise has none, and is asked nothing."""
    if side.acting is not None:
        return side.acting.known.get("pin")
    assert side.actor.account_id is not None
    return (await accounts.account(conn, keys, side.actor.account_id)).pin


def _may_answer(side: Side, dossier: views.Row) -> bool:
    """Nobody consents in their ward's name to what they file themselves (as Bộ luật Dân sự Đ59.3 has it of a ward's property)."""
    if side.acting is None:
        return True
    return side.acting.may("file", dossier.procedure) and dossier.account_id != side.actor.account_id


def _shown(catalogue: Catalogue, row: views.Row) -> InvitationView:
    item = views.item_of(catalogue, row)
    procedure = views.procedures_of(catalogue, item, row)[row.branch]
    assert procedure.confirmation is not None
    return InvitationView(
        id=row.id,
        procedure=procedure.name,
        requester=row.form["requester.full_name"]["value"],
        about=_about(item.form, procedure, row.form),
        asked_at=row.asked_at,
    )


def _about(form: Form, procedure: Procedure, answers: dict[str, Any]) -> list[AboutLine]:
    """The section that names the invited person: what they are asked to consent to stands there, and nothing else is shown."""
    assert procedure.confirmation is not None
    name = procedure.confirmation.person.partition(".")[0]
    section = next(section for section in form.sections if section.name == name)
    return [
        AboutLine(label=field.label, value=_said(form, field, answers[path]["value"]))
        for field in section.fields
        if (path := f"{name}.{field.name}") in answers and answers[path]["value"] is not None
    ]


def _said(form: Form, field: Field, value: Any) -> Words:
    entry = form.lists[field.codes].get(str(value)) if field.codes else None
    if entry is not None:
        return Words(vi=entry.vi, en=entry.en)
    text = outcomes.address_line(value, form) if field.kind == "address" else str(value)
    return Words(vi=text, en=text)


async def answer(
    stand: Stand, actor: Actor, invitation_id: str, asked: AnswerInvitation, *, behalf: str | None = None
) -> Answered:
    """Agreed, a branch that waited for it begins; declined, it ends alone, and can be filed again otherwise.

    The same answer again changes nothing. Raises InvitationUnknown for somebody else's as for a missing one.
    """
    async with stand.db.begin() as conn:
        side = await whose.side(conn, stand.mandates, actor, behalf, writes=True)
        found = await store.invitation(conn, invitation_id)
        if found is None or found.pin != await _number(conn, stand.keys, side):
            raise InvitationUnknown
        dossier = await store.dossier(conn, found.dossier_id, lock=True)
        assert dossier is not None
        if not _may_answer(side, dossier):
            raise InvitationUnknown
        found = await store.invitation(conn, invitation_id)
        assert found is not None
        wanted = "agreed" if asked.answer == "agree" else "declined"
        if found.answer == wanted:
            return Answered(answer=wanted)
        if found.answer is not None:
            raise InvitationUnknown
        held, now = await moving.graph(conn, stand.catalogue, dossier), clock.now()
        await store.answer_invitation(conn, dossier.id, found.branch, wanted, now)
        title, state = held.procedures[found.branch].name, held.row(found.branch).state
        said = (
            Words(vi="người được mời đã đồng ý.", en="the invited person consented.")
            if wanted == "agreed"
            else Words(vi="người được mời không đồng ý.", en="the invited person declined.")
        )

        def told(step: Transition) -> Happening:
            return telling.done(actor, step.action, found.branch, title, said, step.before, step.after)

        if wanted == "agreed" and state == "waiting":
            # It is no longer held when its turn comes; meanwhile the history says so.
            line = telling.done(actor, "confirm", found.branch, title, said, state, state)
            await telling.record(conn, dossier, [line], at=now, status=dossier.status)
            return Answered(answer=wanted)
        event = Event(found.branch, "confirm" if wanted == "agreed" else "decline")
        await moving.move(conn, stand.catalogue, held, event, at=now, told=told)
        if wanted == "declined":
            messenger = await telling.messenger(stand, conn, dossier)
            row = held.row(found.branch)
            await messenger.branch_ended(conn, row.id, title, "declined", cause=row.version)
        return Answered(answer=wanted)


async def on_paper(
    stand: Stand,
    actor: Actor,
    dossier_id: str,
    branch: str,
    asked: ConsentOnPaper,
    *,
    behalf: str | None = None,
    key: str | None,
    version: int | None,
) -> Dossier:
    """The way out when nobody answers: the paper with the other person's signature, which an officer will look at.

    Raises NotInDossier, ActionNotAllowed, the refusals about papers, and what `amending.amend` refuses.
    """

    async def verb(conn: AsyncConnection, held: moving.Graph, side: Side) -> None:
        bundles.act(stand.catalogue.lifecycle, branch, held.row(branch).state, "confirm_on_paper")
        rule, title, now = held.procedures[branch].confirmation, held.procedures[branch].name, clock.now()
        assert rule is not None, "only such a branch is ever held"
        given = Supplement(
            fields={rule.paper_answer.field: rule.paper_answer.value}, documents={rule.paper: asked.upload_id}
        )
        facts = await amending.give(conn, stand.catalogue, side, held, given)
        await store.answer_invitation(conn, dossier_id, branch, "on_paper", now)

        def told(step: Transition) -> Happening:
            said = Words(
                vi="công dân nộp giấy có chữ ký của người được mời.",
                en="a paper with the invited person's signature was handed in.",
            )
            return telling.done(actor, "confirm_on_paper", branch, title, said, step.before, step.after, **facts)

        await moving.move(conn, stand.catalogue, held, Event(branch, "confirm_on_paper"), at=now, told=told)

    return await amending.amend(
        stand, actor, dossier_id, verb,
        route=f"branches/{branch}/consent-on-paper", asked=asked, behalf=behalf, key=key, version=version,
    )  # fmt: skip

"""Taking up again what ended without a result, with everything already given: by whoever may file it, or by the agency; and withdrawing."""

from sqlalchemy.ext.asyncio import AsyncConnection

from dossiers import amending, deciding, desk, inviting, known, moving, telling, views
from dossiers.history import Happening
from dossiers.messages import Dossier, Reason, Supplement, Withdraw
from dossiers.messages_desk import DeskBranch
from dossiers.refusals import NothingToWithdraw, ReasonMissing, SupplementIncomplete, VersionEnded
from dossiers.standing import Stand
from dossiers.whose import Side
from identity import accounts
from kit import clock, names
from kit.actor import Actor
from kit.db import to_json
from kit.refusal import Words
from procedures import Catalogue, bundles
from procedures.bundles import Event, Transition


async def withdraw(
    stand: Stand,
    actor: Actor,
    dossier_id: str,
    asked: Withdraw,
    *,
    behalf: str | None = None,
    key: str | None,
    version: int | None,
) -> Dossier:
    """Takes back the named branches, or all that have not ended; what waited for one that cannot do without ends unstarted.

    Raises NothingToWithdraw, NotInDossier, ActionNotAllowed, and what `amending.amend` refuses.
    """
    reason = names.nfc(asked.reason).strip()

    async def verb(conn: AsyncConnection, held: moving.Graph, side: Side) -> None:
        open_ = [name for name, state in held.states.items() if _may(stand.catalogue, state, "withdraw")]
        chosen = open_ if asked.branches is None else list(dict.fromkeys(asked.branches))
        if not chosen:
            raise NothingToWithdraw
        for name in chosen:
            bundles.act(stand.catalogue.lifecycle, name, held.row(name).state, "withdraw")
        # Backwards, so that each named branch ends as withdrawn and not for the end of the one it waits for.
        for name in sorted(chosen, key=lambda name: -held.row(name).position):
            fresh = await moving.graph(conn, stand.catalogue, await views.again(conn, held.dossier.id))
            await _withdraw(stand, conn, fresh, actor, name, reason)

    return await amending.amend(
        stand, actor, dossier_id, verb,
        route="withdrawal", asked=asked, behalf=behalf, key=key, version=version,
    )  # fmt: skip


async def _withdraw(
    stand: Stand, conn: AsyncConnection, held: moving.Graph, actor: Actor, name: str, reason: str
) -> None:
    title = held.procedures[name].name

    def told(step: Transition) -> Happening:
        said = Words(
            vi=f"công dân đã rút. Lý do: {reason}" if reason else "công dân đã rút.",
            en=f"withdrawn by the citizen. Reason: {reason}" if reason else "withdrawn by the citizen.",
        )
        return telling.done(actor, "withdraw", name, title, said, step.before, step.after)

    why = to_json(Words(vi=reason, en=reason)) if reason else None
    await moving.move(conn, stand.catalogue, held, Event(name, "withdraw"), at=clock.now(), told=told, reason=why)


async def refile(
    stand: Stand,
    actor: Actor,
    dossier_id: str,
    branch: str,
    given: Supplement,
    *,
    behalf: str | None = None,
    key: str | None,
    version: int | None,
) -> Dossier:
    """The branch begins again with everything already given, changed where the citizen changes it.

    What an approved branch was decided by stays. Raises SupplementIncomplete with every fault, VersionEnded, NeedsFirst,
    NotInDossier, ActionNotAllowed, and what `amending.amend` refuses.
    """

    async def verb(conn: AsyncConnection, held: moving.Graph, side: Side) -> None:
        bundles.act(stand.catalogue.lifecycle, branch, held.row(branch).state, "refile")
        _refuse_ended_version(held)
        if faults := amending.settled(held, given):
            raise SupplementIncomplete(faults=faults)
        facts = await amending.give(conn, stand.catalogue, side, held, given)
        now, procedure = clock.now(), held.procedures[branch]
        fresh = await moving.graph(conn, stand.catalogue, await views.again(conn, dossier_id))
        assert actor.account_id is not None
        files = await accounts.account(conn, stand.keys, actor.account_id)
        values = known.values_of(fresh.dossier.form)
        asked = inviting.wanted({branch: procedure}, values, owner_pin=files.pin, at=now)
        await inviting.ask_again(stand, conn, dossier_id, branch, procedure, asked, changed=given.fields.keys(), at=now)

        def told(step: Transition) -> Happening:
            said = Words(vi="công dân nộp lại.", en="filed again by the citizen.")
            return telling.done(actor, "refile", branch, procedure.name, said, step.before, step.after, **facts)

        await moving.move(conn, stand.catalogue, fresh, Event(branch, "refile"), at=now, told=told)

    return await amending.amend(
        stand, actor, dossier_id, verb,
        route=f"branches/{branch}/refiling", asked=given, behalf=behalf, key=key, version=version,
    )  # fmt: skip


async def reopen(stand: Stand, actor: Actor, branch_id: str, asked: Reason, *, version: int | None) -> DeskBranch:
    """The agency takes up again what it refused or let lapse, with a written reason and a new promise.

    Raises ReasonMissing, OwnDossier, RoleMissing, Stale, VersionEnded, NeedsFirst, ActionNotAllowed, BranchUnknown.
    """
    reason = names.nfc(asked.reason).strip()
    if len(reason) < deciding.LEAST_REASON_LETTERS:
        raise ReasonMissing(least=deciding.LEAST_REASON_LETTERS)
    async with stand.db.begin() as conn:
        work = await deciding.of_another(stand, conn, actor, branch_id, lock=True)
        deciding.refuse_stale(work, version)
        name, title = work.branch.name, work.procedure.name
        bundles.act(stand.catalogue.lifecycle, name, work.branch.state, "reopen")

        def told(step: Transition) -> Happening:
            said = Words(vi=f"cơ quan mở lại. Lý do: {reason}", en=f"reopened by the agency. Reason: {reason}")
            return telling.done(actor, "reopen", name, title, said, step.before, step.after)

        await moving.move(conn, stand.catalogue, work.graph, Event(name, "reopen"), at=clock.now(), told=told)
        messenger = await telling.messenger(stand, conn, work.dossier)
        await messenger.taken_up_again(conn, branch_id, title, cause=work.branch.version)
        return await desk.shown(stand, conn, work)


def _may(catalogue: Catalogue, state: str, action: str) -> bool:
    return action in bundles.allowed(catalogue.lifecycle, state)


def _refuse_ended_version(held: moving.Graph) -> None:
    """A dossier keeps the law it was opened under; nothing begins anew under one that has ended."""
    until = held.item.until
    if until is not None and clock.today() > until:
        raise VersionEnded(until=until)

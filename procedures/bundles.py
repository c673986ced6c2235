"""How the branches of a bundle move: pure rules, all of them from data."""

from collections.abc import Collection, Mapping

import msgspec

from kit.refusal import Words
from procedures.messages import ActorKind, Branch, Bundle, Lifecycle, Procedure
from procedures.refusals import ActionNotAllowed, BadChoice, NeedsFirst


class Event(msgspec.Struct, frozen=True):
    """An action done to one branch."""

    branch: str
    action: str


class Transition(msgspec.Struct, frozen=True, kw_only=True):
    """One branch goes from one state to another; `reason` is told to the citizen when nobody did it to that branch."""

    branch: str
    before: str
    after: str
    action: str
    reason: Words | None = None


def choose(bundle: Bundle, chosen: Collection[str] | None = None) -> tuple[str, ...]:
    """The branches of one submission in the bundle's order; None is all. Refuses what the bundle does not allow."""
    known = [branch.name for branch in bundle.branches]
    wanted = set(known if chosen is None else chosen)
    required = {branch.name for branch in bundle.branches if not branch.optional}
    if not required <= wanted or not wanted <= set(known) or len(wanted) < bundle.minimum_branches:
        raise BadChoice(required=", ".join(sorted(required)), minimum=bundle.minimum_branches, known=", ".join(known))
    return tuple(name for name in known if name in wanted)


def start(
    item: Bundle | Procedure, chosen: Collection[str] | None = None, *, held: Collection[str] = ()
) -> dict[str, str]:
    """The state of each chosen branch at submission: `waiting` for another branch, else `unconfirmed` where it is among
    `held`, else `submitted`. A procedure filed alone is its own only branch."""
    if isinstance(item, Procedure):
        return {item.key: "unconfirmed" if item.key in held else "submitted"}
    names = choose(item, chosen)
    return {
        name: "waiting" if _needs(item.branch(name), names) else "unconfirmed" if name in held else "submitted"
        for name in names
    }


def allowed(lifecycle: Lifecycle, state: str, by: ActorKind | None = None) -> list[str]:
    """The actions possible from a state, for everybody or for one kind of actor."""
    return [a.name for a in lifecycle.actions if state in a.since and (by is None or by in a.by)]


def act(lifecycle: Lifecycle, branch: str, state: str, action: str) -> Transition:
    """What an action does to one branch; refuses what the table does not name, and names no inner state in doing so."""
    try:
        found = lifecycle.action(action)
    except KeyError:
        raise ActionNotAllowed(action=action, state=state) from None
    if state not in found.since:
        raise ActionNotAllowed(action=action, state=lifecycle.told(state).name)
    return Transition(branch=branch, before=state, after=found.to, action=action)


def after(
    item: Bundle | Procedure,
    lifecycle: Lifecycle,
    states: Mapping[str, str],
    event: Event,
    *,
    held: Collection[str] = (),
) -> list[Transition]:
    """The event's own transition, then what follows, in a group and in a procedure filed alone.

    Branches freed by it start, branches stopped end unstarted, and wait again when the one that stopped them is taken up
    again; a branch among `held` that would begin waits for the consent it lacks. Refuses NeedsFirst, ActionNotAllowed.
    """
    first = act(lifecycle, event.branch, states[event.branch], event.action)
    now = {**states, event.branch: first.after}
    found = [first]
    if isinstance(item, Bundle):
        if first.after == "approved":
            found += _freed(item, lifecycle, now)
        elif lifecycle.state(first.after).closed and item.branch(event.branch).on_refused == "stops_group":
            found += _stopped(item, lifecycle, now, event.branch)
        elif event.action in _TAKEN_UP_AGAIN:
            _refuse_before_needs(item, now, event.branch)
            found += _waiting_again(item, lifecycle, now, event.branch)
    beginning = [one for one in found if one.after == "submitted" and one.branch in held]
    return found + [
        act(lifecycle, one.branch, "submitted", "hold") for one in beginning if one.action not in _CONSENTED
    ]


_TAKEN_UP_AGAIN = ("refile", "reopen")
_CONSENTED = ("confirm", "confirm_on_paper")


def _needs(branch: Branch, chosen: Collection[str]) -> list[str]:
    return [name for name in branch.needs if name in chosen]


def _freed(bundle: Bundle, lifecycle: Lifecycle, states: Mapping[str, str]) -> list[Transition]:
    return [
        act(lifecycle, name, state, "start")
        for name, state in states.items()
        if state == "waiting" and all(states[need] == "approved" for need in _needs(bundle.branch(name), states))
    ]


def _stopped(bundle: Bundle, lifecycle: Lifecycle, states: Mapping[str, str], ended: str) -> list[Transition]:
    """Every branch that waits, directly or through another, for the one that ended."""
    stopped = {ended}
    found: list[Transition] = []
    for branch in bundle.branches:  # branches stand after what they need; the loader checks it
        if states.get(branch.name) == "waiting" and stopped & set(branch.needs):
            stopped.add(branch.name)
            transition = act(lifecycle, branch.name, "waiting", "not_start")
            reason = bundle.branch(ended).refusal_reason
            found.append(msgspec.structs.replace(transition, reason=reason))
    return found


def _refuse_before_needs(bundle: Bundle, states: Mapping[str, str], branch: str) -> None:
    """A branch is taken up again once what it needs stands: taken up before, it would have nothing to begin from."""
    for need in _needs(bundle.branch(branch), states):
        if states[need] != "approved":
            raise NeedsFirst(branch=need)


def _waiting_again(bundle: Bundle, lifecycle: Lifecycle, states: Mapping[str, str], again: str) -> list[Transition]:
    """Every branch that ended unstarted because this one, directly or through another, had failed."""
    back = {again}
    found: list[Transition] = []
    for branch in bundle.branches:
        if states.get(branch.name) == "not_started" and back & set(branch.needs):
            back.add(branch.name)
            found.append(act(lifecycle, branch.name, "not_started", "wait_again"))
    return found

"""How the branches of a bundle move: pure rules, all of them from data."""

from collections.abc import Collection, Mapping

import msgspec

from kit.refusal import Words
from procedures.messages import Branch, Bundle, Lifecycle
from procedures.refusals import ActionNotAllowed, BadChoice


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


def start(bundle: Bundle, chosen: Collection[str] | None = None) -> dict[str, str]:
    """The state of each chosen branch at submission: `submitted`, or `waiting` for another branch."""
    names = choose(bundle, chosen)
    return {name: "waiting" if _needs(bundle.branch(name), names) else "submitted" for name in names}


def allowed(lifecycle: Lifecycle, state: str, by: str | None = None) -> list[str]:
    """The actions possible from a state, for everybody or for one kind of actor."""
    return [a.name for a in lifecycle.actions if state in a.since and (by is None or by in a.by)]


def act(lifecycle: Lifecycle, branch: str, state: str, action: str) -> Transition:
    """What an action does to one branch; refuses what the table does not name."""
    try:
        found = lifecycle.action(action)
    except KeyError:
        raise ActionNotAllowed(action=action, state=state) from None
    if state not in found.since:
        raise ActionNotAllowed(action=action, state=state)
    return Transition(branch=branch, before=state, after=found.to, action=action)


def after(bundle: Bundle, lifecycle: Lifecycle, states: Mapping[str, str], event: Event) -> list[Transition]:
    """The event's own transition, then what follows: branches freed by it start, branches stopped end unstarted."""
    first = act(lifecycle, event.branch, states[event.branch], event.action)
    now = {**states, event.branch: first.after}
    found = [first]
    if first.after == "approved":
        found += _freed(bundle, lifecycle, now)
    elif lifecycle.state(first.after).closed and bundle.branch(event.branch).on_refused == "stops_group":
        found += _stopped(bundle, lifecycle, now, event.branch)
    return found


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

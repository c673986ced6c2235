"""The table of states walked exhaustively, and what a branch's end does to the others."""

import itertools
from datetime import date

import pytest

import procedures
from procedures import bundles
from procedures.bundles import Event
from procedures.refusals import ActionNotAllowed, BadChoice

CATALOGUE = procedures.load()
LIFECYCLE = CATALOGUE.lifecycle
GROUP = CATALOGUE.bundle("3.000722", date(2026, 11, 6))
STATES = [state.name for state in LIFECYCLE.states]
ACTIONS = [action.name for action in LIFECYCLE.actions]


@pytest.mark.parametrize(("state", "action"), list(itertools.product(STATES, ACTIONS)))
def test_every_action_in_every_state(state: str, action: str) -> None:
    entry = LIFECYCLE.action(action)
    if state in entry.since:
        assert bundles.act(LIFECYCLE, "birth", state, action).after == entry.to
        assert action in bundles.allowed(LIFECYCLE, state)
    else:
        with pytest.raises(ActionNotAllowed):
            bundles.act(LIFECYCLE, "birth", state, action)
        assert action not in bundles.allowed(LIFECYCLE, state)


def test_closed_states_are_ends_and_every_other_state_has_a_way_out() -> None:
    for state in LIFECYCLE.states:
        assert (bundles.allowed(LIFECYCLE, state.name) == []) == state.closed


def test_every_state_can_be_reached() -> None:
    reached = {"draft", "waiting"}
    while more := {a.to for a in LIFECYCLE.actions if reached & set(a.since)} - reached:
        reached |= more
    assert reached == set(STATES)


def test_national_statuses() -> None:
    assert sorted(map(int, LIFECYCLE.national_statuses)) == list(range(1, 11))
    assert LIFECYCLE.state("supplement_requested").national_status == 5
    stopped = {state.name for state in LIFECYCLE.states if state.clock_stopped}
    assert stopped == {"supplement_requested"}
    assert LIFECYCLE.clock_stops_in == (5, 6, 8)
    open_and_stopped = {
        s.name for s in LIFECYCLE.states if s.national_status in LIFECYCLE.clock_stops_in and not s.closed
    }
    assert stopped == open_and_stopped


def test_officers_and_citizens_are_offered_their_own_actions() -> None:
    assert bundles.allowed(LIFECYCLE, "in_review", "officer") == ["ask_supplement", "approve", "refuse"]
    assert bundles.allowed(LIFECYCLE, "in_review", "citizen") == ["withdraw"]


@pytest.mark.parametrize(
    "chosen",
    [
        (),
        ("birth",),
        ("residence", "insurance"),
        ("birth", "funeral"),
    ],
)
def test_choices_the_group_does_not_allow(chosen: tuple[str, ...]) -> None:
    with pytest.raises(BadChoice):
        bundles.start(GROUP, chosen)


def test_choice_keeps_the_groups_order() -> None:
    assert bundles.choose(GROUP, {"insurance", "birth"}) == ("birth", "insurance")
    assert bundles.choose(GROUP) == ("birth", "residence", "insurance", "identity_card")


def test_the_reason_of_a_branch_not_started_is_told() -> None:
    states = {**bundles.start(GROUP), "birth": "in_review"}
    own, *others = bundles.after(GROUP, LIFECYCLE, states, Event("birth", "refuse"))
    assert own.reason is None
    assert [t.branch for t in others] == ["residence", "insurance", "identity_card"]
    assert all(t.reason is not None and "số định danh" in t.reason.vi for t in others)


def test_an_approval_twice_is_refused() -> None:
    states = {**bundles.start(GROUP), "birth": "approved"}
    with pytest.raises(ActionNotAllowed):
        bundles.after(GROUP, LIFECYCLE, states, Event("birth", "approve"))
    with pytest.raises(ActionNotAllowed):
        bundles.after(GROUP, LIFECYCLE, states, Event("birth", "dance"))


@pytest.mark.parametrize("size", [1, 2, 3])
def test_whatever_happens_nothing_starts_before_the_birth_and_nothing_waits_after_it_ended(size: int) -> None:
    """Every order of up to this many actions on every branch of every choice: no branch skipped, none left hanging."""
    for others in itertools.combinations(("residence", "insurance", "identity_card"), size):
        seen: set[tuple[tuple[str, str], ...]] = set()
        todo = [bundles.start(GROUP, ("birth", *others))]
        while todo:
            states = todo.pop()
            key = tuple(states.items())
            if key in seen:
                continue
            seen.add(key)
            for name in others:
                if states["birth"] != "approved":
                    assert states[name] in {"waiting", "withdrawn", "not_started"}
                if LIFECYCLE.state(states["birth"]).closed:
                    assert states[name] != "waiting"
            for name, state in states.items():
                by_people = {
                    *bundles.allowed(LIFECYCLE, state, "officer"),
                    *bundles.allowed(LIFECYCLE, state, "citizen"),
                }
                for action in by_people:
                    moved = dict(states)
                    for transition in bundles.after(GROUP, LIFECYCLE, states, Event(name, action)):
                        assert moved[transition.branch] == transition.before
                        moved[transition.branch] = transition.after
                    todo.append(moved)

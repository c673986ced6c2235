"""The table of states walked exhaustively, and what a branch's end does to the others."""

import itertools
from datetime import date

import pytest

import procedures
from procedures import bundles
from procedures.bundles import Event
from procedures.messages import Bundle
from procedures.refusals import ActionNotAllowed, BadChoice, NeedsFirst

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


def test_every_state_has_a_way_out_and_what_has_ended_is_only_taken_up_again_by_people() -> None:
    for state in LIFECYCLE.states:
        out = set(bundles.allowed(LIFECYCLE, state.name))
        assert out, state.name
        if state.closed:
            by_people = {"refile", "reopen", "ask_correction", "correct", "deliver"}
            assert out <= (by_people if state.name != "not_started" else {"wait_again"}), state.name


def test_every_state_can_be_reached() -> None:
    reached = {"draft", "waiting"}
    while more := {a.to for a in LIFECYCLE.actions if reached & set(a.since)} - reached:
        reached |= more
    assert reached == set(STATES)


def test_national_statuses() -> None:
    assert sorted(map(int, LIFECYCLE.national_statuses)) == list(range(1, 11))
    assert LIFECYCLE.state("supplement_requested").national_status == 5
    stopped = {state.name for state in LIFECYCLE.states if state.clock_stopped}
    assert stopped == {"supplement_requested", "unconfirmed", "payment_requested", "stopped"}
    assert LIFECYCLE.clock_stops_in == (5, 6, 8)
    open_and_stopped = {
        s.name for s in LIFECYCLE.states if s.national_status in LIFECYCLE.clock_stops_in and not s.closed
    }
    assert stopped == open_and_stopped


def test_each_of_the_nations_ten_statuses_is_some_branchs_state() -> None:
    """All ten: a walk by the verbs, over the API, is tests/dossiers/test_lifecycle.py; here that the table leads into each."""
    reached = {"draft", "waiting"}
    while more := {a.to for a in LIFECYCLE.actions if reached & set(a.since)} - reached:
        reached |= more
    found = {LIFECYCLE.state(name).national_status for name in reached} - {None}
    assert found == set(range(1, 11))


def test_officers_and_citizens_are_offered_their_own_actions() -> None:
    assert bundles.allowed(LIFECYCLE, "in_review", "officer") == [
        "claim", "give_back", "escalate", "forward", "ask_supplement", "ask_payment", "waive_fee", "extend", "stop", "approve", "propose_refusal",
    ]  # fmt: skip
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
    states = {**bundles.start(GROUP), "birth": "refusal_proposed"}
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


BUNDLES = [pytest.param(bundle, id=f"{bundle.code}-{bundle.version}") for bundle in CATALOGUE.bundles]
PEOPLE = ("citizen", "officer", "agency", "invited")


def _moved(bundle: Bundle, states: dict[str, str], event: Event, held: frozenset[str]) -> dict[str, str] | None:
    """The states afterwards; None where a branch must wait for another first."""
    moved = dict(states)
    try:
        steps = bundles.after(bundle, LIFECYCLE, states, event, held=held)
    except NeedsFirst:
        return None
    for step in steps:
        assert moved[step.branch] == step.before
        moved[step.branch] = step.after
    return moved


@pytest.mark.parametrize("bundle", BUNDLES)
def test_whatever_happens_no_branch_is_skipped_none_starts_early_and_none_is_left_hanging(bundle: Bundle) -> None:
    """Every state the group can get into, by every action of every kind of person on every branch, of every choice of two
    branches besides the first, with and without a consent that is missing."""
    first, *rest = [branch.name for branch in bundle.branches]
    choices = [(first, *others) for others in itertools.combinations(rest, min(2, len(rest)))]
    for chosen, held in itertools.product(choices, (frozenset[str](), frozenset(rest[:1]))):
        todo = [bundles.start(bundle, chosen, held=held)]
        seen: set[tuple[str, ...]] = set()
        while todo:
            states = todo.pop()
            if tuple(states.values()) in seen:
                continue
            seen.add(tuple(states.values()))
            _holds_together(bundle, states)
            for name, state in states.items():
                for action in {act for by in (*PEOPLE, "system") for act in bundles.allowed(LIFECYCLE, state, by)}:
                    if action in ("start", "not_start", "wait_again", "hold"):
                        continue  # never done by themselves: they follow from another branch
                    moved = _moved(bundle, states, Event(name, action), held)
                    if moved is not None:
                        todo.append(moved)
        assert len(seen) > 20


def _holds_together(bundle: Bundle, states: dict[str, str]) -> None:
    unstarted = {"waiting", "withdrawn", "not_started", "declined", "lapsed", "refused"}
    for name, state in states.items():
        needs = [states[need] for need in bundle.branch(name).needs if need in states]
        if not set(needs) <= {*bundles.DONE, "correcting"}:
            assert state in unstarted, f"{name} is {state} while what it needs is {needs}"
        if any(need not in bundles.DONE and LIFECYCLE.state(need).closed for need in needs):
            assert state != "waiting", f"{name} waits for what has ended"
        if needs and set(needs) <= set(bundles.DONE):
            assert state not in ("waiting", "not_started"), f"{name} was skipped"


@pytest.mark.parametrize("bundle", BUNDLES)
@pytest.mark.parametrize("end", ["refused", "lapsed", "withdrawn"])
def test_how_each_branch_fails_is_said_in_data_and_happens(bundle: Bundle, end: str) -> None:
    """Before the first is approved nothing else starts; a later branch ends alone, and each can be filed again."""
    how = {
        "refused": ("claim", "propose_refusal", "refuse"),
        "lapsed": ("claim", "ask_supplement", "lapse"),
        "withdrawn": ("withdraw",),
    }[end]
    for failing in bundle.branches:
        states = bundles.start(bundle)
        for branch in bundle.branches:
            if branch.name in _all_needs(bundle, failing.name):
                for action in ("claim", "approve"):
                    states = _moved(bundle, states, Event(branch.name, action), frozenset()) or states
        before = dict(states)
        for action in how:
            states = _moved(bundle, states, Event(failing.name, action), frozenset()) or states
        assert states[failing.name] == end
        for branch in bundle.branches:
            if branch.name == failing.name:
                continue
            if failing.on_refused == "stops_group" and failing.name in _all_needs(bundle, branch.name):
                assert states[branch.name] == "not_started", branch.name
            else:
                assert states[branch.name] == before[branch.name], "a branch that ends alone touches no other"
        again = _moved(bundle, states, Event(failing.name, "refile"), frozenset())
        assert again == before, "filed again, all stand as they stood before it failed"


def _all_needs(bundle: Bundle, name: str) -> set[str]:
    direct = set(bundle.branch(name).needs)
    return direct | {need for one in direct for need in _all_needs(bundle, one)}


def test_what_needs_another_is_not_taken_up_before_it() -> None:
    states = {**bundles.start(GROUP), "birth": "refused", "residence": "withdrawn"}
    with pytest.raises(NeedsFirst):
        bundles.after(GROUP, LIFECYCLE, states, Event("residence", "refile"))


def test_a_branch_that_lacks_a_consent_waits_for_it_whenever_it_would_begin() -> None:
    held = {"residence"}
    states = {**bundles.start(GROUP, held=held), "birth": "in_review"}
    found = bundles.after(GROUP, LIFECYCLE, states, Event("birth", "approve"), held=held)
    assert [(t.branch, t.action) for t in found if t.branch == "residence"] == [
        ("residence", "start"),
        ("residence", "hold"),
    ]
    agreed = bundles.after(GROUP, LIFECYCLE, {"residence": "unconfirmed"}, Event("residence", "confirm"), held=held)
    assert [t.after for t in agreed] == ["submitted"]
    alone = CATALOGUE.procedure("permanent_residence", date(2026, 11, 6))
    assert bundles.start(alone, held={alone.key}) == {alone.key: "unconfirmed"}

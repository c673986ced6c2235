"""Runs the worked cases at the foot of each catalogue file; the tests call it, and so can whoever adds a procedure."""

import copy
from datetime import date, datetime
from typing import Any

from kit.clock import CITY
from procedures import Catalogue, bundles, fees, forms, rules
from procedures.messages import (
    BranchesCase,
    Bundle,
    Case,
    DeadlineCase,
    DocumentsCase,
    FaultsCase,
    FeeCase,
    PrefillCase,
    Procedure,
    ResultCase,
    ValidityCase,
)
from procedures.refusals import FeeNotKnown


def run(catalogue: Catalogue, item: Procedure | Bundle, case: Case) -> list[str]:
    """What does not come out as the case says, one line each; an empty list means it holds."""
    match case:
        case FaultsCase():
            values = _values(item, case.example, case.put, case.drop)
            found = forms.check(item.form, values, today=case.today, branches=case.branches)
            return _differ("faults", [f"{fault.field} {fault.code}" for fault in found], list(case.expect))
        case DocumentsCase():
            return _documents(catalogue, item, case)
        case PrefillCase():
            return _prefill(item, case)
        case DeadlineCase():
            paused = [(_local(begin), _local(end)) for begin, end in case.paused]
            received = _local(case.received)
            asked = rules.as_answered(item, _answers(case.put), today=received.date())
            promise = catalogue.calendar.promise(received, asked.deadline, extended=case.extended, paused=paused)
            return _differ("due", promise.due_at.astimezone(CITY), _local(case.due))
        case FeeCase():
            return _differ("fee", _fee(catalogue, item, case), case.amount_dong)
        case BranchesCase():
            return _branches(catalogue, item, case)
        case ValidityCase():
            validity = item.result.validity if isinstance(item, Procedure) else None
            until = rules.valid_until(validity, case.born) if validity is not None else None
            return _differ("valid until", until, case.until)
        case ResultCase():
            asked = item.result.fields if isinstance(item, Procedure) else ()
            found = forms.check_fields(asked, case.stated, lists=item.form.lists, today=case.today)
            return _differ("faults", [f"{fault.field} {fault.code}" for fault in found], list(case.expect))


def _differ(what: str, found: object, expected: object) -> list[str]:
    return [] if found == expected else [f"{what}: {found!r}, the case says {expected!r}"]


def _local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=CITY)


def _values(item: Procedure | Bundle, example: str, put: dict[str, Any], drop: tuple[str, ...]) -> dict[str, Any]:
    values = copy.deepcopy(item.form.examples[example])
    for path, value in put.items():
        rules.put(values, path, value)
    for path in drop:
        *parents, last = path.split(".")
        table = rules.at(values, ".".join(parents)) if parents else values
        del table[last]
    return values


def _answers(put: dict[str, Any]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for path, value in put.items():
        rules.put(values, path, value)
    return values


def _on(item: Procedure | Bundle, day: date) -> date:
    """A day within the version's force, as near the case's own as may be."""
    return max(item.since, min(day, item.until or day))


def _documents(catalogue: Catalogue, item: Procedure | Bundle, case: DocumentsCase) -> list[str]:
    values = _values(item, case.example, case.put, case.drop)
    values = forms.tidy(item.form, values, today=case.today, branches=case.branches)
    papers = catalogue.documents(item, _on(item, case.today), case.branches)
    found = forms.missing_documents(
        papers, values, case.given, today=case.today, known=case.known, branches=case.branches
    )
    missing = [fault.field.removeprefix("documents.") for fault in found]
    return _differ("missing documents", missing, list(case.missing))


def _prefill(item: Procedure | Bundle, case: PrefillCase) -> list[str]:
    found = forms.prefill(item.form, case.sources, today=item.since)
    wrong: list[str] = []
    for path, value in case.expect.items():
        wrong += _differ(path, found[path].value if path in found else None, value)
    for path, origin in case.origins.items():
        wrong += _differ(f"origin of {path}", found[path].path if path in found else None, origin)
    for path, locked in [*((p, True) for p in case.locked), *((p, False) for p in case.open)]:
        wrong += _differ(f"{path} locked", found[path].locked if path in found else None, locked)
    return wrong + [f"{path} was filled with {found[path].value!r}" for path in case.empty if path in found]


def _fee(catalogue: Catalogue, item: Procedure | Bundle, case: FeeCase) -> int | None:
    try:
        found: list[fees.Fee] = list(
            catalogue.fees_of(
                item, case.on, case.channel, case.person_classes, values=_answers(case.put), copies=case.copies
            ).values()
        )
    except FeeNotKnown:
        return None
    return sum(fee.amount_dong for fee in found)


def _branches(catalogue: Catalogue, item: Procedure | Bundle, case: BranchesCase) -> list[str]:
    assert isinstance(item, Bundle), "only a bundle has branches"
    states = bundles.start(item, case.chosen)
    for step in case.events:
        branch, action = step.split(" ")
        for transition in bundles.after(item, catalogue.lifecycle, states, bundles.Event(branch, action)):
            states[transition.branch] = transition.after
    return _differ("states", states, case.states)

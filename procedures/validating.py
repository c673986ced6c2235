"""What the shapes alone cannot say of the catalogue: names that lead nowhere, versions that overlap, steps longer than the promise."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec

from procedures.faults import CatalogueFault
from procedures.messages import (
    Bundle,
    CodeList,
    Field,
    Form,
    Item,
    Lifecycle,
    LifeEvent,
    Procedure,
    Sourced,
    State,
    Step,
    When,
)

_ROW = "row"
"""How the fields of a row speak of their own row."""


def check_item(path: Path, item: Item, lists: Mapping[str, CodeList]) -> set[str]:
    """The names of the code lists its form and result use."""
    used = _check_form(path, item.form, lists)
    known = set(_paths(item.form))
    for name in item.about:
        if name not in known:
            raise CatalogueFault(
                path, "about", f"{name} is no field of the form", "Name a field, such as child.full_name"
            )
    if isinstance(item, Procedure):
        for number, field in enumerate(item.result.fields):
            used |= _check_kind(path, f"result.fields[{number}]", field, lists)
        for address in item.place:
            if address not in known:
                raise CatalogueFault(
                    path, "place", f"{address} is no field of the form", "Name an address, such as child.residence"
                )
        _check_confirmation(path, item, known)
    for where, sourced in _sourced(item):
        names = {field.encode_name for field in msgspec.structs.fields(sourced)}
        if wrong := set(sourced.assumed) - names:
            raise CatalogueFault(
                path,
                f"{where}assumed",
                f"`assumed` names {sorted(wrong)}, which stand not in that table",
                "Name keys of the same table",
            )
    if not item.cases:
        raise CatalogueFault(
            path, "cases", "has no [[cases]]; law without a worked case is not reviewed", "Write one at the foot"
        )
    for number, other in enumerate(item.deadline.instead):
        for part in _parts(other.when):
            if part.field is not None and part.field not in known:
                raise CatalogueFault(
                    path,
                    f"deadline.instead[{number}]",
                    f"the condition speaks of {part.field}, which the form lacks",
                    "Name section.field",
                )
    _check_steps(path, item)
    return used


def _check_form(path: Path, form: Form, lists: Mapping[str, CodeList]) -> set[str]:
    known = list(_paths(form))
    for one, other in pairwise(sorted(known)):
        if one == other:
            raise CatalogueFault(path, one, "two fields of the form have one name", "Rename one of them")
    used: set[str] = set()
    for section in form.sections:
        for field in section.fields:
            where = f"{section.name}.{field.name}"
            used |= _check_kind(path, where, field, lists)
            _check_references(path, where, field, set(known))
            rows = {f"{_ROW}.{inner.name}" for inner in field.fields}
            for inner in field.fields:
                used |= _check_kind(path, f"{where}.{inner.name}", inner, lists)
                _check_references(path, f"{where}.{inner.name}", inner, rows)
                if inner.kind == "rows":
                    raise CatalogueFault(path, f"{where}.{inner.name}", "rows hold no rows", "Make it a field beside")
    return used


def _paths(form: Form) -> Iterator[str]:
    return (f"{section.name}.{field.name}" for section in form.sections for field in section.fields)


def _check_kind(path: Path, where: str, field: Field, lists: Mapping[str, CodeList]) -> set[str]:
    """A code names its list and rows their fields, and nothing else does."""
    if (field.kind == "code") != (field.codes is not None):
        raise CatalogueFault(
            path, where, "`codes` belongs to kind `code`, and it needs one", "Name a list of codes/, or change the kind"
        )
    if (field.kind == "rows") != bool(field.fields):
        raise CatalogueFault(
            path,
            where,
            "`fields` belong to kind `rows`, and it needs some",
            "Write what a row asks, or change the kind",
        )
    if field.codes is None:
        return set()
    if field.codes not in lists:
        raise CatalogueFault(
            path, f"{where}.codes", f"there is no code list {field.codes!r}", f"Write codes/{field.codes}.toml"
        )
    return {field.codes}


def _check_references(path: Path, where: str, field: Field, known: set[str]) -> None:
    found = [field.not_before, field.before, field.pin_sex_field, field.pin_birth_field]
    for when in _conditions(field):
        found += [part.field for part in _parts(when)]
        if any(part.same_as is not None or part.older_than_days is not None for part in _parts(when)):
            raise CatalogueFault(
                path,
                where,
                "a question cannot hang on `same_as` or `older_than_days`, which no client can tell from the schema",
                "Ask by `is`, `in` or `given`",
            )
    for reference in found:
        if reference is not None and reference not in known:
            raise CatalogueFault(
                path,
                where,
                f"{where} speaks of {reference}, which the form lacks",
                "Name section.field, or in a row row.field",
            )


def _check_confirmation(path: Path, procedure: Procedure, known: set[str]) -> None:
    """Whoever is asked stands in the form, and what does instead among the papers."""
    asked = procedure.confirmation
    if asked is None:
        return
    parts = list(_parts(asked.asked_when))
    spoken = [("person", asked.person), ("paper_answer", asked.paper_answer.field)]
    spoken += [("asked_when", found) for part in parts for found in (part.field, part.same_as) if found is not None]
    for key, reference in spoken:
        if reference not in known:
            raise CatalogueFault(
                path,
                f"confirmation.{key}",
                f"the confirmation speaks of {reference}, which the form lacks",
                "Name section.field",
            )
    if asked.paper not in {document.kind for document in procedure.documents}:
        raise CatalogueFault(
            path,
            "confirmation.paper",
            f"{asked.paper!r} is none of the documents",
            "Name the `kind` of one, or write it among [[documents]]",
        )


def _conditions(field: Field) -> list[When]:
    return [when for when in (field.required_when, field.shown_when) if when is not None]


def _parts(when: When) -> Iterator[When]:
    """The condition and every condition within it."""
    yield when
    for inner in (*when.every, *when.some, *((when.negated,) if when.negated else ())):
        yield from _parts(inner)


def _sourced(item: Item) -> Iterator[tuple[str, Sourced]]:
    """Every table of an item that says where it was read, by where it stands."""
    yield "", item
    yield "deadline.", item.deadline
    for number, other in enumerate(item.deadline.instead):
        yield f"deadline.instead[{number}].", other
    for section in item.form.sections:
        yield f"sections.{section.name}.", section
    for number, step in enumerate(item.steps):
        yield f"steps[{number}].", step
    if isinstance(item, Procedure):
        for number, document in enumerate(item.documents):
            yield f"documents[{number}].", document
        for number, fee in enumerate(item.fees):
            yield f"fees[{number}].", fee
        yield "result.", item.result
        if item.result.validity is not None:
            yield "result.validity.", item.result.validity
        if item.confirmation is not None:
            yield "confirmation.", item.confirmation
            yield "confirmation.deadline.", item.confirmation.deadline
    if isinstance(item, Bundle):
        for number, branch in enumerate(item.branches):
            yield f"branches[{number}].", branch


def _check_steps(path: Path, item: Item) -> None:
    """Steps that together take longer than the promise would break it by plan."""
    longest = item.deadline.extended_working_days or item.deadline.working_days
    if item.steps and days_of(item.steps) > longest:
        raise CatalogueFault(
            path,
            "steps",
            f"the steps take {days_of(item.steps)} working days, the promise is {longest}",
            "Shorten a step, or set `beside` where two run at once",
        )


def days_of(steps: Iterable[Step]) -> int:
    """Working days of steps one after another; of those beside each other the longest counts."""
    total = side = 0
    for step in steps:
        if step.beside:
            side = max(side, step.working_days)
        else:
            total, side = total + side, step.working_days
    return total + side


def check_versions(items: Mapping[Path, Item]) -> None:
    """No version ends before it begins, and no two of one thing are in force together."""
    for path, item in items.items():
        if item.until is not None and item.until < item.since:
            raise CatalogueFault(
                path,
                "until",
                f"version {item.version} of {item.code} ends before it begins",
                "Correct `from` or `until`",
            )
        for other in items.values():
            same = other.key == item.key or other.code == item.code
            if other is item or not same or other.since < item.since:
                continue
            if item.until is None or other.since <= item.until:
                raise CatalogueFault(
                    path,
                    "until",
                    f"versions {item.version} and {other.version} of {item.code} are in force together",
                    "Let the earlier one end on the day before the later begins, or give this one a key of its own",
                )


def check_bundle(path: Path, bundle: Bundle, procedures: Iterable[Procedure]) -> None:
    """Branches name procedures there are, in the order they depend on each other."""
    seen: set[str] = set()
    keys = {procedure.key for procedure in procedures}
    for number, branch in enumerate(bundle.branches):
        where = f"branches[{number}]"
        if branch.procedure not in keys:
            raise CatalogueFault(
                path,
                f"{where}.procedure",
                f"branch {branch.name} is of an unknown procedure {branch.procedure}",
                "Name the `key` of a procedure",
            )
        if not set(branch.needs) <= seen:
            raise CatalogueFault(
                path, f"{where}.needs", f"branch {branch.name} must stand after those it needs", "Move it down"
            )
        seen.add(branch.name)
    for section in bundle.form.sections:
        if section.branch is not None and section.branch not in seen:
            raise CatalogueFault(
                path,
                "form",
                f"section {section.name} belongs to an unknown branch {section.branch}",
                "Name one of [[branches]]",
            )


def check_event(path: Path, event: LifeEvent, keys: set[str]) -> None:
    """A life event leads to procedures there are."""
    if wrong := [key for key in event.procedures if key not in keys]:
        raise CatalogueFault(
            path, "procedures", f"unknown procedures {wrong}", "Name the `key` of a procedure or group"
        )


def check_lifecycle(path: Path, lifecycle: Lifecycle) -> None:
    """Actions lead from states there are to states there are, and the clock stands still where the nation's does."""
    states = {state.name for state in lifecycle.states}
    for number, action in enumerate(lifecycle.actions):
        if wrong := {*action.since, action.to} - states:
            raise CatalogueFault(
                path,
                f"actions[{number}]",
                f"action {action.name} speaks of unknown states {sorted(wrong)}",
                "Name one of [[states]]",
            )
    for number, state in enumerate(lifecycle.states):
        status = state.national_status
        if status is not None and str(status) not in lifecycle.national_statuses:
            raise CatalogueFault(
                path,
                f"states[{number}].national_status",
                f"state {state.name} has unknown national status {status}",
                "There are ten of them",
            )
        if not state.closed and state.clock_stopped != (status in lifecycle.clock_stops_in):
            raise CatalogueFault(
                path,
                f"states[{number}].clock_stopped",
                f"the clock of {state.name} does not stand still as in its national status {status}",
                f"Set it exactly where the national status is one of {list(lifecycle.clock_stops_in)}",
            )
        if state.shown_as is not None:
            _check_shown_as(path, number, lifecycle, state)


def _check_shown_as(path: Path, number: int, lifecycle: Lifecycle, state: State) -> None:
    """What a citizen is told of an inner state, and may do in it, tells it from the outer one by nothing."""
    outer = next((one for one in lifecycle.states if one.name == state.shown_as), None)

    def by_citizen(name: str) -> set[str]:
        return {action.name for action in lifecycle.actions if name in action.since and "citizen" in action.by}

    def said(one: State) -> tuple[Any, ...]:
        return one.national_status, one.linked_status, one.closed, one.clock_stopped, by_citizen(one.name)

    if outer is None or outer.shown_as is not None or said(state) != said(outer):
        raise CatalogueFault(
            path,
            f"states[{number}].shown_as",
            f"{state.name} does not pass for {state.shown_as}",
            "Name a state with the same statuses, the same clock and the same actions of the citizen",
        )

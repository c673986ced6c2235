"""Everything wrong with a form's values, and the papers that are missing."""

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any, cast

from kit import pin
from kit.refusal import Fault, Words, fault
from procedures import rules
from procedures.forms import answers, asking, days
from procedures.messages import CodeList, Document, Field, Form, Section


def check(
    form: Form, values: Mapping[str, Any], *, today: date, branches: Collection[str] | None = None
) -> list[Fault]:
    """Every fault of the values by field, in the form's order; an empty list means they can be submitted.

    An answer that nobody asked for must have its shape all the same; only what is asked must be given and fit the other answers.
    """
    return check_tidy(form, asking.composed(values), today=today, branches=branches)


def check_tidy(
    form: Form, values: Mapping[str, Any], *, today: date, branches: Collection[str] | None = None
) -> list[Fault]:
    """`check`, of values as `asking.tidy` gives them."""
    found = _unknown(form, values, branches)
    full = asking.with_defaults(form, values)
    for one in form.chosen(branches).questions:
        path, field = one.path, one.field
        value = asking.answer(full, one)
        asked = asking.is_asked(field, full, today, branches)
        if not rules.is_given(value):
            if asked and asking.required(field, full, today=today, branches=branches):
                found.append(_missing(path, field.label))
            continue
        shape = answers.shape_faults(field, value, path=path, lists=form.lists)
        if asked and field.kind == "rows":
            shape += _rows_faults(field, value, path, form.lists, today)
            shape.sort(key=lambda wrong: _row_number(wrong, path))
        elif asked and not shape:
            shape += _cross_faults(field, value, path, full, today)
        found += shape
    return found


def _rows_faults(field: Field, value: Any, path: str, lists: Mapping[str, CodeList], today: date) -> list[Fault]:
    """What rows lack, and what in one row contradicts the rest of it."""
    found: list[Fault] = []
    for number, row in answers.rows_of(value):
        scope = {"row": asking.row_with_defaults(field, row)}
        for inner in asking.row_fields(field, scope["row"], today=today):
            where, given = f"{path}.{number}.{inner.name}", scope["row"].get(inner.name)
            if not rules.is_given(given):
                found += [_missing(where, inner.label)] if asking.required(inner, scope, today=today) else []
            elif not answers.shape_faults(inner, given, path=where, lists=lists):
                found += _cross_faults(inner, given, where, scope, today)
    return found


def _row_number(wrong: Fault, path: str) -> int:
    """Faults of the list itself come before those of its rows."""
    number = wrong.field.removeprefix(f"{path}.").partition(".")[0]
    return int(number) if number.isdecimal() else -1


def check_fields(
    asked: tuple[Field, ...],
    values: Mapping[str, Any],
    *,
    lists: Mapping[str, CodeList],
    today: date,
    prefix: str = "result",
) -> list[Fault]:
    """`check` for a flat list of fields, such as what an officer states of a result."""
    section = Section(name=prefix, title=Words(vi="", en=""), fields=asked, source="assumption")
    return check(Form(sections=(section,), lists=dict(lists)), {prefix: dict(values)}, today=today)


def missing_documents(
    documents: Collection[Document],
    values: Mapping[str, Any],
    given: Collection[str],
    *,
    today: date,
    known: Mapping[str, Any] | None = None,
    branches: Collection[str] | None = None,
) -> list[Fault]:
    """A fault `documents.<kind or group>` for each paper missing; values are `tidy`.

    What is `known` beforehand (the sources of `prefill`) spares the papers whose `held_when` holds of it and of the values.
    """
    told = {**(known or {}), **values}
    have = {
        *given,
        *(d.kind for d in documents if d.held_when is not None and rules.holds(d.held_when, told, today=today)),
    }
    asked = [d for d in documents if _document_asked(d, values, today, branches)]
    found: dict[str, Fault] = {}
    for document in asked:
        name = document.group or document.kind
        peers = [d for d in asked if d.group == document.group] if document.group else [document]
        if name not in found and not any(peer.kind in have for peer in peers):
            vi = ", hoặc ".join(peer.name.vi for peer in peers)
            en = ", or ".join(peer.name.en for peer in peers)
            found[name] = fault(f"documents.{name}", "document-missing", f"Còn thiếu: {vi}.", f"Still missing: {en}.")
    return list(found.values())


def _document_asked(
    document: Document, values: Mapping[str, Any], today: date, branches: Collection[str] | None
) -> bool:
    if document.required_when is not None:
        return rules.holds(document.required_when, values, today=today, branches=branches)
    return document.required


def _missing(path: str, label: Words) -> Fault:
    return fault(path, "required", f"Hãy điền: {label.vi}.", f"Fill in: {label.en}.")


def _unknown(form: Form, values: Mapping[str, Any], branches: Collection[str] | None) -> list[Fault]:
    known = form.chosen(branches).names
    found: list[Fault] = []
    for section, part in values.items():
        if section not in known or not isinstance(part, (dict, Mapping)):
            paths = [str(section)]
        else:
            answered = cast("Mapping[str, Any]", part)
            if answered.keys() <= known[section]:
                continue
            paths = [f"{section}.{name}" for name in answered if name not in known[section]]
        found += [
            fault(path, "unknown-field", "Biểu mẫu không có mục này.", "The form has no such field.") for path in paths
        ]
    return found


def _cross_faults(field: Field, value: Any, path: str, values: Mapping[str, Any], today: date) -> list[Fault]:
    """What is wrong with an answer held against the others and against today."""
    if field.kind in ("date", "partial_date"):
        return _day_faults(field, value, path, values, today)
    if field.kind == "pin":
        sex = field.pin_sex or (rules.at(values, field.pin_sex_field) if field.pin_sex_field else None)
        born = days.earliest(rules.at(values, field.pin_birth_field)) if field.pin_birth_field else None
        sex = sex if sex in ("male", "female") else None
        return pin.faults(value, field=path, sex=sex, birth_year=born.year if born else None)
    return []


def _day_faults(field: Field, value: Any, path: str, values: Mapping[str, Any], today: date) -> list[Fault]:
    found: list[Fault] = []
    first, last = days.earliest(value), days.latest(value)
    if field.not_in_future and first is not None and first > today:
        found.append(fault(path, "in-future", "Ngày này chưa đến.", "This day has not come yet."))
    floor = days.earliest(rules.at(values, field.not_before)) if field.not_before else None
    if floor is not None and last is not None and last < floor:
        day = f"{floor:%d/%m/%Y}"
        found.append(fault(path, "too-early", f"Không thể trước ngày {day}.", f"It cannot be before {day}."))
    ceiling = days.latest(rules.at(values, field.before)) if field.before else None
    if ceiling is not None and first is not None and first >= ceiling:
        day = f"{ceiling:%d/%m/%Y}"
        found.append(fault(path, "too-late", f"Phải trước ngày {day}.", f"It must be before {day}."))
    return found

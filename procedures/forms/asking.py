"""Which questions these answers and chosen branches ask, and the answers as they are stored."""

from collections.abc import Collection, Iterator, Mapping
from datetime import date
from typing import Any, cast

from kit import names
from procedures import rules
from procedures.messages import Field, Form, Question

_NOTHING: Mapping[str, Any] = {}


def fields(
    form: Form, values: Mapping[str, Any], *, today: date, branches: Collection[str] | None = None
) -> Iterator[tuple[str, Field]]:
    """Path and field of every question that these values and chosen branches ask; `branches` None means all."""
    full = with_defaults(form, values)
    return (
        (one.path, one.field) for one in form.chosen(branches).questions if is_asked(one.field, full, today, branches)
    )


def answer(full: Mapping[str, Any], to: Question) -> Any:
    """What was answered to a question, or None."""
    return full.get(to.section, _NOTHING).get(to.field.name)


def is_asked(field: Field, full: Mapping[str, Any], today: date, branches: Collection[str] | None) -> bool:
    """Whether the answers, with their defaults, ask a question of the chosen branches."""
    return field.shown_when is None or rules.holds(field.shown_when, full, today=today, branches=branches)


def required(field: Field, values: Mapping[str, Any], *, today: date, branches: Collection[str] | None = None) -> bool:
    """Whether this field must be answered, given the other answers."""
    if field.required_when is not None:
        return rules.holds(field.required_when, values, today=today, branches=branches)
    return field.required


def tidy(
    form: Form, values: Mapping[str, Any], *, today: date, branches: Collection[str] | None = None
) -> dict[str, Any]:
    """The values as they are stored: NFC, without blanks and without answers nobody asked for, defaults filled in."""
    full = with_defaults(form, values)
    stored: dict[str, Any] = {}
    for one in form.chosen(branches).questions:
        field, value = one.field, answer(full, one)
        if not rules.is_given(value) or not is_asked(field, full, today, branches):
            continue
        value = composed(value)
        if field.kind == "rows" and isinstance(value, list):
            value = [_tidy_row(field, row, today) for row in cast("list[Any]", value)]
        stored.setdefault(one.section, {})[field.name] = value
    return stored


def row_fields(field: Field, row: Mapping[str, Any], *, today: date) -> Iterator[Field]:
    """The questions that this row asks; `row` is `row_with_defaults`."""
    for inner in field.fields:
        if inner.shown_when is None or rules.holds(inner.shown_when, {"row": row}, today=today):
            yield inner


def row_with_defaults(field: Field, row: Mapping[str, Any]) -> dict[str, Any]:
    """`with_defaults`, of one row."""
    usual = {inner.name: inner.default for inner in field.fields if inner.default is not None}
    return {**row, **{name: value for name, value in usual.items() if not rules.is_given(row.get(name))}}


def _tidy_row(field: Field, row: Any, today: date) -> Any:
    if not isinstance(row, Mapping):
        return row
    full = row_with_defaults(field, cast("Mapping[str, Any]", row))
    asked = [inner.name for inner in row_fields(field, full, today=today)]
    return {name: full[name] for name in asked if rules.is_given(full.get(name))}


def with_defaults(form: Form, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values with the usual answer where none was given, so that conditions on it hold."""
    full = {
        name: dict(cast("Mapping[str, Any]", part))
        for name, part in values.items()
        if isinstance(part, (dict, Mapping))
    }
    for one in form.usual:
        part = full.setdefault(one.section, {})
        if not rules.is_given(part.get(one.field.name)):
            part[one.field.name] = one.field.default
    return full


def composed(value: Any) -> Any:
    """A value as it is stored: text in NFC, whole numbers as such, tables and lists without their blanks."""
    if isinstance(value, str):
        return names.nfc(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)  # JSON has one kind of number: 2.0 is 2 there
    if isinstance(value, list):
        rows = [composed(row) for row in cast("list[Any]", value)]
        return [row for row in rows if rules.is_given(row)]
    if isinstance(value, (dict, Mapping)):
        parts = {key: composed(part) for key, part in cast("Mapping[str, Any]", value).items()}
        return {key: part for key, part in parts.items() if rules.is_given(part)}
    return value

"""Which questions these answers and chosen branches ask, and the answers as they are stored."""

from collections.abc import Collection, Iterator, Mapping
from datetime import date
from typing import Any, cast

from kit import names
from procedures import rules
from procedures.messages import Field, Form, Section


def is_asked(section: Section, branches: Collection[str] | None) -> bool:
    """Whether a section belongs to the chosen branches; None means all."""
    return section.branch is None or branches is None or section.branch in branches


def questions(form: Form, branches: Collection[str] | None = None) -> Iterator[tuple[str, Field]]:
    """Path and field of every question of the chosen branches, whatever the answers."""
    for path, section, field in form.questions:
        if is_asked(section, branches):
            yield path, field


def fields(
    form: Form, values: Mapping[str, Any], *, today: date, branches: Collection[str] | None = None
) -> Iterator[tuple[str, Field]]:
    """Path and field of every question that these values and chosen branches ask; `branches` None means all."""
    return asked(form, with_defaults(form, values), today=today, branches=branches)


def asked(
    form: Form, values: Mapping[str, Any], *, today: date, branches: Collection[str] | None = None
) -> Iterator[tuple[str, Field]]:
    """`fields`, of values that have their defaults."""
    for path, field in questions(form, branches):
        if field.shown_when is None or rules.holds(field.shown_when, values, today=today, branches=branches):
            yield path, field


def required(field: Field, values: Mapping[str, Any], *, today: date, branches: Collection[str] | None = None) -> bool:
    """Whether this field must be answered, given the other answers."""
    if field.required_when is not None:
        return rules.holds(field.required_when, values, today=today, branches=branches)
    return field.required


def tidy(
    form: Form, values: Mapping[str, Any], *, today: date, branches: Collection[str] | None = None
) -> dict[str, Any]:
    """The values as they are stored: NFC, without blanks and without answers nobody asked for, defaults filled in."""
    stored: dict[str, Any] = {}
    for path, field in fields(form, values, today=today, branches=branches):
        value = composed(rules.at(values, path))
        if not rules.is_given(value):
            value = field.default
        if field.kind == "rows" and isinstance(value, list):
            value = [_tidy_row(field, row, today) for row in cast("list[Any]", value)]
        if value is not None:
            rules.put(stored, path, value)
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
    full = {name: dict(cast("Mapping[str, Any]", part)) for name, part in values.items() if isinstance(part, Mapping)}
    for path, field in form.usual:
        if not rules.is_given(rules.at(full, path)):
            rules.put(full, path, field.default)
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

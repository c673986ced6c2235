"""A form for app developers: JSON Schema 2020-12 that accepts exactly what `check` accepts, but for `NOT_IN_SCHEMA`.

It is of answers as they are stored: text composed (NFC), and what is blank left out. The tests hold it against `check` with a
foreign validator, over every form of the catalogue.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from functools import cache
from typing import Any

import msgspec

from kit import pin, places
from procedures.forms import answers
from procedures.messages import CodeList, Field, Form, Section, When

NOT_IN_SCHEMA = frozenset({"in-future", "too-early", "too-late", "pin-sex", "pin-year"})
"""Faults that hang on today or hold two answers against each other, which JSON Schema cannot say; the server names them."""

Schema = dict[str, Any]
Inside = Callable[[str, Schema | None], Schema]
"""A schema of one field's value, or None for "given", as a schema of the whole that holds it."""


def json_schema(form: Form, *, branches: Collection[str] | None = None) -> Schema:
    """The form as JSON Schema 2020-12; `x-` keys carry labels in both languages, sources, portal names and what only we check."""
    chosen = form.chosen(branches)
    sections = chosen.sections
    known = {f"{s.name}.{field.name}": field for s in form.sections for field in s.fields}
    needed = [s.name for s in sections if any(_always(field) for field in s.fields)]
    rules = [rule for one in chosen.questions for rule in _sometimes(one.field, one.path, known, _at_path, branches)]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "additionalProperties": False,
        "properties": {s.name: _section_schema(s, form.lists) for s in sections},
        "required": needed,
        **({"allOf": rules} if rules else {}),
        "$defs": _definitions(),
        "x-checked-by-the-server": sorted(NOT_IN_SCHEMA),
    }


def _section_schema(section: Section, lists: Mapping[str, CodeList]) -> Schema:
    schema: Schema = {
        "type": "object",
        "title": section.title.vi,
        "x-title": msgspec.to_builtins(section.title),
        "x-source": section.source,
        "additionalProperties": False,
        "properties": {field.name: _field_schema(field, lists) for field in section.fields},
        "required": [field.name for field in section.fields if _always(field)],
    }
    if section.branch is not None:
        schema["x-branch"] = section.branch
    return schema


def _field_schema(field: Field, lists: Mapping[str, CodeList]) -> Schema:
    schema: Schema = {"title": field.label.vi, "x-label": msgspec.to_builtins(field.label), "x-kind": field.kind}
    schema |= _shape(field, lists)
    if field.default is not None:
        schema["default"] = field.default
    for key, value in (
        ("x-hint", field.hint),
        ("x-required-when", field.required_when),
        ("x-shown-when", field.shown_when),
        ("x-not-in-future", field.not_in_future or None),
        ("x-not-before", field.not_before),
        ("x-before", field.before),
        ("x-portal", list(field.portal) or None),
        ("x-source", field.source),
    ):
        if value is not None:
            schema[key] = msgspec.to_builtins(value)
    return schema


def _shape(field: Field, lists: Mapping[str, CodeList]) -> Schema:
    """What one answer by itself must be."""
    match field.kind:
        case "text":
            return {"type": "string", "maxLength": field.max_length, "pattern": _PRINTABLE}
        case "name":
            return {"type": "string", "maxLength": field.max_length, "pattern": _NAME}
        case "code":
            entries = lists[field.codes or ""].codes
            codes = [{"const": code.code, "title": code.vi, "x-title-en": code.en} for code in entries]
            return {"type": "string", "oneOf": codes}
        case "integer":
            low = {"minimum": field.minimum or 0}
            return {"type": "integer", **low, **({} if field.maximum is None else {"maximum": field.maximum})}
        case "boolean":
            return {"const": True} if field.agree else {"type": "boolean"}
        case "rows":
            return _rows_schema(field, lists)
        case kind:
            return {"$ref": f"#/$defs/{kind}"}


def _rows_schema(field: Field, lists: Mapping[str, CodeList]) -> Schema:
    known = {f"row.{inner.name}": inner for inner in field.fields}
    rules = [rule for path, inner in known.items() for rule in _sometimes(inner, path, known, _in_row, None)]
    return {
        "type": "array",
        "minItems": field.minimum or 0,
        "maxItems": answers.most_rows(field),
        "items": {
            "type": "object",
            "additionalProperties": False,
            "properties": {inner.name: _field_schema(inner, lists) for inner in field.fields},
            "required": [inner.name for inner in field.fields if _always(inner)],
            **({"allOf": rules} if rules else {}),
        },
    }


# --- what must be given, and when -------------------------------------------------------------------------------------


def _always(field: Field) -> bool:
    return field.required and field.default is None and field.required_when is None and field.shown_when is None


def _sometimes(
    field: Field, path: str, known: Mapping[str, Field], inside: Inside, branches: Collection[str] | None
) -> list[Schema]:
    """Where a field must be given under a condition: one rule that says so."""
    if field.default is not None or _always(field) or not (field.required or field.required_when):
        return []
    conditions = [when for when in (field.shown_when, field.required_when) if when is not None]
    return [
        {
            "if": _every(_holds(when, known, inside, branches) for when in conditions),
            "then": inside(path, None),
        }
    ]


def _holds(when: When, known: Mapping[str, Field], inside: Inside, branches: Collection[str] | None) -> Schema:
    """`rules.holds` as a schema; the loader refuses conditions of forms that cannot be one."""
    parts: list[Schema] = [_holds(part, known, inside, branches) for part in when.every]
    if when.branch is not None and branches is not None and when.branch not in branches:
        parts.append({"not": {}})
    if when.some:
        parts.append({"anyOf": [_holds(part, known, inside, branches) for part in when.some]})
    if when.negated is not None:
        parts.append({"not": _holds(when.negated, known, inside, branches)})
    if when.field is not None:
        usual = known[when.field].default
        if when.given is not None:
            given = {} if usual is not None else inside(when.field, None)
            parts.append(given if when.given else {"not": given})
        if when.equals is not None:
            parts.append(_value(when.field, {"const": when.equals}, inside, usual == when.equals))
        if when.one_of is not None:
            parts.append(_value(when.field, {"enum": list(when.one_of)}, inside, usual in when.one_of))
    return _every(parts)


def _value(path: str, value: Schema, inside: Inside, usual: bool) -> Schema:
    """The field has such a value, or has none and usually has such a one."""
    there = inside(path, value)
    return {"anyOf": [there, {"not": inside(path, None)}]} if usual else there


def _every(parts: Iterable[Schema]) -> Schema:
    told = [part for part in parts if part]
    return told[0] if len(told) == 1 else {"allOf": told} if told else {}


def _at_path(path: str, value: Schema | None) -> Schema:
    section, _, name = path.partition(".")
    return _in_object(section, _in_object(name, value))


def _in_row(path: str, value: Schema | None) -> Schema:
    return _in_object(path.removeprefix("row."), value)


def _in_object(name: str, value: Schema | None) -> Schema:
    return {"required": [name]} if value is None else {"required": [name], "properties": {name: value}}


# --- shapes that every form shares -----------------------------------------------------------------------------------

# ECMA-262 with `u`, as JSON Schema has it: \P{C} is every character that is no control, no surrogate and assigned.
_PRINTABLE = r"^\P{C}*$"
_NAME = r"^(?:\p{L}\p{M}*)+(?:[ '’.\-](?:\p{L}\p{M}*)*)*$"

# Years from 1880 on, and those of them with a 29 February.
_YEAR = "(?:18[89][0-9]|19[0-9]{2}|[2-9][0-9]{3})"
_LEAP = "(?:18(?:8[048]|9[26])|(?:19|[2-9][0-9])(?:0[48]|[2468][048]|[13579][26])|(?:[2468][048]|[3579][26])00)"
_MONTH = "(?:0[1-9]|1[0-2])"


def _days(join: Callable[[str, str, str], str]) -> str:
    """A real day, its parts put in order by `join(year, month, day)`."""
    return "|".join(
        (
            join(_YEAR, "(?:0[13578]|1[02])", "(?:0[1-9]|[12][0-9]|3[01])"),
            join(_YEAR, "(?:0[469]|11)", "(?:0[1-9]|[12][0-9]|30)"),
            join(_YEAR, "02", "(?:0[1-9]|1[0-9]|2[0-8])"),
            join(_LEAP, "02", "29"),
        )
    )


def _iso(year: str, month: str, day: str) -> str:
    return f"{year}-{month}-{day}"


def _printed(year: str, month: str, day: str) -> str:
    return f"{day}/{month}/{year}"


@cache
def _definitions() -> Schema:
    """The kinds of answers; a ward is one of today's, of the whole country."""
    provinces = "|".join(pin.PROVINCES)
    part: Schema = {"type": "string", "maxLength": answers.ADDRESS_PART_LENGTH, "pattern": _PRINTABLE}
    return {
        "pin": {"type": "string", "pattern": f"^(?:{provinces}|[1-9][0-9]{{2}})[0-9]{{9}}$"},
        "date": {"type": "string", "format": "date", "pattern": f"^(?:{_days(_iso)})$"},
        "partial_date": {
            "type": "string",
            "pattern": f"^(?:{_days(_printed)}|{_days(_iso)}|{_MONTH}/{_YEAR}|{_YEAR})$",
        },
        "time": {"type": "string", "pattern": "^(?:[01][0-9]|2[0-3]):[0-5][0-9]$"},
        "phone": {"type": "string", "pattern": "^(?:0|\\+84)[0-9]{9}$"},
        "gcs_number": {"type": "string", "pattern": "^[0-9]{5}\\.GCS\\.[0-9]{5}\\.[0-9]{2}$"},
        "ward": {"enum": places.ward_codes()},
        "address": {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "ward": part,
                "detail": part,
                "printed": part,
                "country": {"type": "string", "pattern": "^[A-Z]{3}$"},
            },
            "if": {"required": ["country"], "properties": {"country": {"not": {"const": "VNM"}}}},
            "then": {"required": ["detail"]},
            "else": {"required": ["ward"], "properties": {"ward": {"$ref": "#/$defs/ward"}}},
        },
    }

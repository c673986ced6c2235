"""A form for app developers: JSON Schema 2020-12."""

from collections.abc import Collection, Mapping
from typing import Any

import msgspec

from procedures.forms import asking
from procedures.messages import CodeList, Field, Form, Section


def json_schema(form: Form, *, branches: Collection[str] | None = None) -> dict[str, Any]:
    """The form as JSON Schema 2020-12; `x-` keys carry labels, conditions, portal names. `check` knows more than it."""
    properties = {s.name: _section_schema(s, form.lists) for s in form.sections if asking.is_asked(s, branches)}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "additionalProperties": False,
        "properties": properties,
        "required": [name for name, schema in properties.items() if schema["required"]],
        "$defs": {"address": _ADDRESS_SCHEMA},
    }


def _section_schema(section: Section, lists: Mapping[str, CodeList]) -> dict[str, Any]:
    schema: dict[str, Any] = {
        "type": "object",
        "title": section.title.vi,
        "x-title": msgspec.to_builtins(section.title),
        "x-source": section.source,
        "additionalProperties": False,
        "properties": {field.name: _field_schema(field, lists) for field in section.fields},
        "required": [f.name for f in section.fields if f.required and f.default is None and f.shown_when is None],
    }
    if section.branch is not None:
        schema["x-branch"] = section.branch
    return schema


_ADDRESS_SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "ward": {"type": "string", "pattern": "^[0-9]{5}$"},
        "detail": {"type": "string", "maxLength": 200},
        "printed": {"type": "string", "maxLength": 200},
        "country": {"type": "string", "pattern": "^[A-Z]{3}$"},
    },
}

_KIND_SCHEMAS: dict[str, dict[str, Any]] = {
    "pin": {"type": "string", "pattern": "^[0-9]{12}$"},
    "date": {"type": "string", "format": "date"},
    "partial_date": {"type": "string", "pattern": "^(([0-9]{2}/)?[0-9]{2}/)?[0-9]{4}$"},
    "time": {"type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$"},
    "phone": {"type": "string", "pattern": "^(0|\\+84)[0-9]{9}$"},
    "gcs_number": {"type": "string", "pattern": "^[0-9]{5}\\.GCS\\.[0-9]{5}\\.[0-9]{2}$"},
    "boolean": {"type": "boolean"},
    "address": {"$ref": "#/$defs/address"},
}


def _field_schema(field: Field, lists: Mapping[str, CodeList]) -> dict[str, Any]:
    schema: dict[str, Any] = {
        "title": field.label.vi,
        "x-label": msgspec.to_builtins(field.label),
        "x-kind": field.kind,
    }
    if field.kind == "code":
        entries = lists[field.codes or ""].codes
        schema |= {"type": "string", "oneOf": [{"const": c.code, "title": c.vi, "x-title-en": c.en} for c in entries]}
    elif field.kind == "integer":
        schema |= {"type": "integer", "minimum": field.minimum or 0}
        if field.maximum is not None:
            schema["maximum"] = field.maximum
    else:
        schema |= _KIND_SCHEMAS.get(field.kind, {"type": "string", "maxLength": field.max_length})
    if field.default is not None:
        schema["default"] = field.default
    for key, value in (
        ("x-hint", field.hint),
        ("x-required-when", field.required_when),
        ("x-shown-when", field.shown_when),
        ("x-portal", list(field.portal) or None),
        ("x-source", field.source),
    ):
        if value is not None:
            schema[key] = msgspec.to_builtins(value)
    return schema

"""What is known before anybody asks: values from authorities, cards and earlier answers, some of them locked."""

from collections.abc import Collection, Mapping
from datetime import date, datetime, time
from typing import Any, cast

import msgspec

from kit import names, places
from kit.refusal import Fault, fault
from procedures import rules
from procedures.forms import answers, asking
from procedures.messages import Code, CodeList, Field, Form, PrefillFrom


class Filled(msgspec.Struct, frozen=True, kw_only=True):
    """A value known beforehand: its path in the sources, the path's first step, whether an authority vouches for it."""

    value: Any
    source: str
    path: str
    locked: bool


def prefill(
    form: Form, sources: Mapping[str, Any], *, today: date, branches: Collection[str] | None = None
) -> dict[str, Filled]:
    """What is known beforehand, by path: of each field's sources, in order of authority, the first that fits.

    Paths beginning with `form.` read what was filled in earlier fields, so the section that others lean on stands first.
    """
    found: dict[str, Filled] = {}
    known: dict[str, Any] = {}
    sources = {**sources, "form": known}
    for one in form.chosen(branches).questions:
        filled = _first_known(one.field, form.lists, sources, today)
        if filled is not None:
            found[one.path] = filled
            rules.put(known, one.path, filled.value)
    return found


def values_of(filled: Mapping[str, Filled]) -> dict[str, Any]:
    """Prefilled values in the nested shape of a form's values."""
    values: dict[str, Any] = {}
    for path, known in filled.items():
        rules.put(values, path, known.value)
    return values


def changed_locked(filled: Mapping[str, Filled], values: Mapping[str, Any]) -> list[Fault]:
    """A fault for every value an authority vouches for and somebody changed; paths not in `values` are left alone."""
    found: list[Fault] = []
    for path, known in filled.items():
        value = asking.composed(rules.at(values, path))
        if known.locked and value is not None and value != known.value:
            found.append(
                fault(
                    path,
                    "locked",
                    "Mục này lấy từ cơ sở dữ liệu của cơ quan nhà nước, không sửa được ở đây.",
                    "This comes from an authority's record and cannot be changed here.",
                )
            )
    return found


def _first_known(field: Field, lists: Mapping[str, CodeList], sources: Mapping[str, Any], today: date) -> Filled | None:
    for candidate in field.prefill:
        if candidate.when is not None and not rules.holds(candidate.when, sources, today=today):
            continue
        raw = candidate.value if candidate.path is None else rules.at(sources, candidate.path)
        if not rules.is_given(raw):
            continue
        value = _fitted(field, raw, lists)
        if value is None:
            continue
        path = candidate.path or _condition_path(candidate)
        source = path.split(".", 1)[0]
        complete = not answers.shape_faults(field, value, path=field.name, lists=lists)
        return Filled(value=value, source=source, path=path, locked=complete and source in field.locked_from)
    if field.default is not None:
        return Filled(value=field.default, source="default", path="default", locked=False)
    return None


def _condition_path(candidate: PrefillFrom) -> str:
    """A constant is known from what its condition looked at."""
    return candidate.when.field if candidate.when is not None and candidate.when.field is not None else "default"


def _fitted(field: Field, raw: Any, lists: Mapping[str, CodeList]) -> Any:
    """A source's value in the field's own form, or None when it does not fit."""
    if field.kind == "rows":
        raw = asking.composed(raw)
        return None if answers.shape_faults(field, raw, path=field.name, lists=lists) else raw
    if field.kind == "address":
        return _address(raw)
    if field.kind == "code":
        entry = _code_for(lists[field.codes or ""], raw)
        return entry.code if entry else None
    if field.kind in ("date", "partial_date"):
        day = rules.as_date(raw)
        if day is not None:
            return day.isoformat() if field.kind == "date" else f"{day:%d/%m/%Y}"
    value = f"{raw:%H:%M}" if isinstance(raw, time | datetime) else raw
    value = names.nfc(value) if isinstance(value, str) else value
    return None if answers.shape_faults(field, value, path=field.name, lists=lists) else value


def _address(raw: Any) -> dict[str, Any] | None:
    """An address as printed keeps its text, with today's ward where it can be only one; else that waits to be chosen."""
    if isinstance(raw, str):
        found = places.resolve(raw)
        ward = {"ward": found.ward_code, "detail": found.detail} if found.ward_code is not None else {}
        return {**{name: part for name, part in ward.items() if part}, "printed": names.nfc(raw)}
    if isinstance(raw, msgspec.Struct):
        raw = msgspec.to_builtins(raw)
    if not isinstance(raw, Mapping):
        return None
    parts = cast("Mapping[str, Any]", raw)
    texts = {name: parts.get(name) for name in sorted(answers.ADDRESS_PARTS)}
    return {name: names.nfc(text) for name, text in texts.items() if isinstance(text, str) and text} or None


def _code_for(codes: CodeList, raw: Any) -> Code | None:
    """The entry a source means: by code, or by its name in either language ("Nam", "Kinh", "Việt Nam")."""
    text = str(raw)
    wanted = names.fold(text)
    return codes.get(text) or next(
        (entry for entry in codes.codes if wanted in (names.fold(entry.vi), names.fold(entry.en))), None
    )

"""Forms: what is asked, what is known, what is wrong. Values are nested `{"child": {"sex": …}}`, paths dotted."""

import re
from collections.abc import Collection, Iterator, Mapping
from datetime import date, datetime, time
from typing import Any, cast

import msgspec

from kit import names, pin
from kit.refusal import Fault, Words, fault
from procedures import places, rules
from procedures.messages import Code, CodeList, Document, Field, Form, PrefillFrom, Section

VIETNAM = "VNM"

_GCS = re.compile(r"[0-9]{5}\.GCS\.[0-9]{5}\.[0-9]{2}", re.ASCII)
_PHONE = re.compile(r"(?:0|\+84)[0-9]{9}", re.ASCII)
_TIME = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]", re.ASCII)
_ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_PARTIAL_DATE = re.compile(r"(?:(?:([0-9]{2})/)?([0-9]{2})/)?([0-9]{4})", re.ASCII)
# Letters of Ê Đê and other tongues keep a combining mark even when composed (ư̆, ê̆).
_LETTER = r"[^\W\d_][\u0300-\u036f]*"
_NAME = re.compile(rf"(?:{_LETTER})+(?:[ '’.\-](?:{_LETTER})*)*")
_ADDRESS_PARTS = frozenset({"ward", "detail", "printed", "country"})
_EARLIEST_YEAR = 1880
_ADDRESS_PART_LENGTH = 200


class Filled(msgspec.Struct, frozen=True, kw_only=True):
    """A value known beforehand: its path in the sources, the path's first step, whether an authority vouches for it."""

    value: Any
    source: str
    path: str
    locked: bool


def fields(
    form: Form, values: Mapping[str, Any], *, today: date, branches: Collection[str] | None = None
) -> Iterator[tuple[str, Field]]:
    """Path and field of every question that these values and chosen branches ask; `branches` None means all."""
    values = _with_defaults(form, values)
    for section in form.sections:
        if _asked(section, branches):
            for field in section.fields:
                if field.shown_when is None or rules.holds(field.shown_when, values, today=today, branches=branches):
                    yield f"{section.name}.{field.name}", field


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
        value = _composed(rules.at(values, path))
        if not rules.is_given(value):
            value = field.default
        if value is not None:
            rules.put(stored, path, value)
    return stored


def check(
    form: Form, values: Mapping[str, Any], *, today: date, branches: Collection[str] | None = None
) -> list[Fault]:
    """Every fault of the values by field, in the form's order; an empty list means they can be submitted."""
    found = _unknown(form, values)
    values = _with_defaults(form, values)
    for path, field in fields(form, values, today=today, branches=branches):
        value = rules.at(values, path)
        if not rules.is_given(value):
            if required(field, values, today=today, branches=branches):
                found.append(_missing(path, field.label))
            continue
        shape = shape_faults(field, value, path=path, lists=form.lists)
        found += shape or _cross_faults(field, value, path, values, today)
    return found


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
    held: Collection[str] = (),
    branches: Collection[str] | None = None,
) -> list[Fault]:
    """A fault `documents.<kind or group>` for each paper missing; `held` kinds an authority has; values are `tidy`."""
    have = {*given, *held}
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


def changed_locked(filled: Mapping[str, Filled], values: Mapping[str, Any]) -> list[Fault]:
    """A fault for every value an authority vouches for and somebody changed; paths not in `values` are left alone."""
    found: list[Fault] = []
    for path, known in filled.items():
        value = _composed(rules.at(values, path))
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


def prefill(
    form: Form, sources: Mapping[str, Any], *, today: date, branches: Collection[str] | None = None
) -> dict[str, Filled]:
    """What is known beforehand, by path: of each field's sources, in order of authority, the first that fits.

    Paths beginning with `form.` read what was filled in earlier fields, so the section that others lean on stands first.
    """
    found: dict[str, Filled] = {}
    known: dict[str, Any] = {}
    sources = {**sources, "form": known}
    for section in form.sections:
        if not _asked(section, branches):
            continue
        for field in section.fields:
            filled = _first_known(field, form.lists, sources, today)
            if filled is not None:
                found[f"{section.name}.{field.name}"] = filled
                rules.put(known, f"{section.name}.{field.name}", filled.value)
    return found


def values_of(filled: Mapping[str, Filled]) -> dict[str, Any]:
    """Prefilled values in the nested shape of a form's values."""
    values: dict[str, Any] = {}
    for path, known in filled.items():
        rules.put(values, path, known.value)
    return values


def _with_defaults(form: Form, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values with the usual answer where none was given, so that conditions on it hold."""
    full = {name: dict(cast("Mapping[str, Any]", part)) for name, part in values.items() if isinstance(part, Mapping)}
    for section in form.sections:
        for field in section.fields:
            path = f"{section.name}.{field.name}"
            if field.default is not None and not rules.is_given(rules.at(full, path)):
                rules.put(full, path, field.default)
    return full


def _asked(section: Section, branches: Collection[str] | None) -> bool:
    return section.branch is None or branches is None or section.branch in branches


def _document_asked(
    document: Document, values: Mapping[str, Any], today: date, branches: Collection[str] | None
) -> bool:
    if document.required_when is not None:
        return rules.holds(document.required_when, values, today=today, branches=branches)
    return document.required


def _composed(value: Any) -> Any:
    if isinstance(value, str):
        return names.nfc(value)
    if isinstance(value, Mapping):
        parts = {key: _composed(part) for key, part in cast("Mapping[str, Any]", value).items()}
        return {key: part for key, part in parts.items() if rules.is_given(part)}
    return value


# --- what is wrong ---------------------------------------------------------------------------------------------------


def _missing(path: str, label: Words) -> Fault:
    return fault(path, "required", f"Hãy điền: {label.vi}.", f"Fill in: {label.en}.")


def _unknown(form: Form, values: Mapping[str, Any]) -> list[Fault]:
    known = {section.name: {field.name for field in section.fields} for section in form.sections}
    found: list[Fault] = []
    for section, answers in values.items():
        if section not in known or not isinstance(answers, Mapping):
            paths = [str(section)]
        else:
            answered = cast("Mapping[str, Any]", answers)
            paths = [f"{section}.{name}" for name in answered if name not in known[section]]
        found += [
            fault(path, "unknown-field", "Biểu mẫu không có mục này.", "The form has no such field.") for path in paths
        ]
    return found


def shape_faults(field: Field, value: Any, *, path: str, lists: Mapping[str, CodeList]) -> list[Fault]:
    """What is wrong with one answer by itself."""
    if field.kind == "boolean":
        return [] if isinstance(value, bool) else [_wrong(path, "boolean")]
    if field.kind == "integer":
        return _integer_faults(field, value, path)
    if field.kind == "address":
        return _address_faults(value, path)
    if not isinstance(value, str):
        return [_wrong(path, "text")]
    if hidden := names.unprintable(value):
        listed = ", ".join(sorted(set(hidden)))
        return [
            fault(
                path, "unprintable", f"Có ký tự ẩn không in được ({listed}). Hãy gõ lại.",
                f"It holds hidden characters ({listed}). Type it again.",
            )
        ]  # fmt: skip
    if len(value) > field.max_length:
        return [
            fault(path, "too-long", f"Dài quá {field.max_length} ký tự.", f"Longer than {field.max_length} characters.")
        ]
    return _text_faults(field, names.nfc(value), path, lists)


def _text_faults(field: Field, value: str, path: str, lists: Mapping[str, CodeList]) -> list[Fault]:
    match field.kind:
        case "name" if not _NAME.fullmatch(value):
            return [_wrong(path, "name")]
        case "pin":
            return pin.faults(value, field=path)
        case "date" if not _ISO_DATE.fullmatch(value) or rules.as_date(value) is None:
            return [_wrong(path, "date")]
        case "partial_date" if earliest(value) is None:
            return [_wrong(path, "partial-date")]
        case "time" if not _TIME.fullmatch(value):
            return [_wrong(path, "time")]
        case "phone" if not _PHONE.fullmatch(value):
            return [_wrong(path, "phone")]
        case "gcs_number" if not _GCS.fullmatch(value):
            return [_wrong(path, "gcs-number")]
        case "code" if lists[field.codes or ""].get(value) is None:
            return [_wrong(path, "code")]
        case _:
            return []


def _integer_faults(field: Field, value: Any, path: str) -> list[Fault]:
    low = field.minimum if field.minimum is not None else 0
    high = field.maximum
    if not isinstance(value, bool) and isinstance(value, int) and low <= value and (high is None or value <= high):
        return []
    upper = Words(vi=f" đến {high}", en=f" to {high}") if high is not None else Words(vi=" trở lên", en=" or more")
    return [
        fault(
            path,
            "not-integer",
            f"Cần số nguyên từ {low}{upper.vi}.",
            f"This must be a whole number from {low}{upper.en}.",
        )
    ]


def _address_faults(value: Any, path: str) -> list[Fault]:
    if not isinstance(value, Mapping):
        return [_wrong(path, "address")]
    address = cast("Mapping[str, Any]", value)
    if extra := set(address) - _ADDRESS_PARTS:
        return [
            fault(f"{path}.{name}", "unknown-field", "Địa chỉ không có mục này.", "An address has no such part.")
            for name in sorted(extra)
        ]
    unfit = [name for name, part in address.items() if not _is_short_print(part)]
    if unfit:
        return [_wrong(f"{path}.{name}", "printable") for name in unfit]
    if address.get("country") not in (None, "", VIETNAM):
        return [] if address.get("detail") else [_wrong(f"{path}.detail", "address-abroad")]
    if not address.get("ward"):
        return [
            fault(
                f"{path}.ward",
                "required",
                "Hãy chọn phường, xã hoặc đặc khu hiện nay.",
                "Choose today's ward, commune or special zone.",
            )
        ]
    return [] if places.ward(address["ward"]) is not None else [_wrong(f"{path}.ward", "ward")]


def _is_short_print(part: Any) -> bool:
    return part is None or (isinstance(part, str) and len(part) <= _ADDRESS_PART_LENGTH and not names.unprintable(part))


# What a value of each kind must be; the fault's code is `not-` and the key.
_MUST_BE = {
    "boolean": Words(vi="có hoặc không", en="yes or no"),
    "text": Words(vi="chữ", en="text"),
    "printable": Words(vi="chữ in được, tối đa 200 ký tự", en="printable text of at most 200 characters"),
    "name": Words(
        vi="họ tên chỉ gồm chữ, dấu cách, gạch nối hoặc dấu nháy",
        en="a name of letters, spaces, hyphens or apostrophes",
    ),
    "date": Words(vi="ngày có thật, dạng năm-tháng-ngày (2026-11-06)", en="a real day as year-month-day (2026-11-06)"),
    "partial-date": Words(vi="ngày/tháng/năm, tháng/năm hoặc năm", en="dd/mm/yyyy, mm/yyyy or yyyy"),
    "time": Words(vi="giờ:phút (07:30)", en="hours:minutes (07:30)"),
    "phone": Words(vi="số điện thoại Việt Nam 10 chữ số", en="a Vietnamese phone number of 10 digits"),
    "gcs-number": Words(
        vi="số giấy chứng sinh dạng 00123.GCS.79001.26", en="a birth notification number such as 00123.GCS.79001.26"
    ),
    "code": Words(vi="một giá trị trong danh mục", en="a value of the list"),
    "address": Words(vi="địa chỉ gồm mã xã và chi tiết", en="an address of ward code and detail"),
    "address-abroad": Words(vi="địa chỉ ở nước ngoài", en="the address abroad"),
    "ward": Words(
        vi="mã phường, xã, đặc khu theo bản đồ từ 1/7/2025",
        en="a ward code of the map in force since 1 July 2025",
    ),
}


def _wrong(path: str, code: str) -> Fault:
    must = _MUST_BE[code]
    return fault(path, f"not-{code}", f"Cần {must.vi}.", f"This must be {must.en}.")


def _cross_faults(field: Field, value: Any, path: str, values: Mapping[str, Any], today: date) -> list[Fault]:
    """What is wrong with an answer held against the others and against today."""
    if field.kind in ("date", "partial_date"):
        return _day_faults(field, value, path, values, today)
    if field.kind == "pin":
        sex = field.pin_sex or (rules.at(values, field.pin_sex_field) if field.pin_sex_field else None)
        born = earliest(rules.at(values, field.pin_birth_field)) if field.pin_birth_field else None
        sex = sex if sex in ("male", "female") else None
        return pin.faults(value, field=path, sex=sex, birth_year=born.year if born else None)
    return []


def _day_faults(field: Field, value: Any, path: str, values: Mapping[str, Any], today: date) -> list[Fault]:
    found: list[Fault] = []
    first, last = earliest(value), latest(value)
    if field.not_in_future and first is not None and first > today:
        found.append(fault(path, "in-future", "Ngày này chưa đến.", "This day has not come yet."))
    floor = earliest(rules.at(values, field.not_before)) if field.not_before else None
    if floor is not None and last is not None and last < floor:
        day = f"{floor:%d/%m/%Y}"
        found.append(fault(path, "too-early", f"Không thể trước ngày {day}.", f"It cannot be before {day}."))
    ceiling = latest(rules.at(values, field.before)) if field.before else None
    if ceiling is not None and first is not None and first >= ceiling:
        day = f"{ceiling:%d/%m/%Y}"
        found.append(fault(path, "too-late", f"Phải trước ngày {day}.", f"It must be before {day}."))
    return found


def earliest(value: Any) -> date | None:
    """The first day a date or partial date can mean; None when it is no date."""
    return _bounds(value)[0]


def latest(value: Any) -> date | None:
    """The last day a date or partial date can mean; None when it is no date."""
    return _bounds(value)[1]


def _bounds(value: Any) -> tuple[date | None, date | None]:
    day = rules.as_date(value)
    if day is not None:
        return (day, day) if day.year >= _EARLIEST_YEAR else (None, None)
    match = _PARTIAL_DATE.fullmatch(value) if isinstance(value, str) else None
    if match is None or match[1] is not None or int(match[3]) < _EARLIEST_YEAR:
        return None, None
    year = int(match[3])
    if match[2] is None:
        return date(year, 1, 1), date(year, 12, 31)
    month = int(match[2])
    if not 1 <= month <= 12:
        return None, None
    following = date(year + month // 12, month % 12 + 1, 1)
    return date(year, month, 1), date.fromordinal(following.toordinal() - 1)


# --- what is already known -------------------------------------------------------------------------------------------


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
        complete = not shape_faults(field, value, path=field.name, lists=lists)
        return Filled(value=value, source=source, path=path, locked=complete and source in field.locked_from)
    if field.default is not None:
        return Filled(value=field.default, source="default", path="default", locked=False)
    return None


def _condition_path(candidate: PrefillFrom) -> str:
    """A constant is known from what its condition looked at."""
    return candidate.when.field if candidate.when is not None and candidate.when.field is not None else "default"


def _fitted(field: Field, raw: Any, lists: Mapping[str, CodeList]) -> Any:
    """A source's value in the field's own form, or None when it does not fit."""
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
    return None if shape_faults(field, value, path=field.name, lists=lists) else value


def _address(raw: Any) -> dict[str, Any] | None:
    """An address as printed keeps its text and waits for today's ward to be chosen."""
    if isinstance(raw, str):
        return {"printed": names.nfc(raw)}
    if isinstance(raw, msgspec.Struct):
        raw = msgspec.to_builtins(raw)
    if not isinstance(raw, Mapping):
        return None
    parts = cast("Mapping[str, Any]", raw)
    texts = {name: parts.get(name) for name in sorted(_ADDRESS_PARTS)}
    return {name: names.nfc(text) for name, text in texts.items() if isinstance(text, str) and text} or None


def _code_for(codes: CodeList, raw: Any) -> Code | None:
    """The entry a source means: by code, or by its name in either language ("Nam", "Kinh", "Việt Nam")."""
    text = str(raw)
    wanted = names.fold(text)
    return codes.get(text) or next(
        (entry for entry in codes.codes if wanted in (names.fold(entry.vi), names.fold(entry.en))), None
    )


# --- for app developers ----------------------------------------------------------------------------------------------


def json_schema(form: Form, *, branches: Collection[str] | None = None) -> dict[str, Any]:
    """The form as JSON Schema 2020-12; `x-` keys carry labels, conditions, portal names. `check` knows more than it."""
    properties = {s.name: _section_schema(s, form.lists) for s in form.sections if _asked(s, branches)}
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

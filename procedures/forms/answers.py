"""One answer by itself: whether it has the shape its field asks for. Answers are `asking.composed` before."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any, cast

from kit import names, pin, places
from kit.refusal import Fault, Words, fault
from procedures import rules
from procedures.forms import days
from procedures.messages import CodeList, Field

ADDRESS_PARTS = frozenset({"ward", "detail", "printed", "country"})

_VIETNAM = "VNM"
_COUNTRY = re.compile(r"[A-Z]{3}", re.ASCII)
_ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
# Over the kinds of characters: letters of Ê Đê and other tongues keep a combining mark even when composed (ư̆, ê̆).
_NAME = re.compile(r"(?:LM*)+(?:[ '’.\-](?:LM*)*)*")
# What a text must be from end to end, by the field's kind.
_PATTERNS = {
    "time": re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]", re.ASCII),
    "phone": re.compile(r"(?:0|\+84)[0-9]{9}", re.ASCII),
    "gcs_number": re.compile(r"[0-9]{5}\.GCS\.[0-9]{5}\.[0-9]{2}", re.ASCII),
}
ADDRESS_PART_LENGTH = 200
MOST_ROWS = 20
"""Of a question asked several times over, where its field names no other number."""


def shape_faults(field: Field, value: Any, *, path: str, lists: Mapping[str, CodeList]) -> list[Fault]:
    """What is wrong with one answer by itself."""
    if field.kind == "rows":
        return _rows_faults(field, value, path, lists)
    if field.kind == "boolean":
        return (
            []
            if isinstance(value, bool) and (value or not field.agree)
            else [_wrong(path, "boolean" if not field.agree else "agreed")]
        )
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
    return _text_faults(field, value, path, lists)


def rows_of(value: Any) -> list[tuple[int, Mapping[str, Any]]]:
    """The rows that are rows, with their numbers."""
    rows = cast("Sequence[Any]", value) if isinstance(value, list) else []
    return [(number, cast("Mapping[str, Any]", row)) for number, row in enumerate(rows) if isinstance(row, Mapping)]


def most_rows(field: Field) -> int:
    """How many rows a question may be answered with."""
    return MOST_ROWS if field.maximum is None else field.maximum


def _rows_faults(field: Field, value: Any, path: str, lists: Mapping[str, CodeList]) -> list[Fault]:
    if not isinstance(value, list):
        return [_wrong(path, "rows")]
    rows = cast("Sequence[Any]", value)
    found: list[Fault] = []
    if len(rows) > most_rows(field):
        most = most_rows(field)
        found.append(fault(path, "too-many", f"Tối đa {most} dòng.", f"At most {most} rows."))
    if len(rows) < (field.minimum or 0):
        found.append(fault(path, "too-few", f"Cần ít nhất {field.minimum} dòng.", f"At least {field.minimum} rows."))
    found += [_wrong(f"{path}.{number}", "rows") for number, row in enumerate(rows) if not isinstance(row, Mapping)]
    inner = {one.name: one for one in field.fields}
    for number, row in rows_of(value):
        for name in sorted(set(row) - set(inner)):
            where = f"{path}.{number}.{name}"
            found.append(fault(where, "unknown-field", "Biểu mẫu không có mục này.", "The form has no such field."))
        for name, one in inner.items():
            if rules.is_given(row.get(name)):
                found += shape_faults(one, row[name], path=f"{path}.{number}.{name}", lists=lists)
    return found


def _text_faults(field: Field, value: str, path: str, lists: Mapping[str, CodeList]) -> list[Fault]:
    match field.kind:
        case "pin":
            return pin.faults(value, field=path)
        case "date":
            fits = _ISO_DATE.fullmatch(value) is not None and days.earliest(value) is not None
        case "name":
            fits = _is_name(value)
        case "partial_date":
            fits = days.earliest(value) is not None
        case "code":
            fits = lists[field.codes or ""].get(value) is not None
        case kind:
            fits = kind not in _PATTERNS or _PATTERNS[kind].fullmatch(value) is not None
    return [] if fits else [_wrong(path, field.kind.replace("_", "-"))]


def _is_name(value: str) -> bool:
    """Letters with their marks, and between them spaces, hyphens, dots or apostrophes."""
    if value.replace(" ", "").isalpha() and value[0] != " ":
        return True  # letters and spaces alone, as nearly every name
    kinds = ((c, unicodedata.category(c)[0]) for c in value)
    return _NAME.fullmatch("".join(kind if kind in "LM" else c for c, kind in kinds)) is not None


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
    if extra := set(address) - ADDRESS_PARTS:
        return [
            fault(f"{path}.{name}", "unknown-field", "Địa chỉ không có mục này.", "An address has no such part.")
            for name in sorted(extra)
        ]
    unfit = [name for name, part in address.items() if not _is_short_print(part)]
    if unfit:
        return [_wrong(f"{path}.{name}", "printable") for name in unfit]
    country = address.get("country")
    if country is not None and not _COUNTRY.fullmatch(country):
        return [_wrong(f"{path}.country", "country")]
    if country not in (None, _VIETNAM):
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
    return isinstance(part, str) and len(part) <= ADDRESS_PART_LENGTH and not names.unprintable(part)


# What a value of each kind must be; the fault's code is `not-` and the key.
_MUST_BE = {
    "boolean": Words(vi="có hoặc không", en="yes or no"),
    "agreed": Words(vi="đồng ý với lời cam đoan này", en="agreed to"),
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
    "rows": Words(vi="danh sách các dòng", en="a list of rows"),
    "country": Words(vi="mã nước gồm 3 chữ cái (VNM)", en="a country's code of 3 letters (VNM)"),
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

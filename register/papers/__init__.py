"""The papers the register issues. Rendering blocks: call by `asyncio.to_thread`."""

from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from kit import clock, pdf
from kit.pades import Signed
from register import dates, words
from register.messages import (
    AnyEntry,
    BirthEntry,
    CorrectionEntry,
    DeathEntry,
    Entry,
    Extract,
    MaritalStatement,
    MarriageEntry,
    Parent,
    Person,
    RecognitionEntry,
    Signer,
)

_HERE = Path(__file__).parent
_TEMPLATE = _HERE / "giay-khai-sinh.typ"
_EXTRACT = _HERE / "trich-luc.typ"

SEX = {"male": "Nam", "female": "Nữ"}


def birth_certificate(entry: BirthEntry, *, specimen: bool, signed: Signed | None = None) -> bytes:
    """Giấy khai sinh of an entry as PDF/A, in the order of Luật Hộ tịch Đ14; `specimen` marks it as worth nothing,
    `signed` is how it is about to be signed."""
    child = entry.facts.child
    said = words.in_words(child.date_of_birth)
    data = {
        "specimen": specimen,
        "sealed": None if signed is None else signed.printed(),
        "office": entry.office.name,
        "number": entry.number,
        "book": entry.book,
        "registered_on": _date_line(entry),
        "child": {
            "full_name": child.full_name.upper(),
            "date_of_birth": dates.figures(child.date_of_birth),
            "date_in_words": said[0].upper() + said[1:],
            "sex": SEX[child.sex],
            "ethnicity": child.ethnicity,
            "nationality": child.nationality,
            "place_of_birth": child.place_of_birth,
            "place_of_origin": child.place_of_origin,
            "pin": entry.pin,
        },
        "mother": _parent(entry.facts.mother),
        "father": _parent(entry.facts.father),
        "signer": {"name": entry.signer.full_name, "title": entry.signer.title},
        "note": entry.remarks,
    }
    return pdf.render(_TEMPLATE, data, at=datetime.combine(entry.registered_on, time(), clock.CITY))


def original(entry: AnyEntry, *, specimen: bool, title: str | None = None) -> bytes:
    """The paper handed out once at the registration (Luật Hộ tịch Đ62), as PDF/A; `title` where the law of the day names it otherwise."""
    said = _said(entry)
    data = {
        "specimen": specimen,
        "office": entry.office.name,
        "title": title or said["title"],
        "copy": False,
        "number": f"{entry.number}",
        "book": entry.book,
        "date": _place_and_date(entry.office.name, entry.registered_on),
        "note": entry.remarks,
        "signed": "Người ký",
        **{name: said[name] for name in ("lines", "columns", "after")},
        **_signature(entry.signer),
    }
    return pdf.render(_EXTRACT, data, at=datetime.combine(entry.registered_on, time(), clock.CITY))


def paper_of_extract(issued: Extract, *, specimen: bool) -> bytes:
    """A copy extract ("BẢN SAO") of an entry as it stood when it was issued, whichever office keeps the book."""
    entry = issued.entry
    said = _said(entry)
    data = {
        "specimen": specimen,
        "office": issued.office.name,
        "title": said["extract"],
        "copy": True,
        "number": f"{issued.number}/{issued.year}",
        "book": None,
        "date": _place_and_date(issued.office.name, issued.issued_on),
        "note": entry.remarks,
        "signed": "Người ký trích lục",
        **{name: said[name] for name in ("lines", "columns", "after")},
        **_signature(issued.signer),
    }
    return pdf.render(_EXTRACT, data, at=datetime.combine(issued.issued_on, time(), clock.CITY))


def marital_certificate(said: MaritalStatement, *, specimen: bool) -> bytes:
    """Giấy xác nhận tình trạng hôn nhân as PDF/A."""
    data = {
        "specimen": specimen,
        "office": said.office.name,
        "title": "GIẤY XÁC NHẬN TÌNH TRẠNG HÔN NHÂN",
        "copy": False,
        "number": f"{said.number}/{said.year}",
        "book": None,
        "date": _place_and_date(said.office.name, said.issued_on),
        "lines": [
            ["Họ, chữ đệm, tên", said.full_name.upper()],
            ["Ngày, tháng, năm sinh", said.date_of_birth],
            ["Số định danh cá nhân", said.pin],
            ["Nơi cư trú", said.residence],
            ["Tình trạng hôn nhân", said.said],
        ],
        "columns": [],
        "after": [["Giấy này được cấp để", said.purpose]],
        "note": None,
        "signed": "Người ký",
        **_signature(said.signer),
    }
    return pdf.render(_EXTRACT, data, at=datetime.combine(said.issued_on, time(), clock.CITY))


def _said(entry: AnyEntry) -> dict[str, Any]:
    """Titles, lines and columns in the order of the Ministry's extracts (TLKS, TLKH, TLKT, TLCMC)."""
    place = [
        ["Đăng ký tại", entry.office.name],
        ["Số, ngày đăng ký", f"{entry.number}, quyển {entry.book}, {_date_line(entry)}"],
    ]
    match entry:
        case BirthEntry():
            child, facts = entry.facts.child, entry.facts
            lines = [
                ["Họ, chữ đệm, tên", child.full_name.upper()],
                ["Ngày, tháng, năm sinh", dates.figures(child.date_of_birth)],
                ["Ghi bằng chữ", words.in_words(child.date_of_birth)],
                ["Giới tính", SEX[child.sex]],
                ["Dân tộc, quốc tịch", _together(child.ethnicity, child.nationality)],
                ["Nơi sinh", child.place_of_birth],
                ["Quê quán", child.place_of_origin],
                ["Số định danh cá nhân", entry.pin],
                *_of_parent("mẹ", facts.mother),
                *_of_parent("cha", facts.father),
            ]
            return _paper("GIẤY KHAI SINH", "TRÍCH LỤC KHAI SINH", lines, [], place)
        case MarriageEntry():
            columns = [_column("Vợ", entry.facts.wife), _column("Chồng", entry.facts.husband)]
            return _paper("GIẤY CHỨNG NHẬN KẾT HÔN", "TRÍCH LỤC KẾT HÔN", [], columns, place)
        case DeathEntry():
            facts, who = entry.facts, entry.facts.deceased
            lines = [
                ["Họ, chữ đệm, tên", who.full_name.upper()],
                ["Ngày, tháng, năm sinh", _figures(who.date_of_birth)],
                ["Giới tính", SEX[who.sex] if who.sex else None],
                ["Dân tộc, quốc tịch", _together(who.ethnicity, who.nationality)],
                ["Số định danh cá nhân", who.pin],
                ["Đã chết vào lúc", _together(facts.died_at, f"ngày {dates.figures(facts.died_on)}")],
                ["Nơi chết", facts.place_of_death],
                ["Nguyên nhân", facts.cause],
            ]
            return _paper("TRÍCH LỤC KHAI TỬ", "TRÍCH LỤC KHAI TỬ", lines, [], place)
        case RecognitionEntry():
            facts = entry.facts
            columns = [_column(_ROLES[facts.parent_role], facts.parent), _column("Con", facts.child)]
            return _paper(
                "TRÍCH LỤC ĐĂNG KÝ NHẬN CHA, MẸ, CON", "TRÍCH LỤC ĐĂNG KÝ NHẬN CHA, MẸ, CON", [], columns, place
            )
        case CorrectionEntry():
            lines = [
                ["Người yêu cầu", entry.facts.requester.full_name],
                *([item.label, _changed(item.written, item.right)] for item in entry.facts.items),
                ["Căn cứ", entry.facts.grounds],
            ]
            title = "TRÍCH LỤC THAY ĐỔI, CẢI CHÍNH, BỔ SUNG HỘ TỊCH"
            return _paper(title, title, lines, [], place)


_ROLES = {"father": "Cha", "mother": "Mẹ"}


def _paper(title: str, extract: str, lines: list[Any], columns: list[Any], after: list[Any]) -> dict[str, Any]:
    return {"title": title, "extract": extract, "lines": lines, "columns": columns, "after": after}


def _column(title: str, who: Person) -> dict[str, Any]:
    return {
        "title": title,
        "lines": [
            ["Họ, chữ đệm, tên", who.full_name.upper()],
            ["Ngày, tháng, năm sinh", _figures(who.date_of_birth)],
            ["Dân tộc, quốc tịch", _together(who.ethnicity, who.nationality)],
            ["Nơi cư trú", who.residence],
            ["Giấy tờ tùy thân", who.pin],
        ],
    }


def _of_parent(word: str, parent: Parent | None) -> list[list[str | None]]:
    said = _parent(parent)
    return [
        [f"Họ, chữ đệm, tên người {word}", said["full_name"]],
        ["Năm sinh", said["year_of_birth"]],
        ["Dân tộc, quốc tịch", _together(said["ethnicity"], said["nationality"])],
        ["Nơi cư trú", said["residence"]],
    ]


def _changed(written: str | None, right: str) -> str:
    return f"“{written}” thành “{right}”" if written else f"“{right}”"


def _together(*said: str | None) -> str | None:
    return ", ".join(part for part in said if part) or None


def _figures(partial: str | None) -> str | None:
    return None if partial is None else dates.figures(partial)


def _signature(signer: Signer) -> dict[str, Any]:
    return {"signer": {"name": signer.full_name, "title": signer.title}}


def _place_and_date(office: str, day: date) -> str:
    ward = office.split(",")[0].removeprefix("Ủy ban nhân dân ")
    return f"{ward[0].upper()}{ward[1:]}, ngày {day.day:02d} tháng {day.month:02d} năm {day.year}"


def _parent(parent: Parent | None) -> dict[str, Any]:
    if parent is None:
        return {"full_name": None, "year_of_birth": None, "ethnicity": None, "nationality": None, "residence": None}
    return {
        "full_name": parent.full_name.upper(),
        "year_of_birth": None if parent.date_of_birth is None else str(dates.parts(parent.date_of_birth)[0]),
        "ethnicity": parent.ethnicity,
        "nationality": parent.nationality,
        "residence": parent.residence,
    }


def _date_line(entry: Entry) -> str:
    day = entry.registered_on
    return f"ngày {day.day:02d} tháng {day.month:02d} năm {day.year}"

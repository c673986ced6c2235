"""Print x QR x MRZ x the number's own structure: a verdict per field, and what may be done with the card.

Two witnesses that agree confirm; one alone is only read; a disagreement is a conflict, whoever else agrees, and a
person looks at it. An intact QR is the value's spelling, then an intact zone, then print.
"""

import datetime
from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from kit import clock, names, pin
from kit.refusal import Words
from ocr import comparing, locating, mrz, qr
from ocr.documents.layout import Side
from ocr.reading import CardReading, Decision, Document, Field, Issue, Source, Status, Witness
from ocr.transcribing import NO_EXPIRY, Said, Transcript, printed_day, printed_no_expiry, printed_sex

# Without these four, confirmed, nobody is who the card says.
CRITICAL: Final = ("number", "full_name", "date_of_birth", "sex")

NONE: Final = "none"
"""Normal form of an expiry that never comes."""

# Reed-Solomon and check digits leave little doubt; the structure of a number says little.
_TRUST: Final[dict[Witness, float]] = {"qr": 0.999, "mrz": 0.995, "number": 0.9}

_FIRST_ISSUED: Final = {"cccd_chip_2021": datetime.date(2021, 1, 1), "can_cuoc_2024": datetime.date(2024, 7, 1)}

# Years a holder has behind them: CCCD from 14 (Luật Căn cước công dân 2014 Đ19); a căn cước with a portrait from 6 (2023 Đ23).
_YOUNGEST: Final = {"cccd_chip_2021": 14, "can_cuoc_2024": 6}

_FIELD_NAMES: Final = {
    "number": ("Số định danh", "The personal number"),
    "old_number": ("Số CMND cũ", "The old number"),
    "full_name": ("Họ và tên", "The full name"),
    "date_of_birth": ("Ngày sinh", "The date of birth"),
    "sex": ("Giới tính", "The sex"),
    "nationality": ("Quốc tịch", "The nationality"),
    "place_of_origin": ("Quê quán", "The place of origin"),
    "place_of_residence": ("Nơi cư trú", "The place of residence"),
    "place_of_birth": ("Nơi đăng ký khai sinh", "The place of birth"),
    "date_of_issue": ("Ngày cấp", "The date of issue"),
    "date_of_expiry": ("Ngày hết hạn", "The date of expiry"),
}
_WITNESS_NAMES: Final[dict[Witness, tuple[str, str]]] = {
    "print": ("chữ in", "the print"),
    "qr": ("mã QR", "the QR code"),
    "mrz": ("dòng MRZ", "the machine-readable zone"),
    "number": ("cấu trúc số định danh", "the structure of the number"),
}


class Evidence(msgspec.Struct, frozen=True):
    """What both sides said, side by side. `qr_texts` are all codes found on the card."""

    kind: str
    printed: dict[str, Said]
    qr_texts: tuple[str, ...] = ()
    zone: mrz.Mrz | mrz.Broken | None = None
    has_back: bool = True
    has_portrait: bool = True
    qr_side_seen: bool = True
    glare: tuple[Side, ...] = ()


class _Claim(msgspec.Struct, frozen=True):
    """One witness's word on one field: its spelling and the form it is compared in."""

    source: Source
    normal: str


def evidence(transcripts: Sequence[Transcript]) -> Evidence:
    """Two sides of one card, or its front alone, laid together."""
    printed: dict[str, Said] = {}
    for transcript in transcripts:
        for name, said in transcript.printed.items():
            printed.setdefault(name, said)
    sides = {transcript.side for transcript in transcripts}
    kind = transcripts[0].kind
    return Evidence(
        kind=kind,
        printed=printed,
        qr_texts=tuple(text for transcript in transcripts for text in transcript.qr_texts),
        zone=next((transcript.zone for transcript in transcripts if transcript.zone is not None), None),
        has_back="back" in sides,
        has_portrait=any(transcript.portrait for transcript in transcripts),
        qr_side_seen=kind == "cccd_chip_2021" or "back" in sides,
        glare=tuple(t.side for t in transcripts if t.quality.glare_share > locating.GLARE_NOTED_ABOVE),
    )


def reconcile(said: Evidence, document: Document) -> CardReading:
    """The reading of this evidence on today's date."""
    issues: list[Issue] = []
    code = _one_code(said, issues)
    zone = said.zone if isinstance(said.zone, mrz.Mrz) else None
    _note_zone(said, issues)
    fields: dict[str, Field] = {}
    for name, judge in _JUDGES.items():
        field = judge(name, said, code, zone)
        if field is not None:
            fields[name] = field
    fields["mrz"] = _machine_field("\n".join(zone.lines) if zone else None, "mrz", "check-digits-hold")
    fields["qr"] = _machine_field(code.text if code else None, "qr", "decoded-intact")
    _note_fields(fields, issues)
    _note_card(said, fields, issues)
    return CardReading(document=document, decision=_decision(fields, issues), fields=fields, issues=tuple(issues))


def _one_code(said: Evidence, issues: list[Issue]) -> qr.CardQr | None:
    parsed = [qr.parse(text) for text in said.qr_texts]
    codes = {code.text: code for code in parsed if code is not None}
    if len(codes) == 1 and None not in parsed:
        return next(iter(codes.values()))
    if said.qr_texts:
        issues.append(
            _issue(
                "qr-not-of-a-card",
                "qr",
                "Mã QR trên thẻ không phải mã của thẻ căn cước. Cán bộ sẽ kiểm tra thẻ.",
                "The QR code on the card is not an identity card's. An officer will look at the card.",
            )
        )
    elif said.qr_side_seen:
        issues.append(
            _issue(
                "qr-not-read",
                "qr",
                "Không đọc được mã QR. Lau sạch mã QR, chụp gần hơn và tránh lóa sáng.",
                "The QR code could not be read. Wipe it clean, come closer and avoid reflections.",
            )
        )
    return None


def _note_zone(said: Evidence, issues: list[Issue]) -> None:
    if not said.has_back:
        issues.append(
            _issue(
                "back-missing",
                None,
                "Chưa có ảnh mặt sau. Hãy lật thẻ và chụp mặt sau.",
                "There is no photo of the back. Turn the card over and photograph it.",
            )
        )
    elif said.zone is None:
        issues.append(
            _issue(
                "mrz-not-read",
                "mrz",
                "Không đọc được ba dòng chữ máy ở cuối mặt sau. Chụp lại cho thấy rõ cả ba dòng.",
                "The three machine-readable lines at the foot of the back could not be read. Photograph all three again.",
            )
        )
    elif isinstance(said.zone, mrz.Broken):
        issues.append(
            _issue(
                "mrz-check-failed",
                "mrz",
                "Ba dòng chữ máy ở mặt sau không khớp số kiểm tra. Chụp lại mặt sau thật rõ.",
                "The machine-readable lines on the back fail their check digits. Photograph the back again, sharply.",
            )
        )


def _claims(
    name: str,
    said: Evidence,
    *,
    printed: Callable[[str], tuple[str, str] | None] = lambda text: (text, text),
    code: tuple[str, str] | None = None,
    zone: tuple[str, str] | None = None,
    number: tuple[str, str] | None = None,
) -> list[_Claim]:
    """Claims as (spelling, normal form), best witness first; print that makes no sense is no claim."""
    claims: list[_Claim] = []
    for witness, pair in (("qr", code), ("mrz", zone)):
        if pair is not None:
            kind: Witness = "qr" if witness == "qr" else "mrz"
            claims.append(_Claim(Source(kind, pair[0], _TRUST[kind]), pair[1]))
    on_print = said.printed.get(name)
    if on_print is not None and (made_out := printed(on_print.text)) is not None:
        claims.append(_Claim(Source("print", made_out[0], round(on_print.confidence, 3), on_print.box), made_out[1]))
    if number is not None:
        claims.append(_Claim(Source("number", number[0], _TRUST["number"]), number[1]))
    return claims


def _verdict(
    claims: Sequence[_Claim],
    *,
    same: Callable[[_Claim, _Claim], bool] = lambda one, other: one.normal == other.normal,
    reasons: tuple[str, ...] = (),
) -> Field:
    """Every pair is compared. The number's structure contradicts, but does not make a second witness."""
    if not claims:
        return Field(value=None, normal=None, confidence=0.0, status="missing")
    best = claims[0]
    status: Status = "read"
    found = list(reasons)
    strong = [claim for claim in claims if claim.source.source != "number"]
    against = [(one, other) for i, one in enumerate(claims) for other in claims[i + 1 :] if not same(one, other)]
    if against:
        status = "conflict"
        found += [f"{one.source.source}-differs-from-{other.source.source}" for one, other in against]
    elif len(strong) >= 2:
        status = "confirmed"
        found.append("agree-" + "-".join(claim.source.source for claim in claims))
    else:
        found.append(f"only-{best.source.source}")
    doubt = 1.0
    for claim in strong:
        doubt *= 1 - claim.source.confidence
    confidence = min(c.source.confidence for c in claims) * 0.5 if against else 1 - doubt
    return Field(
        value=best.source.value,
        normal=best.normal,
        confidence=round(confidence, 3),
        status=status,
        sources=tuple(claim.source for claim in claims),
        reasons=tuple(found),
    )


def _number(name: str, said: Evidence, code: qr.CardQr | None, zone: mrz.Mrz | None) -> Field:
    field = _verdict(
        _claims(name, said, code=_twice(code and code.number), zone=_twice(zone and zone.number)),
    )
    if field.value is not None and pin.parse(field.value) is None:
        return msgspec.structs.replace(
            field, status="conflict", reasons=(*field.reasons, "number-structure-impossible")
        )
    return field


def _old_number(name: str, said: Evidence, code: qr.CardQr | None, zone: mrz.Mrz | None) -> Field:
    del zone
    return _verdict(_claims(name, said, code=_twice(code and code.old_number)))


def _full_name(name: str, said: Evidence, code: qr.CardQr | None, zone: mrz.Mrz | None) -> Field:
    def same(one: _Claim, other: _Claim) -> bool:
        pair = {one.source.source: one.source.value, other.source.source: other.source.value}
        if "qr" in pair:
            if "mrz" in pair:
                return comparing.same_zone_name(pair["qr"], pair["mrz"])
            return comparing.same_printed_name(pair["qr"], pair["print"])
        return comparing.same_zone_and_print(pair["mrz"], pair["print"])

    field = _verdict(
        _claims(
            name,
            said,
            printed=lambda text: (text, names.fold(text)),
            code=(code.full_name, names.fold(code.full_name)) if code else None,
            zone=(zone.name, names.fold(zone.name)) if zone else None,
        ),
        same=same,
        reasons=("compared-without-diacritics",),
    )
    return _only_letters(field)


def _date_of_birth(name: str, said: Evidence, code: qr.CardQr | None, zone: mrz.Mrz | None) -> Field:
    own = _own_number(said, code, zone)

    def same(one: _Claim, other: _Claim) -> bool:
        if "number" in (one.source.source, other.source.source):
            return one.normal[:4] == other.normal[:4]
        return one.normal == other.normal

    return _verdict(
        _claims(
            name,
            said,
            printed=_printed_date,
            code=_written(code.date_of_birth) if code else None,
            zone=_written(zone.date_of_birth) if zone else None,
            number=(str(own.birth_year), str(own.birth_year)) if own and _dated(name, said, code, zone) else None,
        ),
        same=same,
    )


def _sex(name: str, said: Evidence, code: qr.CardQr | None, zone: mrz.Mrz | None) -> Field:
    own = _own_number(said, code, zone)
    return _verdict(
        _claims(
            name,
            said,
            printed=lambda text: _sex_word(printed_sex(text)),
            code=_sex_word(code.sex) if code else None,
            zone=_sex_word(zone.sex) if zone else None,
            number=_sex_word(own.sex) if own and (code or zone or name in said.printed) else None,
        )
    )


def _nationality(name: str, said: Evidence, code: qr.CardQr | None, zone: mrz.Mrz | None) -> Field:
    del code
    field = _verdict(
        _claims(
            name,
            said,
            printed=lambda text: (text, "VNM" if names.fold(text).replace(" ", "") == "vietnam" else names.fold(text)),
            zone=("VNM", "VNM") if zone else None,
        ),
    )
    return msgspec.structs.replace(field, value="Việt Nam") if field.normal == "VNM" else field


def _place_of_residence(name: str, said: Evidence, code: qr.CardQr | None, zone: mrz.Mrz | None) -> Field:
    del zone
    claims = _claims(name, said, code=_twice(code.address) if code and code.address else None)
    if len(claims) < 2:
        return _only_letters(_verdict(claims))
    likeness = comparing.printed_address(claims[0].source.value, claims[1].source.value)
    if likeness == "unclear":
        field = _verdict(claims[:1], reasons=("print-partly-unread",))
        return msgspec.structs.replace(field, sources=tuple(claim.source for claim in claims))
    return _verdict(claims, same=lambda one, other: likeness == "same", reasons=("compared-without-diacritics",))


def _print_only(name: str, said: Evidence, code: qr.CardQr | None, zone: mrz.Mrz | None) -> Field | None:
    """Only this generation's own fields; the stock recogniser gives them without diacritics."""
    del code, zone
    if {"place_of_origin": "cccd_chip_2021", "place_of_birth": "can_cuoc_2024"}[name] != said.kind:
        return None
    return _only_letters(_verdict(_claims(name, said)))


def _date_of_issue(name: str, said: Evidence, code: qr.CardQr | None, zone: mrz.Mrz | None) -> Field:
    del zone
    issued = code.issued if code else None
    return _verdict(_claims(name, said, printed=_printed_date, code=_written(issued) if issued else None))


def _date_of_expiry(name: str, said: Evidence, code: qr.CardQr | None, zone: mrz.Mrz | None) -> Field:
    del code

    def printed(text: str) -> tuple[str, str] | None:
        return (NO_EXPIRY, NONE) if printed_no_expiry(text) else _printed_date(text)

    on_zone = None
    if zone is not None:
        on_zone = _written(zone.date_of_expiry) if zone.date_of_expiry else (NO_EXPIRY, NONE)
    return _verdict(_claims(name, said, printed=printed, zone=on_zone))


_JUDGES: Final[dict[str, Callable[[str, Evidence, qr.CardQr | None, mrz.Mrz | None], Field | None]]] = {
    "number": _number,
    "old_number": _old_number,
    "full_name": _full_name,
    "date_of_birth": _date_of_birth,
    "sex": _sex,
    "nationality": _nationality,
    "place_of_origin": _print_only,
    "place_of_residence": _place_of_residence,
    "place_of_birth": _print_only,
    "date_of_issue": _date_of_issue,
    "date_of_expiry": _date_of_expiry,
}


def _only_letters(field: Field) -> Field:
    """A text that no QR spells: neither the zone nor the recogniser knows diacritics, so even two of them only read it."""
    if field.value is None or any(source.source == "qr" for source in field.sources):
        return field
    status: Status = "read" if field.status == "confirmed" else field.status
    return msgspec.structs.replace(
        field, value=names.bare(field.value), status=status, reasons=(*field.reasons, "diacritics-not-read")
    )


def _own_number(said: Evidence, code: qr.CardQr | None, zone: mrz.Mrz | None) -> pin.Pin | None:
    """The structure of the number, when every witness of the number names the same one."""
    on_print = said.printed.get("number")
    told = {n for n in (code and code.number, zone and zone.number, on_print and on_print.text) if n}
    return pin.parse(told.pop()) if len(told) == 1 else None


def _dated(name: str, said: Evidence, code: qr.CardQr | None, zone: mrz.Mrz | None) -> bool:
    """Whether anybody gives a whole date; the number's year alone is no date of birth."""
    on_print = said.printed.get(name)
    return code is not None or zone is not None or (on_print is not None and printed_day(on_print.text) is not None)


def _twice(text: str | None) -> tuple[str, str] | None:
    return (text, text) if text else None


def _written(day: datetime.date) -> tuple[str, str]:
    return f"{day:%d/%m/%Y}", day.isoformat()


def _printed_date(text: str) -> tuple[str, str] | None:
    day = printed_day(text)
    return _written(day) if day else None


def _sex_word(sex: str | None) -> tuple[str, str] | None:
    if sex is None:
        return None
    return ("Nam", "male") if sex == "male" else ("Nữ", "female")


def _machine_field(text: str | None, witness: Witness, reason: str) -> Field:
    if text is None:
        return Field(value=None, normal=None, confidence=0.0, status="missing")
    trust = _TRUST[witness]
    return Field(
        value=text,
        normal=text,
        confidence=trust,
        status="read",
        sources=(Source(witness, text, trust),),
        reasons=(reason,),
    )


def _note_fields(fields: dict[str, Field], issues: list[Issue]) -> None:
    for name, field in fields.items():
        words_vi, words_en = _FIELD_NAMES.get(name, (name, name))
        if field.status == "conflict":
            told = " / ".join(f"{_WITNESS_NAMES[s.source][0]}: {s.value}" for s in field.sources)
            told_en = " / ".join(f"{_WITNESS_NAMES[s.source][1]}: {s.value}" for s in field.sources)
            issues.append(
                _issue(
                    "sources-disagree",
                    name,
                    f"{words_vi} không thống nhất ({told}). Cán bộ sẽ kiểm tra thẻ.",
                    f"{words_en} differs between sources ({told_en}). An officer will look at the card.",
                )
            )
        elif name in CRITICAL and field.status == "missing":
            issues.append(
                _issue(
                    "field-not-read",
                    name,
                    f"{words_vi} không đọc được. Hãy chụp lại rõ hơn, không để tay hay vệt sáng che chữ.",
                    f"{words_en} could not be read. Take the photo again, with no finger or reflection over it.",
                )
            )
        elif name in CRITICAL and field.status == "read":
            issues.append(
                _issue(
                    "field-not-confirmed",
                    name,
                    f"{words_vi} mới có một nguồn. Hãy chụp lại để thấy rõ cả chữ in, mã QR và ba dòng chữ máy.",
                    f"{words_en} has one source only. Take the photos again so that print, QR and zone all show.",
                )
            )


def _note_card(said: Evidence, fields: dict[str, Field], issues: list[Issue]) -> None:
    today = clock.today()
    ends, issued = _day(fields["date_of_expiry"]), _day(fields["date_of_issue"])
    born = _day(fields["date_of_birth"])
    if ends is not None and ends < today:
        issues.append(
            _issue(
                "card-expired",
                "date_of_expiry",
                f"Thẻ đã hết hạn ngày {ends:%d/%m/%Y}. Hãy đổi thẻ tại công an phường, xã.",
                f"The card expired on {ends:%d/%m/%Y}. Renew it at the ward police.",
            )
        )
    impossible = issued is not None and (
        issued > today
        or issued < _FIRST_ISSUED[said.kind]
        or (born is not None and issued.year - born.year < _YOUNGEST[said.kind])
        or (ends is not None and ends <= issued)
    )
    if impossible:
        issues.append(
            _issue(
                "dates-impossible",
                "date_of_issue",
                "Ngày cấp không hợp lý so với loại thẻ, ngày sinh hoặc ngày hết hạn. Cán bộ sẽ kiểm tra thẻ.",
                "The date of issue does not fit the kind of card, birth or expiry. An officer will look at the card.",
            )
        )
    if not said.has_portrait:
        issues.append(
            _issue(
                "portrait-missing",
                None,
                "Không thấy ảnh chân dung trên thẻ. Cán bộ sẽ kiểm tra thẻ.",
                "No portrait was found on the card. An officer will look at the card.",
            )
        )
    for side in said.glare:
        words_vi, words_en = ("mặt trước", "front") if side == "front" else ("mặt sau", "back")
        issues.append(
            _issue(
                "card-glare",
                None,
                f"Có vệt sáng trên {words_vi} của thẻ; chữ ở đó có thể không đọc được.",
                f"There is a reflection on the {words_en} of the card; text under it may be unread.",
            )
        )


_REVIEWED: Final = frozenset(
    {"sources-disagree", "qr-not-of-a-card", "card-expired", "dates-impossible", "portrait-missing"}
)
_RETAKEN: Final = frozenset({"back-missing", "qr-not-read", "mrz-not-read", "mrz-check-failed"})


def _decision(fields: dict[str, Field], issues: Sequence[Issue]) -> Decision:
    """A contradiction goes to a person before a better photo is asked for; nothing is accepted on one witness."""
    codes = {issue.code for issue in issues}
    if codes & _REVIEWED:
        return "review"
    if codes & _RETAKEN or any(fields[name].status != "confirmed" for name in CRITICAL):
        return "retake"
    return "accept"


def _day(field: Field) -> datetime.date | None:
    return datetime.date.fromisoformat(field.normal) if field.normal not in (None, NONE) else None


def _issue(code: str, field: str | None, vi: str, en: str) -> Issue:
    return Issue(code=code, field=field, message=Words(vi=vi, en=en))

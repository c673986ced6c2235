"""Fields one by one: what every witness of a fact says of it, and whether they agree.

Two witnesses that agree confirm; one alone is only read; a disagreement is a conflict, whoever else agrees. An intact
QR is the value's spelling, then an intact zone, then print.
"""

import datetime
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import msgspec

from kit import names, pin
from ocr import comparing, mrz, qr
from ocr.reading import Field, Source, Status, Witness
from ocr.transcribing import NO_EXPIRY, Said, printed_day, printed_no_expiry, printed_sex

# Reed-Solomon and check digits leave little doubt; the structure of a number says little.
_TRUST: Final[dict[Witness, float]] = {"qr": 0.999, "mrz": 0.995, "number": 0.9}

# The place that only print gives, by generation.
_ONLY_PRINTED: Final = {"cccd_chip_2021": "place_of_origin", "can_cuoc_2024": "place_of_birth"}

_MISSING: Final = Field(value=None, normal=None, confidence=0.0, status="missing")

_Spelling = tuple[str, str]
"""A value as its witness spells it, and its normal form."""

_NEVER: Final[_Spelling] = (NO_EXPIRY, "none")


class Witnesses(msgspec.Struct, frozen=True):
    """Who may be asked about a card of this kind: its print, its one intact QR, its intact zone."""

    kind: str
    printed: Mapping[str, Said]
    code: qr.CardQr | None
    zone: mrz.Mrz | None

    def own_number(self) -> pin.Pin | None:
        """The structure of the number, when every witness of the number names the same one."""
        on_print = self.printed.get("number")
        told = {
            n for n in (self.code and self.code.number, self.zone and self.zone.number, on_print and on_print.text) if n
        }
        return pin.parse(told.pop()) if len(told) == 1 else None


class _Claim(msgspec.Struct, frozen=True):
    """One witness's word on one field: its spelling and the form it is compared in."""

    source: Source
    normal: str


def weigh(told: Witnesses) -> dict[str, Field]:
    """A verdict for every field that a card of this kind carries, in the order they are shown."""
    fields = {
        name: judge(name, told)
        for name, judge in _JUDGES.items()
        if name not in _ONLY_PRINTED.values() or name == _ONLY_PRINTED[told.kind]
    }
    fields["mrz"] = _machine_field("\n".join(told.zone.lines) if told.zone else None, "mrz", "check-digits-hold")
    fields["qr"] = _machine_field(told.code.text if told.code else None, "qr", "decoded-intact")
    return fields


def _claims(
    name: str,
    told: Witnesses,
    *,
    printed: Callable[[str], _Spelling | None] = lambda text: (text, text),
    code: _Spelling | None = None,
    zone: _Spelling | None = None,
    number: _Spelling | None = None,
) -> list[_Claim]:
    """Claims, best witness first; print that makes no sense is no claim."""
    claims = [*_sure("qr", code), *_sure("mrz", zone)]
    on_print = told.printed.get(name)
    if on_print is not None and (made_out := printed(on_print.text)) is not None:
        claims.append(_Claim(Source("print", made_out[0], round(on_print.confidence, 3), on_print.box), made_out[1]))
    return [*claims, *_sure("number", number)]


def _sure(witness: Witness, spelling: _Spelling | None) -> list[_Claim]:
    return [_Claim(Source(witness, spelling[0], _TRUST[witness]), spelling[1])] if spelling else []


def _same_normal(one: _Claim, other: _Claim) -> bool:
    return one.normal == other.normal


def _verdict(
    claims: Sequence[_Claim],
    *,
    same: Callable[[_Claim, _Claim], bool] = _same_normal,
    reasons: tuple[str, ...] = (),
) -> Field:
    """Every pair is compared. The number's structure contradicts, but does not make a second witness."""
    if not claims:
        return _MISSING
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


def _number(name: str, told: Witnesses) -> Field:
    code, zone = told.code, told.zone
    field = _verdict(_claims(name, told, code=_twice(code and code.number), zone=_twice(zone and zone.number)))
    if field.value is not None and pin.parse(field.value) is None:
        reasons = (*field.reasons, "number-structure-impossible")
        return msgspec.structs.replace(field, status="conflict", reasons=reasons)
    return field


def _old_number(name: str, told: Witnesses) -> Field:
    return _verdict(_claims(name, told, code=_twice(told.code and told.code.old_number)))


def _full_name(name: str, told: Witnesses) -> Field:
    claims = _claims(
        name,
        told,
        printed=_folded,
        code=_folded(told.code.full_name) if told.code else None,
        zone=_folded(told.zone.name) if told.zone else None,
    )
    return _only_letters(_verdict(claims, same=_same_name, reasons=("compared-without-diacritics",)))


def _same_name(one: _Claim, other: _Claim) -> bool:
    pair = {claim.source.source: claim.source.value for claim in (one, other)}
    if "qr" not in pair:
        return comparing.same_zone_and_print(pair["mrz"], pair["print"])
    if "mrz" in pair:
        return comparing.same_zone_name(pair["qr"], pair["mrz"])
    return comparing.same_printed_name(pair["qr"], pair["print"])


def _date_of_birth(name: str, told: Witnesses) -> Field:
    claims = _claims(
        name,
        told,
        printed=_printed_date,
        code=_written(told.code.date_of_birth) if told.code else None,
        zone=_written(told.zone.date_of_birth) if told.zone else None,
    )
    own = told.own_number()
    if claims and own:  # the number's year alone is no date of birth
        claims += _sure("number", _twice(str(own.birth_year)))
    return _verdict(claims, same=_same_day)


def _same_day(one: _Claim, other: _Claim) -> bool:
    """The number knows the year only."""
    if "number" in (one.source.source, other.source.source):
        return one.normal[:4] == other.normal[:4]
    return one.normal == other.normal


def _sex(name: str, told: Witnesses) -> Field:
    own = told.own_number()
    return _verdict(
        _claims(
            name,
            told,
            printed=lambda text: _sex_word(printed_sex(text)),
            code=_sex_word(told.code.sex) if told.code else None,
            zone=_sex_word(told.zone.sex) if told.zone else None,
            number=_sex_word(own.sex) if own and (told.code or told.zone or name in told.printed) else None,
        )
    )


def _nationality(name: str, told: Witnesses) -> Field:
    def printed(text: str) -> _Spelling:
        folded = names.fold(text)
        return text, "VNM" if folded.replace(" ", "") == "vietnam" else folded

    field = _verdict(_claims(name, told, printed=printed, zone=_twice("VNM" if told.zone else None)))
    return msgspec.structs.replace(field, value="Việt Nam") if field.normal == "VNM" else field


def _place_of_residence(name: str, told: Witnesses) -> Field:
    claims = _claims(name, told, code=_twice(told.code and told.code.address))
    if len(claims) < 2:
        return _only_letters(_verdict(claims))
    likeness = comparing.printed_address(claims[0].source.value, claims[1].source.value)
    if likeness == "unclear":
        field = _verdict(claims[:1], reasons=("print-partly-unread",))
        return msgspec.structs.replace(field, sources=tuple(claim.source for claim in claims))
    return _verdict(claims, same=lambda one, other: likeness == "same", reasons=("compared-without-diacritics",))


def _only_printed(name: str, told: Witnesses) -> Field:
    return _only_letters(_verdict(_claims(name, told)))


def _date_of_issue(name: str, told: Witnesses) -> Field:
    issued = told.code.issued if told.code else None
    return _verdict(_claims(name, told, printed=_printed_date, code=_written(issued) if issued else None))


def _date_of_expiry(name: str, told: Witnesses) -> Field:
    def printed(text: str) -> _Spelling | None:
        return _NEVER if printed_no_expiry(text) else _printed_date(text)

    zone = None
    if told.zone is not None:
        zone = _written(told.zone.date_of_expiry) if told.zone.date_of_expiry else _NEVER
    return _verdict(_claims(name, told, printed=printed, zone=zone))


_JUDGES: Final[dict[str, Callable[[str, Witnesses], Field]]] = {
    "number": _number,
    "old_number": _old_number,
    "full_name": _full_name,
    "date_of_birth": _date_of_birth,
    "sex": _sex,
    "nationality": _nationality,
    "place_of_origin": _only_printed,
    "place_of_residence": _place_of_residence,
    "place_of_birth": _only_printed,
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


def _twice(text: str | None) -> _Spelling | None:
    return (text, text) if text else None


def _folded(text: str) -> _Spelling:
    return text, names.fold(text)


def _written(day: datetime.date) -> _Spelling:
    return f"{day:%d/%m/%Y}", day.isoformat()


def _printed_date(text: str) -> _Spelling | None:
    day = printed_day(text)
    return _written(day) if day else None


def _sex_word(sex: str | None) -> _Spelling | None:
    if sex is None:
        return None
    return ("Nam", "male") if sex == "male" else ("Nữ", "female")


def _machine_field(text: str | None, witness: Witness, reason: str) -> Field:
    if text is None:
        return _MISSING
    trust = _TRUST[witness]
    return Field(
        value=text,
        normal=text,
        confidence=trust,
        status="read",
        sources=(Source(witness, text, trust),),
        reasons=(reason,),
    )

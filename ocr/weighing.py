"""Fields one by one: what every witness of a fact says of it, and whether they agree.

Two witnesses that agree confirm; one alone is only read; a disagreement is a conflict, whoever else agrees. An authentic
chip is the value's spelling, then an intact QR, then an intact zone, then print. Print that may be what another witness
spells, but need not be, abstains: it neither confirms nor contradicts.
"""

import datetime
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import msgspec

from kit import names, pin, places
from ocr import calibrating, comparing, mrz, printed, qr, tones
from ocr.chip import ChipDate, ChipFacts, PersonalDetails
from ocr.documents import DOCUMENTS
from ocr.documents.layout import ZONE
from ocr.printed import NO_EXPIRY, Likeness, Said
from ocr.reading import FIELDS, Box, Field, Source, Status, Witness

# Reed-Solomon and check digits leave little doubt; the structure of a number says little.
_TRUST: Final[dict[Witness, float]] = {"chip": 0.9999, "qr": 0.999, "mrz": 0.995, "number": 0.9}
# Anybody can make a chip whose issuer is unknown.
_TRUST_IN_UNKNOWN_CHIP: Final = 0.5

_MISSING: Final = Field(value=None, normal=None, confidence=0.0, status="missing")

_Spelling = tuple[str, str]
"""A value as its witness spells it, and its normal form."""

_NEVER: Final[_Spelling] = (NO_EXPIRY, "none")


class Witnesses(msgspec.Struct, frozen=True):
    """Who may be asked about a card of this kind: its print, its one intact code, its intact zone, its chip."""

    kind: str
    printed: Mapping[str, Said]
    code: qr.CardQr | None
    zone: mrz.Mrz | None
    chip: ChipFacts | None = None
    chip_is_authentic: bool = False

    @property
    def details(self) -> PersonalDetails | None:
        return self.chip.details if self.chip else None

    def own_number(self) -> pin.Pin | None:
        """The structure of the number, when every witness of the number names the same one."""
        on_print = self.printed.get("number")
        told = {
            number
            for number in (
                self.code and self.code.number,
                self.zone and self.zone.number,
                self.chip and self.chip.mrz.number,
                on_print and on_print.text,
            )
            if number
        }
        return pin.parse(told.pop()) if len(told) == 1 else None


class _Claim(msgspec.Struct, frozen=True):
    """One witness's word on one field: its spelling and the form it is compared in; print brings what was seen."""

    source: Source
    normal: str
    said: Said | None = None
    counts: bool = True
    """Whether agreeing with it confirms."""


def weigh(told: Witnesses) -> dict[str, Field]:
    """A verdict for every field that a card of this kind carries, in the order they are shown."""
    carried = _carried(told)
    fields = {name: _JUDGES[name](name, told) for name in FIELDS if name in carried and name in _JUDGES}
    if "mrz" in carried:
        fields["mrz"] = _machine_field("\n".join(told.zone.lines) if told.zone else None, "mrz", "check-digits-hold")
    if "qr" in carried:
        fields["qr"] = _machine_field(told.code.text if told.code else None, "qr", "decoded-intact")
    boxes = _machine_places(told.kind)
    return {name: _with_boxes(field, boxes) for name, field in fields.items()}


def _machine_places(kind: str) -> dict[Witness, Box]:
    """Where cards of this kind print their code and their zone."""
    found: dict[Witness, Box] = {}
    for layout in DOCUMENTS[kind].layouts:
        if (code := layout.qr or layout.barcode) is not None:
            found["qr"] = Box.of(layout.side, code)
        if layout.has_mrz:
            found["mrz"] = Box.of(layout.side, ZONE)
    return found


def _with_boxes(field: Field, boxes: Mapping[Witness, Box]) -> Field:
    sources = tuple(
        source if source.box is not None else msgspec.structs.replace(source, box=boxes.get(source.source))
        for source in field.sources
    )
    return msgspec.structs.replace(field, sources=sources)


def _carried(told: Witnesses) -> set[str]:
    """Fields printed on this kind, or held by its codes or its chip."""
    document = DOCUMENTS[told.kind]
    carried = {label.field for layout in document.layouts for label in layout.labels if label.field} | {"issuer"}
    if any(layout.qr or layout.barcode for layout in document.layouts):
        carried |= {"qr", "old_number"}
    if any(layout.has_mrz for layout in document.layouts):
        carried |= {"mrz", "nationality"}
    if told.details is not None:
        carried |= {"ethnicity", "place_of_origin", "place_of_residence", "date_of_issue", "date_of_expiry"}
    return carried


def _claims(
    name: str,
    told: Witnesses,
    *,
    made_out: Callable[[str], _Spelling | None] = lambda text: (text, text),
    chip: _Spelling | None = None,
    code: _Spelling | None = None,
    zone: _Spelling | None = None,
    number: _Spelling | None = None,
    kind: calibrating.Kind = "text",
) -> list[_Claim]:
    """Claims, best witness first; print that makes no sense is no claim."""
    claims: list[_Claim] = []
    if chip is not None:
        trust = _TRUST["chip"] if told.chip_is_authentic else _TRUST_IN_UNKNOWN_CHIP
        claims.append(_Claim(Source("chip", chip[0], trust), chip[1], counts=told.chip_is_authentic))
    claims += [*_sure("qr", code), *_sure("mrz", zone)]
    on_print = told.printed.get(name)
    if on_print is not None and (spelling := made_out(on_print.text)) is not None:
        right = round(calibrating.probability(on_print.confidence, kind), 4)
        claims.append(_Claim(Source("print", spelling[0], right, on_print.box), spelling[1], on_print))
    return [*claims, *_sure("number", number, counts=False)]


def _sure(witness: Witness, spelling: _Spelling | None, *, counts: bool = True) -> list[_Claim]:
    return [_Claim(Source(witness, spelling[0], _TRUST[witness]), spelling[1], counts=counts)] if spelling else []


_Likeness = Callable[[_Claim, _Claim], Likeness]


def _equal(one: _Claim, other: _Claim) -> Likeness:
    return "same" if one.normal == other.normal else "different"


def _verdict(claims: Sequence[_Claim], *, like: _Likeness = _equal, kind: calibrating.Kind = "text") -> Field:
    """Every pair is compared, the better witness first."""
    if not claims:
        return _MISSING
    pairs = [(one, other, like(one, other)) for i, one in enumerate(claims) for other in claims[i + 1 :]]
    against = [(one, other) for one, other, likeness in pairs if likeness == "different"]
    unclear = {other.source.source for _, other, likeness in pairs if likeness == "unclear"}
    agreeing = [claim for claim in claims if claim.counts and claim.source.source not in unclear]
    best = claims[0]
    status: Status
    reasons: list[str] = [f"{source}-unclear" for source in sorted(unclear)]
    if against:
        status = "conflict"
        reasons += [f"{one.source.source}-differs-from-{other.source.source}" for one, other in against]
        confidence = min(claim.source.confidence for claim in claims) * 0.5
    else:
        status = "confirmed" if len(agreeing) >= 2 else "read"
        told_by = [claim.source.source for claim in claims if claim.source.source not in unclear]
        reasons.append(f"agree-{'-'.join(told_by)}" if len(told_by) > 1 else f"only-{best.source.source}")
        doubt = 1.0
        for claim in agreeing or [best]:
            doubt *= 1 - claim.source.confidence
        confidence = 1 - doubt
        if status == "read" and best.said is not None and not calibrating.is_sure(best.said.confidence, kind):
            reasons.append("unsure")
    return Field(
        value=best.source.value,
        normal=best.normal,
        confidence=round(confidence, 4),
        status=status,
        sources=tuple(claim.source for claim in claims),
        reasons=tuple(reasons),
    )


def _digits_alike(one: _Claim, other: _Claim) -> Likeness:
    """Equal; or print whose figures may well be the other witness's."""
    if one.normal == other.normal:
        return "same"
    return "different" if other.said is None else comparing.printed_digits(one.source.value, other.said)


def _number(name: str, told: Witnesses) -> Field:
    details = told.details
    claims = _claims(
        name,
        told,
        chip=_twice((details.number if details else None) or (told.chip and told.chip.mrz.number)),
        code=_twice(told.code and told.code.number),
        zone=_twice(told.zone and told.zone.number),
        kind="digits",
    )
    field = _verdict(claims, like=_digits_alike, kind="digits")
    if field.value is not None and DOCUMENTS[told.kind].number_digits == 12 and pin.parse(field.value) is None:
        reasons = (*field.reasons, "number-structure-impossible")
        return msgspec.structs.replace(field, status="conflict", reasons=reasons)
    return field


def _old_number(name: str, told: Witnesses) -> Field:
    claims = _claims(
        name,
        told,
        chip=_twice(told.details and told.details.old_number),
        code=_twice(told.code and told.code.old_number),
        kind="digits",
    )
    return _verdict(claims, like=_digits_alike, kind="digits")


def _full_name(name: str, told: Witnesses) -> Field:
    claims = _claims(
        name,
        told,
        made_out=_folded,
        chip=_folded(told.details.full_name) if told.details else None,
        code=_folded(told.code.full_name) if told.code else None,
        zone=_folded(told.zone.name) if told.zone else None,
    )
    spelt = [claim for claim in claims if claim.source.source != "mrz"]
    # The zone has no marks: print, when there is any, spells better.
    ordered = [*spelt, *(claim for claim in claims if claim.source.source == "mrz")]
    field = _verdict(ordered, like=_names_alike([claim for claim in spelt if claim.said is None]))
    if field.status == "confirmed" and {claim.source.source for claim in claims} == {"mrz", "print"}:
        print_alone = _verdict(spelt).reasons[1:]
        reasons = (*field.reasons, "marks-by-print-only", *print_alone)
        right = spelt[0].source.confidence
        return msgspec.structs.replace(field, status="read", reasons=reasons, confidence=right)
    return field


def _names_alike(spellings: Sequence[_Claim]) -> _Likeness:
    """`spellings` are those that a code or a chip tells with marks."""

    def like(one: _Claim, other: _Claim) -> Likeness:
        witnesses = {one.source.source, other.source.source}
        if "mrz" in witnesses:
            zone, known = (one, other) if one.source.source == "mrz" else (other, one)
            if known.said is not None:
                return _zone_and_print(zone.source.value, known.said, spellings)
            return "same" if comparing.same_zone_name(known.source.value, zone.source.value) else "different"
        if other.said is not None:
            return comparing.printed_text(one.source.value, other.said)
        return "same" if tones.key(one.source.value) == tones.key(other.source.value) else "different"

    return like


def _zone_and_print(zone: str, said: Said, spellings: Sequence[_Claim]) -> Likeness:
    """By the spelling that the zone abbreviates, when it is known: whether the print is unclear was told of that already."""
    known = next((one.source.value for one in spellings if comparing.same_zone_name(one.source.value, zone)), None)
    if known is None:
        return comparing.zone_and_print(zone, said)
    return "different" if comparing.printed_text(known, said) == "different" else "same"


def _date_of_birth(name: str, told: Witnesses) -> Field:
    claims = _claims(
        name,
        told,
        made_out=_printed_date,
        chip=_chip_day(told.details and told.details.date_of_birth),
        code=_written(told.code.date_of_birth) if told.code else None,
        zone=_written(told.zone.date_of_birth) if told.zone else None,
        kind="digits",
    )
    own = told.own_number()
    if claims and own:  # the number's year alone is no date of birth
        claims += _sure("number", _twice(str(own.birth_year)), counts=False)
    return _verdict(claims, like=_days_alike, kind="digits")


def _days_alike(one: _Claim, other: _Claim) -> Likeness:
    """The number knows the year only; so do some cards."""
    if one.normal == other.normal:
        return "same"
    if "number" in (one.source.source, other.source.source):
        return "same" if one.normal[:4] == other.normal[:4] else "different"
    return "different" if other.said is None else comparing.printed_digits(one.source.value, other.said)


def _sex(name: str, told: Witnesses) -> Field:
    own = told.own_number()
    return _verdict(
        _claims(
            name,
            told,
            made_out=lambda text: _sex_word(printed.sex(text)),
            chip=_sex_word(printed.sex(told.details.sex)) if told.details and told.details.sex else None,
            code=_sex_word(told.code.sex) if told.code else None,
            zone=_sex_word(told.zone.sex) if told.zone else None,
            number=_sex_word(own.sex) if own and (told.code or told.zone or name in told.printed) else None,
        )
    )


def _nationality(name: str, told: Witnesses) -> Field:
    def made_out(text: str) -> _Spelling:
        folded = names.fold(text)
        return text, "VNM" if folded.replace(" ", "") == "vietnam" else folded

    chip = told.details.nationality if told.details else None
    claims = _claims(
        name, told, made_out=made_out, chip=made_out(chip) if chip else None, zone=_twice("VNM" if told.zone else None)
    )
    field = _verdict(claims)
    return msgspec.structs.replace(field, value="Việt Nam") if field.normal == "VNM" else field


def _ethnicity(name: str, told: Witnesses) -> Field:
    return _verdict(_claims(name, told, chip=_twice(told.details and told.details.ethnicity)), like=_places_alike)


def _place_of_origin(name: str, told: Witnesses) -> Field:
    return _place(_claims(name, told, chip=_twice(told.details and told.details.place_of_origin)))


def _place_of_residence(name: str, told: Witnesses) -> Field:
    chip = _twice(told.details and told.details.place_of_residence)
    return _place(_claims(name, told, chip=chip, code=_twice(told.code and told.code.address)))


def _place_of_birth(name: str, told: Witnesses) -> Field:
    return _place(_claims(name, told))


def _place(claims: Sequence[_Claim]) -> Field:
    """The normal form is today's ward code when only one is possible."""
    field = _verdict(claims, like=_places_alike)
    if field.value is None:
        return field
    found = places.resolve(field.value)
    reasons = field.reasons
    if field.status == "read" and field.sources[0].source == "print" and not (found.old or found.new):
        # Letters may each be plain and a line be missing: an address that ends nowhere is looked at.
        reasons = tuple(dict.fromkeys((*reasons, "on-no-map", "unsure")))
    return msgspec.structs.replace(field, normal=found.ward_code, place=found, reasons=reasons)


def _places_alike(one: _Claim, other: _Claim) -> Likeness:
    if other.said is not None:
        return comparing.printed_address(one.source.value, other.said)
    return "same" if tones.key(one.source.value) == tones.key(other.source.value) else "different"


def _date_of_issue(name: str, told: Witnesses) -> Field:
    issued = told.code.issued if told.code else None
    claims = _claims(
        name,
        told,
        made_out=_printed_date,
        chip=_chip_day(told.details and told.details.date_of_issue),
        code=_written(issued) if issued else None,
        kind="digits",
    )
    return _verdict(claims, like=_days_alike, kind="digits")


def _date_of_expiry(name: str, told: Witnesses) -> Field:
    def made_out(text: str) -> _Spelling | None:
        return _NEVER if printed.no_expiry(text) else _printed_date(text)

    zone = None
    if told.zone is not None:
        zone = _written(told.zone.date_of_expiry) if told.zone.date_of_expiry else _NEVER
    claims = _claims(
        name,
        told,
        made_out=made_out,
        chip=_chip_day(told.details and told.details.date_of_expiry),
        zone=zone,
        kind="digits",
    )
    return _verdict(claims, like=_days_alike, kind="digits")


def _issuer(name: str, told: Witnesses) -> Field:
    """Printed for everybody alike, save on the oldest cards, which name their province."""
    return _verdict(_claims(name, told, made_out=_folded))


_JUDGES: Final[dict[str, Callable[[str, Witnesses], Field]]] = {
    "number": _number,
    "old_number": _old_number,
    "full_name": _full_name,
    "date_of_birth": _date_of_birth,
    "sex": _sex,
    "nationality": _nationality,
    "ethnicity": _ethnicity,
    "place_of_origin": _place_of_origin,
    "place_of_residence": _place_of_residence,
    "place_of_birth": _place_of_birth,
    "date_of_issue": _date_of_issue,
    "date_of_expiry": _date_of_expiry,
    "issuer": _issuer,
}


def _twice(text: str | None) -> _Spelling | None:
    return (text, text) if text else None


def _folded(text: str) -> _Spelling:
    return text, names.fold(text)


def _written(day: datetime.date) -> _Spelling:
    return f"{day:%d/%m/%Y}", day.isoformat()


def _chip_day(day: ChipDate | None) -> _Spelling | None:
    return (day.value, day.normal) if day else None


def _printed_date(text: str) -> _Spelling | None:
    """A whole day; or the part of one that the card knows."""
    day = printed.day(text)
    if day is not None:
        return _written(day)
    part = printed.part_of_day(text)
    return (text, part) if part else None


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

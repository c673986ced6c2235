"""What proves a person, as `policy.toml` says it; pure decisions on values."""

import tomllib
from collections.abc import Collection, Mapping
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Literal

import msgspec

from kit import pin
from kit.refusal import Fault, Words, fault
from ocr import CardReading, Field

FILE = Path(__file__).parent / "policy.toml"

Proof = Literal["card", "face", "contact", "officer", "liveness", "chip", "register"]


class CardRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    decisions: tuple[str, ...]
    confirmed: tuple[str, ...]
    witnesses: tuple[str, ...]
    least_witnesses: int
    no_conflict: tuple[str, ...]
    present: tuple[str, ...]
    least_age_years: int


class FaceRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    decisions: tuple[str, ...]
    least_portrait_age_years: int
    most_portrait_years: int


class LivenessRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    to_a_person: tuple[str, ...]
    owner: tuple[str, ...]


class ReplayRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    remembered_days: int


class RegisterRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    ask: bool
    to_a_person: tuple[str, ...]


class AlarmRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    kept_days: int


class ReviewRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    by_photos: tuple[str, ...]
    hours: int


class Attempts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    card: int
    selfie: int
    liveness: int
    code: int


class Lifetimes(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session_minutes: int
    code_minutes: int
    check_code_hours: int


class Level(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One assurance level: any one of the sets of proofs reaches it."""

    level: int
    uri: str
    any_of: tuple[frozenset[Proof], ...]
    lasts_days: int
    corresponds_to: str
    source: str
    meaning: Words


class Policy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    in_force_from: date
    source: str
    card: CardRule
    face: FaceRule
    liveness: LivenessRule
    replay: ReplayRule
    alarms: AlarmRule
    register: RegisterRule
    review: ReviewRule
    attempts: Attempts
    lifetimes: Lifetimes
    levels: tuple[Level, ...]

    def level(self, proofs: Collection[Proof]) -> int:
        """The highest level these proofs reach; 0 when none."""
        have = frozenset(proofs)
        return max((one.level for one in self.levels if any(needed <= have for needed in one.any_of)), default=0)

    def lasts_until(self, level: int, card_expires_on: date | None, *, today: date) -> date:
        """The last day of a level proven today: no longer than policy says, nor than the card it was proven by is good."""
        longest = today + timedelta(days=next(one.lasts_days for one in self.levels if one.level == level))
        return longest if card_expires_on is None else min(longest, card_expires_on - timedelta(days=1))

    def uri(self, level: int) -> str:
        return next(one.uri for one in self.levels if one.level == level)


@cache
def current() -> Policy:
    return msgspec.convert(tomllib.loads(FILE.read_text(encoding="utf-8")), Policy)


def shortfalls(rule: CardRule, reading: CardReading, *, has_portrait: bool, today: date) -> list[Fault]:
    """Everything that keeps this card from proving its owner; empty when it passes."""
    found: list[Fault] = []
    if reading.decision not in rule.decisions:
        found.append(
            fault(
                "card",
                "card-retake",
                "Ảnh thẻ chưa đọc được chắc chắn. Hãy chụp lại cả hai mặt, rõ nét, không lóa.",
                "The card could not be read surely. Photograph both sides again, sharp and without glare.",
            )
        )
    found += [_conflict(name) for name in rule.no_conflict if _status(reading, name) == "conflict"]
    found += [
        fault(
            name,
            "one-source-only",
            "Mục này chưa được hai nguồn trên thẻ xác nhận. Hãy chụp rõ cả mã QR và dòng chữ máy đọc ở mặt sau.",
            "Two sources on the card do not yet agree on this. Get the QR code and the lines at the back's foot in focus.",
        )
        for name in rule.confirmed
        if _status(reading, name) != "conflict" and not _agreed(rule, reading.fields.get(name))
    ]
    found += [
        fault(
            name, "unreadable", "Không đọc được mục này. Hãy chụp lại.", "This could not be read. Take the photo again."
        )
        for name in rule.present
        if _status(reading, name) in (None, "missing")
    ]
    if not has_portrait:
        found.append(
            fault(
                "portrait",
                "card-without-portrait",
                "Không thấy ảnh chân dung trên thẻ. Hãy chụp lại mặt trước; thẻ trẻ em không có ảnh thì đến bộ phận một cửa.",
                "No portrait was found on the card. Photograph its front again; for a child's card come to the desk.",
            )
        )
    found += _dates(rule, reading, today)
    return found


def not_comparable(rule: FaceRule, reading: CardReading, *, today: date) -> Literal["child", "old-portrait"] | None:
    """Why no machine compares a face with this card's portrait, which is as old as the card; None when one may.

    The portrait of a card that does not say when it was issued is taken to be of today.
    """
    born, issued = reading.day("date_of_birth"), reading.day("date_of_issue") or today
    if born is not None and _age(born, issued) < rule.least_portrait_age_years:
        return "child"
    return "old-portrait" if _age(issued, today) >= rule.most_portrait_years else None


def doubt(
    rule: LivenessRule, burst: Mapping[str, Any], *, card_version: int
) -> Literal["not_live", "another_person"] | None:
    """What the session's last burst, as its event has it, holds against a selfie; a burst for an earlier card is nobody's."""
    if burst["decision"] in rule.to_a_person:
        return "not_live"
    return None if owner_seen(burst, card_version=card_version) in rule.owner else "another_person"


def owner_seen(burst: Mapping[str, Any], *, card_version: int) -> str:
    """`liveness.Ownership`, or `other_card` when another card took the place of the one it was held against."""
    return burst["owner"]["decision"] if burst["card_version"] == card_version else "other_card"


def claims(reading: CardReading) -> list[tuple[str, str, tuple[str, ...]]]:
    """What may be believed: (claim, value, sources). Print alone is not enough, for one misread letter would stay unseen."""
    return [
        (claim, value, tuple(f"card:{source.source}" for source in field.sources))
        for name, claim, form in _CLAIMS
        if (field := reading.fields.get(name)) is not None
        and (value := field.normal if form == "normal" else field.value)
        and (field.status == "confirmed" or (field.status == "read" and _by_machine(field)))
    ]


def verdicts(reading: CardReading) -> dict[str, Any]:
    """How each field was proven, without what it says."""
    return {
        "document": reading.document.kind,
        "decision": reading.decision,
        "fields": {
            name: {
                "status": field.status,
                "sources": [source.source for source in field.sources],
                "reasons": list(field.reasons),
            }
            for name, field in reading.fields.items()
        },
    }


_CLAIMS = (
    ("number", "pin", "value"),
    ("full_name", "full_name", "value"),
    ("date_of_birth", "date_of_birth", "normal"),
    ("sex", "sex", "normal"),
    ("nationality", "nationality", "value"),
    ("place_of_origin", "place_of_origin", "value"),
    ("place_of_residence", "residence", "value"),
    ("place_of_birth", "place_of_birth", "value"),
    ("old_number", "old_number", "value"),
    ("date_of_issue", "card_issued_on", "normal"),
    ("date_of_expiry", "card_expires_on", "normal"),
)

# Codes with check digits or error correction: what they say is what was written.
_MACHINE = frozenset({"qr", "mrz", "chip"})


def _by_machine(field: Field) -> bool:
    return any(source.source in _MACHINE for source in field.sources)


def _status(reading: CardReading, name: str) -> str | None:
    field = reading.fields.get(name)
    return None if field is None else field.status


def _agreed(rule: CardRule, field: Field | None) -> bool:
    if field is None or field.status != "confirmed":
        return False
    return len({source.source for source in field.sources} & set(rule.witnesses)) >= rule.least_witnesses


def _conflict(name: str) -> Fault:
    return fault(
        name,
        "sources-disagree",
        "Các nguồn trên thẻ nói khác nhau ở mục này. Hãy chụp lại; nếu vẫn vậy, mang thẻ đến bộ phận một cửa.",
        "The card's sources say different things here. Take the photos again; if it stays so, bring the card to the desk.",
    )


def card_expired(expires_on: date | None, today: date) -> bool:
    """A card is good until the day before the one that stands on it; None is a card without a term."""
    return expires_on is not None and expires_on <= today


def _dates(rule: CardRule, reading: CardReading, today: date) -> list[Fault]:
    found: list[Fault] = []
    expires, born, issued = (reading.day(name) for name in ("date_of_expiry", "date_of_birth", "date_of_issue"))
    if card_expired(expires, today):
        found.append(
            fault(
                "date_of_expiry",
                "card-expired",
                "Thẻ đã hết hạn. Hãy đổi thẻ tại công an, hoặc đến bộ phận một cửa.",
                "The card has expired. Renew it at the police, or come to the one-stop desk.",
            )
        )
    if issued is not None and issued > today:
        found.append(_conflict("date_of_issue"))
    if born is not None and _age(born, today) < rule.least_age_years:
        found.append(
            fault(
                "date_of_birth",
                "too-young",
                f"Người dưới {rule.least_age_years} tuổi cần cha, mẹ hoặc người giám hộ làm thay.",
                f"Below {rule.least_age_years} a parent or guardian acts instead.",
            )
        )
    number = reading.confirmed("number")
    if number is not None and pin.parse(number) is None:
        found.append(_conflict("number"))
    return found


def _age(born: date, today: date) -> int:
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))

"""What a specimen says, and how cards, codes and zones write it."""

import datetime
from typing import Literal

import msgspec

from kit import pin
from ocr import mrz, qr

Kind = Literal["cmnd_9", "cmnd_12", "cccd_barcode_2016", "cccd_chip_2021", "can_cuoc_2024", "can_cuoc_2024_under_6"]


class CardFacts(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a specimen prints. `portrait` is an encoded picture; None leaves it out.

    `number` has nine digits on a `cmnd_9` and twelve on all others. `expires` None is "Không thời hạn"; the two CMND do
    not print it. `father` and `mother` stand only in the code of a child's card.
    """

    number: str
    old_number: str | None = None
    full_name: str
    other_name: str | None = None
    date_of_birth: datetime.date
    sex: pin.Sex
    nationality: str = "Việt Nam"
    ethnicity: str = "Kinh"
    religion: str = "Không"
    place_of_origin: str
    residence: str
    place_of_birth: str
    marks: str = "Nốt ruồi C. 1 cm dưới sau mép phải"
    issued: datetime.date
    expires: datetime.date | None
    issuer_place: str = "Thành phố Hồ Chí Minh"
    """Whose police signed a CMND."""
    father: str | None = None
    mother: str | None = None
    portrait: bytes | None = None

    @property
    def sex_word(self) -> str:
        return "Nam" if self.sex == "male" else "Nữ"

    @property
    def seed(self) -> int:
        """For the patterns under the print: two cards of one number look alike."""
        return int(self.number[-6:])


class Told(msgspec.Struct, frozen=True):
    """One card's facts as its print, its code and its zone tell them; they differ on a tampered card only."""

    printed: CardFacts
    code: CardFacts
    zone: CardFacts


def payload(facts: CardFacts) -> str:
    """Of the QR; of the barcode of older cards as well, whose real payload was not found (assumption)."""
    text = qr.write(
        number=facts.number,
        old_number=facts.old_number,
        full_name=facts.full_name,
        date_of_birth=facts.date_of_birth,
        sex=facts.sex,
        address=facts.residence,
        issued=facts.issued,
    )
    # TT 16/2024 puts the parents of young children in; in which order was not found (assumption).
    return f"{text}|{facts.father or ''}|{facts.mother or ''}" if facts.father or facts.mother else text


def zone(facts: CardFacts) -> tuple[str, str, str]:
    return mrz.write(
        number=facts.number,
        date_of_birth=facts.date_of_birth,
        sex=facts.sex,
        date_of_expiry=facts.expires,
        full_name=facts.full_name,
    )


def day(of: datetime.date, mark: str = "/") -> str:
    return f"{of:%d}{mark}{of:%m}{mark}{of:%Y}"


def until(of: datetime.date | None) -> str:
    return day(of) if of else "Không thời hạn"

"""People who do not exist, for specimens: names, numbers, dates and addresses drawn by chance from a seed.

Seeds from HELD_OUT_FROM on take their names, streets and wards from lists that share no entry with those below it.
"""

import datetime
import functools
import random
import re
from collections import defaultdict
from pathlib import Path
from typing import Literal

import msgspec

from kit import pin
from ocr.documents import DOCUMENTS
from ocr.training import syllables
from ocr.training.specimens import CardFacts, Kind

HELD_OUT_FROM = 100_000

Spelling = Literal["lists", "dice"]

# Years at which a card has to be changed (Luật Căn cước 2023 Đ21; the law of 2014 knows no 14).
CHANGE_AT = (14, 25, 40, 60)
# The map of two tiers: no districts, 34 provinces.
NEW_MAP_FROM = datetime.date(2025, 7, 1)

# When each kind was given out in numbers; the last of the newest is not later than any test runs.
_ISSUED: dict[Kind, tuple[datetime.date, datetime.date]] = {
    "cmnd_9": (datetime.date(1999, 3, 1), datetime.date(2016, 12, 31)),
    "cmnd_12": (datetime.date(2013, 1, 2), datetime.date(2016, 6, 30)),
    "cccd_barcode_2016": (datetime.date(2016, 1, 4), datetime.date(2020, 12, 31)),
    "cccd_chip_2021": (datetime.date(2021, 2, 1), datetime.date(2024, 6, 30)),
    "can_cuoc_2024": (datetime.date(2024, 7, 1), datetime.date(2026, 2, 20)),
    "can_cuoc_2024_under_6": (datetime.date(2024, 7, 1), datetime.date(2026, 2, 20)),
}
# The nine digits ended with these births: who was fourteen later got a CCCD.
_LAST_BORN_WITH_NINE_DIGITS = 2005

_NEAR = frozenset({"074", "077", "079"})
_RELIGIONS = {"Không": 80, "Phật giáo": 9, "Thiên Chúa giáo": 6, "Cao Đài": 2, "Phật giáo Hòa Hảo": 2, "Tin Lành": 1}
_SIGNS = ("Nốt ruồi", "Sẹo chấm", "Sẹo thẳng", "Sẹo tròn", "Nốt ruồi son", "Nốt ruồi thịt")
_WAYS = ("trên", "dưới", "trước", "sau", "trên trước", "trên sau", "dưới trước", "dưới sau")
_FEATURES = ("mép", "đuôi mắt", "đầu lông mày", "đuôi lông mày", "cánh mũi", "gò má", "khóe miệng", "thái dương")


class Way(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How one of the smaller peoples puts names together: patterns of `{clan}` and `{given}`."""

    ethnicity: str
    female: list[str]
    male: list[str]
    given_female: list[str]
    given_male: list[str]
    clans: list[str]


class Pool(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Parts of names and addresses of one set."""

    surnames: dict[str, int]
    middle_female: list[str]
    middle_male: list[str]
    given_female: list[str]
    given_male: list[str]
    streets: list[str]
    hamlets: list[str]
    peoples: list[Way]


class Unit(msgspec.Struct, frozen=True):
    """A ward on the old map (with a district) or the new one; `code` is the old province's in personal numbers."""

    code: str
    ward: str
    district: str
    province: str


class _Names(msgspec.Struct, forbid_unknown_fields=True):
    ethnicities: dict[str, int]
    training: Pool
    held_out: Pool


def fictional(
    seed: int,
    kind: Kind,
    *,
    portrait: bytes | None = None,
    spelling: Spelling = "lists",
    in_force_on: datetime.date | None = None,
) -> CardFacts:
    """Card facts that hold together: number, sex, birth, age, dates of issue and expiry, and the map of the day.

    `dice` spells names and streets by chance (`syllables`). `in_force_on` draws on until the card ends after that day;
    without it, older cards may have expired. A child's card takes no portrait.
    """
    dice = random.Random(f"{seed} {kind}")  # noqa: S311 (fiction, not a secret)
    use = "held_out" if seed >= HELD_OUT_FROM else "training"
    while True:
        born, issued = _dates(dice, kind)
        expires = _expiry(kind, born, issued)
        if in_force_on is None or expires is None or expires > in_force_on:
            break
    sex: pin.Sex = "female" if dice.random() < 0.5 else "male"
    pool = _names().held_out if use == "held_out" else _names().training
    full_name, ethnicity = _name(dice, pool, sex, spelling)
    home, origin, birthplace = (_unit(dice, use, issued) for _ in range(3))
    if birthplace.code != origin.code and dice.random() < 0.6:
        origin = birthplace
    nine = (
        f"02{dice.randint(0, 9_999_999):07d}" if home.code in _NEAR else f"{dice.randint(10_000_000, 385_999_999):09d}"
    )
    had_nine = kind in ("cccd_barcode_2016", "cccd_chip_2021", "can_cuoc_2024") and dice.random() < 0.6
    child = kind == "can_cuoc_2024_under_6"
    return CardFacts(
        number=nine if kind == "cmnd_9" else _number(dice, birthplace.code, sex, born),
        old_number=nine if had_nine and born.year <= _LAST_BORN_WITH_NINE_DIGITS else None,
        full_name=full_name,
        other_name=_name(dice, pool, sex, spelling)[0] if kind == "cmnd_12" and dice.random() < 0.15 else None,
        date_of_birth=born,
        sex=sex,
        ethnicity=ethnicity,
        religion=dice.choices(list(_RELIGIONS), list(_RELIGIONS.values()))[0],
        place_of_origin=_place(dice, origin, short=0.55),
        residence=_address(dice, home, pool, spelling),
        place_of_birth=_place(dice, birthplace, short=0.1),
        marks=_marks(dice),
        issued=issued,
        expires=expires,
        issuer_place=home.province,
        father=_father(dice, pool, full_name, spelling) if child else None,
        mother=_name(dice, pool, "female", spelling)[0] if child else None,
        portrait=None if child else portrait,
    )


def _dates(dice: random.Random, kind: Kind) -> tuple[datetime.date, datetime.date]:
    """Birth and issue: at any age this kind is given at, often at one where a card has to be changed."""
    document = DOCUMENTS[kind]
    first, last = _ISSUED[kind]
    issued = first + datetime.timedelta(days=dice.randint(0, (last - first).days))
    if document.below is not None:
        age = dice.randint(document.youngest, document.below - 1)
    elif dice.random() < 0.3:
        age = dice.choice([age for age in (*CHANGE_AT, document.youngest) if age >= document.youngest])
    else:
        age = round(dice.triangular(document.youngest, 88, 30))
    return _years(issued, -age) - datetime.timedelta(days=dice.randint(1, 360)), issued


def _expiry(kind: Kind, born: datetime.date, issued: datetime.date) -> datetime.date | None:
    """The birthday by which the card must be changed; one given within two years before it lasts to the next (Đ21)."""
    years_valid = DOCUMENTS[kind].years_valid
    if years_valid is not None:
        return _years(issued, years_valid)
    birthdays = (_years(born, age) for age in CHANGE_AT if age > 14 or DOCUMENTS[kind].youngest < 14)
    return next((day for day in birthdays if day > _years(issued, 2)), None)


def _years(day: datetime.date, years: int) -> datetime.date:
    """So many years on; the 28th where there is no 29th of February."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)


def _number(dice: random.Random, province: str, sex: pin.Sex, born: datetime.date) -> str:
    century_and_sex = 2 * (born.year // 100 - 19) + (sex == "female")
    return f"{province}{century_and_sex}{born:%y}{dice.randint(0, 999_999):06d}"


def _name(dice: random.Random, pool: Pool, sex: pin.Sex, spelling: Spelling) -> tuple[str, str]:
    """A name of one to six words and its bearer's people."""
    ethnicity = dice.choices(list(_names().ethnicities), list(_names().ethnicities.values()))[0]
    if spelling == "dice":
        return syllables.title(dice, dice.choices((1, 2, 3, 4, 5, 6), (2, 12, 42, 32, 8, 4))[0]), ethnicity
    if dice.random() < 0.07:
        return _of_a_people(dice, dice.choice(pool.peoples), sex)
    surnames, shares = list(pool.surnames), list(pool.surnames.values())
    words = [dice.choices(surnames, shares)[0]]
    if dice.random() < 0.08:
        words.append(dice.choices(surnames, shares)[0])
    words.append(_given(dice, pool, sex, spelling))
    name = " ".join(words)
    return (name, ethnicity) if name.count(" ") < 6 else _name(dice, pool, sex, spelling)


def _father(dice: random.Random, pool: Pool, child: str, spelling: Spelling) -> str:
    """Of the child's surname, where the child's people hand surnames down."""
    surname = next((surname for surname in pool.surnames if child.startswith(f"{surname} ")), None)
    if surname is None:
        return _name(dice, pool, "male", spelling)[0]
    return f"{surname} {_given(dice, pool, 'male', spelling)}"


def _given(dice: random.Random, pool: Pool, sex: pin.Sex, spelling: Spelling) -> str:
    """Middle and given name."""
    if spelling == "dice":
        return syllables.title(dice, dice.randint(1, 3))
    middles, givens = (
        (pool.middle_female, pool.given_female) if sex == "female" else (pool.middle_male, pool.given_male)
    )
    words = [dice.choice(middles)] if dice.random() < 0.92 else []
    words += dice.sample(givens, 2 if dice.random() < 0.15 else 1)
    return " ".join(words)


def _of_a_people(dice: random.Random, way: Way, sex: pin.Sex) -> tuple[str, str]:
    patterns, givens = (way.female, way.given_female) if sex == "female" else (way.male, way.given_male)
    name = dice.choice(patterns).format(clan=dice.choice(way.clans), given=dice.choice(givens))
    return name, way.ethnicity


def _unit(dice: random.Random, use: str, issued: datetime.date) -> Unit:
    """A ward on the map in force that day, every third in or near Hồ Chí Minh City."""
    provinces = _units()[use, "new" if issued >= NEW_MAP_FROM else "old"]
    near = [code for code in provinces if code in _NEAR]
    code = dice.choice(near) if dice.random() < 0.35 else dice.choice(list(provinces))
    return dice.choice(provinces[code])


def _place(dice: random.Random, unit: Unit, *, short: float) -> str:
    """The unit as cards print it: in full, or (with this probability) its bare names."""
    parts = [part for part in (unit.ward, unit.district, unit.province) if part]
    if dice.random() >= short:
        return ", ".join(parts)
    return ", ".join(_bare(part) for part in parts)


def _bare(unit: str) -> str:
    """Without its kind, which a number needs and Hồ Chí Minh City keeps in two letters."""
    if unit == "Thành phố Hồ Chí Minh":
        return "TP. Hồ Chí Minh"
    bare = re.sub(r"^(Phường|Xã|Thị trấn|Đặc khu|Quận|Huyện|Thị xã|Thành phố|Tỉnh) ", "", unit)
    return unit if bare[0].isdigit() else bare


def _address(dice: random.Random, unit: Unit, pool: Pool, spelling: Spelling) -> str:
    """House and street in towns, hamlet in the country, then the unit."""
    chance = spelling == "dice"
    town = unit.ward.startswith(("Phường", "Thị trấn"))
    if dice.random() < (0.8 if town else 0.3):
        street = syllables.title(dice, dice.randint(2, 3)) if chance else dice.choice(pool.streets)
        way = dice.choices(("Đường ", "", "đường "), (50, 40, 10))[0]
        lead = f"{_house(dice)} {way}{street}"
    else:
        hamlet = f"Ấp {syllables.title(dice, 2)}" if chance else dice.choice(pool.hamlets)
        lead = dice.choice((hamlet, hamlet, f"Tổ {dice.randint(1, 30)}, {hamlet}", f"{_house(dice)} {hamlet}"))
    return f"{lead}, {_place(dice, unit, short=0.35)}"


def _house(dice: random.Random) -> str:
    number = str(dice.randint(1, 499)) + (dice.choice("ABCDE") if dice.random() < 0.1 else "")
    for _ in range(dice.choices((0, 1, 2, 3), (45, 35, 15, 5))[0]):
        number += f"/{dice.randint(1, 99)}" + (dice.choice("ABC") if dice.random() < 0.08 else "")
    return f"{dice.choice(('', '', '', 'Số '))}{number}"


def _marks(dice: random.Random) -> str:
    side, cm = dice.choice(("phải", "trái")), dice.choice(("0,5", "1", "1,5", "2", "2,5", "3"))
    return f"{dice.choice(_SIGNS)} C. {cm} cm {dice.choice(_WAYS)} {dice.choice(_FEATURES)} {side}"


@functools.cache
def _names() -> _Names:
    return msgspec.toml.decode((Path(__file__).parent / "names.toml").read_bytes(), type=_Names)


@functools.cache
def _units() -> dict[tuple[str, str], dict[str, list[Unit]]]:
    """By set and map, then by the old province's code."""
    table: dict[tuple[str, str], dict[str, list[Unit]]] = defaultdict(lambda: defaultdict(list))
    for row in (Path(__file__).parent / "units.tsv").read_text(encoding="utf-8").splitlines():
        if not row.startswith("#"):
            use, drawn_on, code, ward, district, province = row.split("\t")
            table[use, drawn_on][code].append(Unit(code, ward, district, province))
    return table

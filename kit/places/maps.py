"""The two administrative maps: 63 provinces with districts until 30 June 2025, 34 without since 1 July 2025.

Codes are those of the statistics office on either map: two digits for a province, three for a district, five for a
ward. A code alone does not say which map it is on: 26740 was Phường Bến Nghé and is Phường Sài Gòn.
The tables are written by `scripts/make_places.py`, which names their sources; they are read when first asked for.
"""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

import msgspec

CITY_PROVINCE_CODE: Final = "79"


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """A commune (phường, xã, đặc khu) of today: five-digit code of the General Statistics Office."""

    code: str
    name: str
    province_code: str
    province_name: str


class Unit(msgspec.Struct, frozen=True, kw_only=True):
    """A province, district or ward with every way its name was written."""

    path: tuple[str, ...]
    """Codes from the province down to the unit."""
    names: tuple[str, ...]
    """Full names of the unit, then of what it lies in: `("Phường Bến Nghé", "Quận 1", "Thành phố Hồ Chí Minh")`."""
    spellings: tuple[str, ...] = ()
    former: tuple[str, ...] = ()
    """Units that went into this one: full names without marks and spaces, `phuongngothinham`."""
    heirs: tuple[str, ...] = ()
    """The wards of today that its land lies in, by code."""

    @property
    def is_district(self) -> bool:
        return len(self.path[-1]) == len("760")

    @property
    def is_ward(self) -> bool:
        return len(self.path[-1]) == len("26740")


def ward(code: str) -> Place | None:
    """The commune with this code on today's map, or None."""
    return _wards().get(code)


@cache
def wards(province_code: str = CITY_PROVINCE_CODE) -> tuple[Place, ...]:
    """Every commune of a province, by code; Hồ Chí Minh City has 168."""
    return tuple(sorted((w for w in _wards().values() if w.province_code == province_code), key=lambda w: w.code))


@cache
def ward_codes() -> tuple[str, ...]:
    """The codes of every commune of today, in the whole country."""
    return tuple(sorted(_wards()))


@cache
def _wards() -> dict[str, Place]:
    return {
        unit.path[1]: Place(
            code=unit.path[1], name=unit.names[0], province_code=unit.path[0], province_name=unit.names[1]
        )
        for unit in units_since()
        if len(unit.path) == 2
    }


@cache
def units_since() -> tuple[Unit, ...]:
    """Provinces and wards of today."""
    return tuple(_units("new.tsv"))


@cache
def units_until() -> tuple[Unit, ...]:
    """Provinces, districts and wards until 30 June 2025, and those known to have been merged into them from 2021 on."""
    return tuple(_units("old.tsv"))


def _units(table: str) -> Iterator[Unit]:
    """Rows of code, name, other spellings, former units, wards of today, unit it was merged into; the last four may lack."""
    above: list[Unit] = []
    merged: list[tuple[Unit, list[str]]] = []
    heirs: dict[str, tuple[str, ...]] = {}
    for row in (Path(__file__).parent / table).read_text(encoding="utf-8").splitlines():
        code, name, spellings, former, today, into = [*row.split("\t"), "", "", "", ""][:6]
        above = [unit for unit in above if len(unit.path[-1]) < len(code)]
        unit = Unit(
            path=(*(above[-1].path if above else ()), code),
            names=(name, *(above[-1].names if above else ())),
            spellings=tuple(spellings.split("; ")) if spellings else (),
            former=tuple(former.split()),
            heirs=tuple(today.split()),
        )
        if into:
            merged.append((unit, into.split()))
            continue
        if unit.is_ward:
            heirs[code] = unit.heirs
        else:
            above.append(unit)
        yield unit
    for unit, codes in merged:
        today_codes = dict.fromkeys(heir for code in codes for heir in heirs[code])
        yield msgspec.structs.replace(unit, heirs=tuple(today_codes))

"""The administrative map since 1 July 2025, from `vietnam_provinces`: 34 provinces, their communes, no districts."""

from functools import cache

import msgspec

CITY_PROVINCE_CODE = "79"


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """A commune (phường, xã, đặc khu): five-digit code of the General Statistics Office."""

    code: str
    name: str
    province_code: str
    province_name: str


@cache
def _wards() -> dict[str, Place]:
    from vietnam_provinces import Province, Ward

    provinces = {province.code: province.name for province in Province.iter_all()}
    return {
        f"{int(ward.code.value):05d}": Place(
            code=f"{int(ward.code.value):05d}",
            name=ward.name,
            province_code=f"{int(ward.province_code.value):02d}",
            province_name=provinces[ward.province_code],
        )
        for ward in Ward.iter_all()
    }


def ward(code: str) -> Place | None:
    """The commune with this code on the new map, or None."""
    return _wards().get(code)


@cache
def wards(province_code: str = CITY_PROVINCE_CODE) -> tuple[Place, ...]:
    """Every commune of a province, by code; Hồ Chí Minh City has 168."""
    return tuple(sorted((w for w in _wards().values() if w.province_code == province_code), key=lambda w: w.code))

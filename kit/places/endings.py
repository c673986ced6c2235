"""Where an address ends: with a province, or with the first words of one, the last having been lost."""

from functools import cache
from typing import Final

from kit import names
from kit.places import maps, spelling

# Behind which, if not behind a comma, a province's name begins.
_KINDS: Final = (("tinh",), ("thanh", "pho"), ("tp",), ("t",))


def is_cut_short(address: str) -> bool:
    """Whether it ends with the first words of a province of either map (Tỉnh Bình, TP. Hồ Chí) and with no whole one."""
    words = spelling.words_of(names.nfc(address))
    plain = tuple(word.plain for word in words)
    if any(plain[start:] in _provinces() for start in range(len(words))):
        return False
    return any(
        plain[start:] in _beginnings() and (word.after_comma or _is_behind_kind(plain[:start]))
        for start, word in enumerate(words)
    )


def _is_behind_kind(before: tuple[str, ...]) -> bool:
    return any(before[-len(kind) :] == kind for kind in _KINDS)


@cache
def _provinces() -> frozenset[tuple[str, ...]]:
    units = (unit for unit in (*maps.units_until(), *maps.units_since()) if len(unit.path) == 1)
    spelt = (spelling.apart(name)[1] for unit in units for name in (unit.names[0], *unit.spellings))
    return frozenset(tuple(word.plain for word in spelling.words_of(name)) for name in spelt)


@cache
def _beginnings() -> frozenset[tuple[str, ...]]:
    whole = (name for name in _provinces() if all(len(word) > 1 for word in name))  # not T T Huế
    return frozenset(name[:size] for name in whole for size in range(1, len(name)))

"""Receipt codes (mã hồ sơ): said by the office, the day and fifteen letters nobody can guess."""

import re
from datetime import date

from kit import ids

# Fifteen of twenty consonants are 64.8 bits; no vowels, so no words, and no letters that look like digits.
_LETTERS = 15
_GROUP = 5
_SHAPE = re.compile(r"([A-Z0-9.]{3,20})-(\d{6})-([B-DF-HJ-NP-TV-XZ]{15})")
_SEPARATORS = re.compile(r"[\s\-–—_]+")


def new(agency_prefix: str, ward_code: str, day: date) -> str:
    """`H29.26740-261122-BCDFG-HJKLM-NPQRS`: city (as in `000.00.00.H29`) and ward, the day of receipt, the random group."""
    letters = ids.spoken_code(_LETTERS)
    groups = "-".join(letters[start : start + _GROUP] for start in range(0, _LETTERS, _GROUP))
    return f"{agency_prefix}.{ward_code}-{day:%y%m%d}-{groups}"


def parse(text: str) -> str | None:
    """The code as stored, from what a person typed (case, spaces and hyphens do not matter); None when it can be none."""
    squeezed = _SEPARATORS.sub("", text.strip().upper())
    letters, head = squeezed[-_LETTERS:], squeezed[:-_LETTERS]
    match = _SHAPE.fullmatch(f"{head[:-6]}-{head[-6:]}-{letters}")
    if match is None:
        return None
    groups = "-".join(letters[start : start + _GROUP] for start in range(0, _LETTERS, _GROUP))
    return f"{match[1]}-{match[2]}-{groups}"


def mask(code: str) -> str:
    """What a screen in a hall may show: `H29.26740-261122-•••••-•••••-NPQRS`."""
    head, day, *groups = code.split("-")
    return "-".join([head, day, *("•" * len(group) for group in groups[:-1]), groups[-1]])

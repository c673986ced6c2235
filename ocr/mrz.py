"""The machine-readable zone: TD1 of ICAO 9303-5, three lines of 30, with the personal number among the optional data.

Line 3 and the letter of the sex have no check digit; they are confirmed by other sources only.
"""

import datetime
import re
from collections.abc import Sequence

import msgspec

from kit import names, pin

_WEIGHTS = (7, 3, 1)
LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ<"
"""All that a zone may hold."""
_VALUES = {c: i for i, c in enumerate("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")} | {"<": 0}

# What a recogniser makes of a digit in OCR-B, applied only where the grammar allows nothing but a digit.
_AS_DIGIT = str.maketrans(
    {"O": "0", "Q": "0", "D": "0", "U": "0", "I": "1", "L": "1", "T": "1", "Z": "2", "S": "5", "G": "6", "B": "8"}
)
# ... and of a letter, where only a letter may stand.
_AS_LETTER = str.maketrans({"0": "O", "1": "I", "2": "Z", "5": "S", "6": "G", "8": "B"})
# ... and of the filler.
_FILLERS = str.maketrans(
    {
        "«": "<<",
        "《": "<<",
        "‹": "<",
        "＜": "<",
        "〈": "<",
        "く": "<",
        "(": "<",
        "{": "<",
        "[": "<",
        "≤": "<",
        "Λ": "<",
        "∧": "<",
        "^": "<",
        "〇": "O",
    }
)

# Cards given for life show "Không thời hạn" and most likely this date (assumption; no published specimen was found).
NO_EXPIRY = "991231"


class Mrz(msgspec.Struct, frozen=True):
    """What the zone says; only made when every check digit holds."""

    number: str
    date_of_birth: datetime.date
    sex: pin.Sex
    date_of_expiry: datetime.date | None
    name: str
    """Words of the name as the zone spells them, single spaces; cut where line 3 was full."""
    lines: tuple[str, str, str]


class Broken(msgspec.Struct, frozen=True):
    """A zone was seen but does not hold together: a slip of the reading or a forgery, which cannot be told here."""

    faults: tuple[str, ...]
    lines: tuple[str, ...]


def check_digit(text: str) -> str:
    """ICAO 9303-3 §4.9: weights 7-3-1, modulo 10."""
    return str(sum(_VALUES[c] * _WEIGHTS[i % 3] for i, c in enumerate(text)) % 10)


def name_line(full_name: str) -> str:
    """Line 3 for a name written surname first: `NGUYEN<<THI<HOA<<<…`, cut at 30."""
    surname, _, rest = names.mrz_form(full_name).partition("<")
    return f"{surname}<<{rest}"[:30].ljust(30, "<")


def write(
    *, number: str, date_of_birth: datetime.date, sex: pin.Sex, date_of_expiry: datetime.date | None, full_name: str
) -> tuple[str, str, str]:
    """The three lines for these facts, every check digit right."""
    first = f"IDVNM{number[3:]}{check_digit(number[3:])}{number}<<{check_digit(number)}"
    born, ends = f"{date_of_birth:%y%m%d}", f"{date_of_expiry:%y%m%d}" if date_of_expiry else NO_EXPIRY
    second = f"{born}{check_digit(born)}{'M' if sex == 'male' else 'F'}{ends}{check_digit(ends)}VNM{'<' * 11}"
    return first, second + _composite(first, second), name_line(full_name)


def read(lines: Sequence[str]) -> Mrz | Broken | None:
    """The zone among lines of recognised text, top to bottom; None when no line looks like one.

    Repairs look-alikes only where the grammar leaves no choice, and never tries substitutions until a check digit fits.
    """
    rows = [_clean(line) for line in lines]
    rows = [row for row in rows if len(row) >= 15]
    first_at = next((i for i, row in enumerate(rows) if _FIRST.match(row)), None)
    if first_at is None:
        second_only = next((row for row in rows if _SECOND.match(row)), None)
        return Broken(("line-1-not-read",), tuple(rows)) if second_only else None
    later = rows[first_at + 1 :]
    second_at = next((i for i, row in enumerate(later) if _SECOND.match(row)), None)
    first = _first_line(rows[first_at])
    second = _second_line(later[second_at]) if second_at is not None else None
    third = _third_line(later[second_at + 1]) if second_at is not None and len(later) > second_at + 1 else None
    missing = [f"line-{n}-not-read" for n, line in ((1, first), (2, second), (3, third)) if line is None]
    if first is None or second is None or third is None:
        return Broken(tuple(missing), tuple(rows[first_at : first_at + 3]))
    return parse((first, second, third))


def name_row(lines: Sequence[str]) -> int | None:
    """Which of these recognised lines is the third, whose letters no check digit guards."""
    rows = [_clean(line) for line in lines]
    second = next((i for i, row in enumerate(rows) if len(row) >= 15 and _SECOND.match(row)), None)
    return None if second is None or second + 1 >= len(rows) else second + 1


def parse(lines: tuple[str, str, str]) -> Mrz | Broken:
    """Three lines of exactly 30, verified: every check digit, the number's own digit at position 30, real dates."""
    first, second, third = lines
    faults: list[str] = []
    if [len(line) for line in lines] != [30, 30, 30] or any(c not in _VALUES for line in lines for c in line):
        return Broken(("shape",), lines)
    document, number = first[5:14], first[15:27]
    if first[:5] != "IDVNM" or first[27:29] != "<<" or second[15:29] != "VNM" + "<" * 11:
        faults.append("constants")
    if not (document.isdigit() and number.isdigit()):
        faults.append("number-digits")
    if check_digit(document) != first[14]:
        faults.append("document-number-check-digit")
    if check_digit(number) != first[29]:
        faults.append("number-check-digit")
    if document != number[3:]:
        faults.append("document-number-differs-from-number")
    if check_digit(second[:6]) != second[6]:
        faults.append("date-of-birth-check-digit")
    if second[7] not in "MF":
        faults.append("sex")
    if check_digit(second[8:14]) != second[14]:
        faults.append("date-of-expiry-check-digit")
    if _composite(first, second) != second[29]:
        faults.append("composite-check-digit")
    if not re.fullmatch(r"[A-Z]+<<?[A-Z<]*", third):
        faults.append("name-shape")
    born = _date(second[:6], century=_birth_century(number, second[:2]))
    ends = None if second[8:14] == NO_EXPIRY else _date(second[8:14], century=2000)
    if born is None or (ends is None and second[8:14] != NO_EXPIRY):
        faults.append("dates")
    if faults or born is None:
        return Broken(tuple(faults), lines)
    return Mrz(
        number=number,
        date_of_birth=born,
        sex="male" if second[7] == "M" else "female",
        date_of_expiry=ends,
        name=re.sub(r"<+", " ", third).strip(),
        lines=lines,
    )


def _composite(first: str, second: str) -> str:
    return check_digit(first[5:30] + second[0:7] + second[8:15] + second[18:29])


def _birth_century(number: str, yy: str) -> int:
    """Two digits do not name a century; the personal number does. Where the two disagree, reconciling will see it."""
    said = pin.parse(number)
    if said is not None:
        return said.birth_year // 100 * 100
    return 2000 if int(yy) <= datetime.date.today().year % 100 else 1900  # noqa: DTZ011 (only a guess of the century)


def _date(yymmdd: str, *, century: int) -> datetime.date | None:
    try:
        return datetime.date(century + int(yymmdd[:2]), int(yymmdd[2:4]), int(yymmdd[4:6]))
    except ValueError:
        return None


def _clean(line: str) -> str:
    return re.sub(r"[^A-Z0-9<]", "", names.bare(line.translate(_FILLERS)).upper())


_FIRST = re.compile(r"^.{0,2}[VUY]N[MN](?=[0-9OQDILZSGB]{9})")
_SECOND = re.compile(r"^[0-9OQDUILTZSGB]{7}[MFNHE][0-9OQDUILTZSGB]{7}[VUY]")


def _first_line(row: str) -> str | None:
    """22 digits, fillers that the recogniser may have miscounted, one digit."""
    found = _FIRST.match(row)
    if found is None:
        return None
    rest = row[found.end() :]
    digits, tail = (
        rest[:22].translate(_AS_DIGIT),
        re.sub(r"[^0-9]", "", rest[22:].replace("<", "").translate(_AS_DIGIT)),
    )
    if not digits.isdigit() or len(digits) != 22 or len(tail) != 1:
        return None
    return f"IDVNM{digits}<<{tail}"


def _second_line(row: str) -> str | None:
    born, sex, ends, last = (
        row[:7].translate(_AS_DIGIT),
        row[7],
        row[8:15].translate(_AS_DIGIT),
        row[-1].translate(_AS_DIGIT),
    )
    sex = {"N": "M", "H": "M", "E": "F"}.get(sex, sex)
    if not (born.isdigit() and ends.isdigit() and last.isdigit()) or len(row) < 19:
        return None
    return f"{born}{sex}{ends}VNM{'<' * 11}{last}"


def _third_line(row: str) -> str | None:
    """The words; runs of fillers are miscounted by recognisers, so the line is built anew from its words."""
    words = [word.translate(_AS_LETTER) for word in re.split(r"<+", re.split(r"<{4,}", row)[0]) if word]
    if not words:
        return None
    return f"{words[0]}<<{'<'.join(words[1:])}"[:30].ljust(30, "<")

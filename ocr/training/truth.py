"""What a right reading of a specimen says, for figures, calibration and tests."""

from kit import names
from ocr.documents import DOCUMENTS
from ocr.printed import NO_EXPIRY
from ocr.training.specimens import CardFacts, Kind

NUMBERS_AND_DATES = frozenset({"number", "old_number", "date_of_birth", "date_of_issue", "date_of_expiry", "sex"})


def expected(kind: Kind, facts: CardFacts) -> dict[str, str]:
    """Every field this card carries, as it is printed or written in its code."""
    day = "%d/%m/%Y"
    known = {
        "number": facts.number,
        "old_number": facts.old_number or "",
        "full_name": facts.full_name,
        "date_of_birth": format(facts.date_of_birth, day),
        "sex": facts.sex_word,
        "nationality": facts.nationality,
        "ethnicity": facts.ethnicity,
        "place_of_origin": facts.place_of_origin,
        "place_of_residence": facts.residence,
        "place_of_birth": facts.place_of_birth,
        "date_of_issue": format(facts.issued, day),
        "date_of_expiry": format(facts.expires, day) if facts.expires else NO_EXPIRY,
    }
    document = DOCUMENTS[kind]
    carried = {label.field for layout in document.layouts for label in layout.labels}
    if any(layout.qr for layout in document.layouts):
        carried.add("old_number")
    return {name: value for name, value in known.items() if name in carried and value}


def same(name: str, said: str | None, wanted: str) -> bool:
    """Every letter and mark. Capitals and small letters are one, for names are printed in capitals; dates are one day,
    whatever stands between their figures."""
    if said is None:
        return False
    one, other = names.nfc(said).casefold(), names.nfc(wanted).casefold()
    if name.startswith("date_"):
        one, other = one.replace("-", "/"), other.replace("-", "/")
    return one == other

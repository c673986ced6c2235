"""What may not be written in a birth register, each fault by its field."""

from datetime import date
from typing import Any

import pytest

from register import BirthNotification, checking
from tests.register.people import FATHER_PIN, MOTHER_PIN, a_pin, birth, child, father, marriage, mother

TODAY = date(2026, 11, 20)


def faults(pin: str = a_pin(1), **changes: Any) -> list[tuple[str, str]]:
    return [(f.field, f.code) for f in checking.birth_faults(birth(**changes), pin, TODAY)]


def test_an_ordinary_birth_has_no_fault() -> None:
    assert faults() == []


def test_a_birth_today_is_no_future() -> None:
    assert faults(child=child(date_of_birth="2026-11-20")) == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"child": child(date_of_birth="2026-11-21")}, ("child.date_of_birth", "in-the-future")),
        ({"child": child(date_of_birth="2026-11")}, ("child.date_of_birth", "date-of-birth")),
        ({"child": child(date_of_birth="2026-02-30")}, ("child.date_of_birth", "date-of-birth")),
        ({"child": child(full_name="Nguyễn 2")}, ("child.full_name", "name")),
        ({"child": child(full_name="Nguyễn\u202eAn")}, ("child.full_name", "name")),
        ({"child": child(full_name=" ")}, ("child.full_name", "name")),
        ({"child": child(sex="male")}, ("pin", "pin-sex")),
        ({"child": child(date_of_birth="2025-11-21")}, ("pin", "pin-year")),
        ({"pin": "07932600000"}, ("pin", "pin-shape")),
        ({"mother": mother(date_of_birth="2026-11-01", pin=None)}, ("mother.date_of_birth", "born-after")),
        ({"mother": mother(date_of_birth="1996-02-30")}, ("mother.date_of_birth", "date-of-birth")),
        ({"mother": mother(pin=FATHER_PIN)}, ("mother.pin", "pin-sex")),
        ({"father": father(date_of_birth="1994")}, ("father.pin", "pin-year")),
        ({"father": father(pin=MOTHER_PIN)}, ("father.pin", "same-person")),
        ({"mother": mother(pin=a_pin(1))}, ("mother.pin", "same-as-child")),
        ({"birth_order": 2}, ("birth_order", "not-multiple")),
        (
            {"notification": BirthNotification(number="00001.GCS.79024.26", issued_on=date(2026, 10, 31))},
            ("notification.issued_on", "before-birth"),
        ),
        (
            {"notification": BirthNotification(number="00001.GCS.79024.26", issued_on=date(2026, 11, 21))},
            ("notification.issued_on", "in-the-future"),
        ),
    ],
)
def test_a_fault_is_named(changes: dict[str, Any], expected: tuple[str, str]) -> None:
    assert expected in faults(**changes)


def test_nobody_marries_themself() -> None:
    facts = marriage(husband_pin=FATHER_PIN, wife_pin=FATHER_PIN)
    assert ("wife.pin", "same-person") in [(f.field, f.code) for f in checking.marriage_faults(facts, TODAY)]


def test_likeness_follows_the_mother_s_number_and_not_her_spelling() -> None:
    assert checking.likeness(birth()) == checking.likeness(birth(mother=mother(full_name="DANG THI NGOC HOA")))
    assert checking.likeness(birth()) != checking.likeness(birth(mother=mother(pin="079196000003")))
    without = [checking.likeness(birth(mother=mother(pin=None, full_name=name))) for name in ("Hoà", "Hòa", "Hoa Lan")]
    assert without[0] == without[1] != without[2]

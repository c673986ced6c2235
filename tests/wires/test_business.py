"""The business register's seam: yes only for the whole of it, and never whose an enterprise is instead."""

import pytest

from wires.business import BusinessRegister, Company, SandboxBusinesses

pytestmark = pytest.mark.anyio

NUMBER, NAME, PIN = "9900000016", "Công ty TNHH Mái ấm Hư Cấu", "079180000014"


@pytest.fixture
def business() -> BusinessRegister:
    return SandboxBusinesses([Company(NUMBER, NAME, frozenset({PIN}))])


@pytest.mark.parametrize(
    ("number", "name", "pin", "answer"),
    [
        (NUMBER, NAME, PIN, "yes"),
        (NUMBER, NAME.upper(), PIN, "yes"),
        (NUMBER, "Công ty TNHH Mai am Hu Cau", PIN, "no"),
        (NUMBER, NAME, "079192000011", "no"),
        ("0100233488", NAME, PIN, "unknown"),
    ],
)
async def test_what_it_says(business: BusinessRegister, number: str, name: str, pin: str, answer: str) -> None:
    said = await business.confirm(number=number, legal_name=name, representative_pin=pin)
    assert (said.answer, said.source) == (answer, "sandbox")
    assert NAME not in repr(said)


def test_production_refuses_it(business: BusinessRegister) -> None:
    assert business.development_only

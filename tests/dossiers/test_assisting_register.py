"""Who shows their card at a counter: the population register is asked too, its no is looked at again, and only its yes reaches a level."""

import secrets
from collections.abc import AsyncIterator, Callable
from datetime import date, timedelta
from typing import Any

import pytest

from identity import accounts
from kit import clock
from tests.dossiers import steps
from tests.people import CityPeople
from wires.population import PopulationRegister, RegisterAnswer, RegisterAway, Registered, SandboxRegister

pytestmark = pytest.mark.anyio

ASSISTED = "/v1/desk/assisted"
NAME, BORN = "Phan Thị Bích", date(1990, 2, 3)


class Away:
    development_only = True

    async def confirm(self, *, pin: str, full_name: str, date_of_birth: date) -> RegisterAnswer:
        raise RegisterAway


class NotAsked:
    development_only = True

    async def confirm(self, *, pin: str, full_name: str, date_of_birth: date) -> RegisterAnswer:
        raise AssertionError("nobody asks about who is proven already")


@pytest.fixture
async def put(city: CityPeople) -> AsyncIterator[Callable[[PopulationRegister | None], None]]:
    """Puts a register in the place of the house's."""
    before = city.house.population

    def put(register: PopulationRegister | None) -> None:
        city.house.population = register

    yield put
    city.house.population = before


def somebody(**card: Any) -> dict[str, Any]:
    """A person of their own number, and their card."""
    pin = f"079190{secrets.randbelow(10**6):06d}"
    shown = {"full_name": NAME, "sex": "female", "expires_on": "2035-02-03", **card}
    return {"pin": pin, "date_of_birth": BORN.isoformat(), "procedure": steps.GROUP, "card": shown}


def knows(asked: dict[str, Any], full_name: str = NAME) -> SandboxRegister:
    return SandboxRegister([Registered(asked["pin"], full_name, BORN, {})])


async def account(city: CityPeople, pin: str) -> accounts.Account | None:
    async with city.house.db.connect() as conn:
        return await accounts.by_pin(conn, city.house.keys, pin)


async def test_a_yes_and_the_officers_eye_are_a_level(
    city: CityPeople, put: Callable[[PopulationRegister | None], None]
) -> None:
    reception, asked = await city.signed_in("identity_checker"), somebody()
    put(knows(asked))
    draft = await reception.post(ASSISTED, json=asked, expect=201)
    assert draft["counter"] == {"card_seen": True, "register": "yes"}
    found = await account(city, asked["pin"])
    assert found is not None
    assert (found.level, found.contacts) == (1, ())
    async with city.house.db.connect() as conn:
        newest = (await accounts.evidence(conn, found.id))[-1]
    assert newest["evidence"]["register"]["source"] == "register:sandbox"
    assert newest["by"] is not None
    assert date.fromisoformat(newest["until"]) > clock.today()
    # Proven so, the register is not asked again.
    put(NotAsked())
    again = await reception.post(ASSISTED, json=asked, expect=201)
    assert again["counter"]["register"] is None


@pytest.mark.parametrize(("register", "answer"), [(Away(), "away"), (SandboxRegister([]), "unknown"), (None, "none")])
async def test_silence_is_said_and_reaches_no_level(
    city: CityPeople, put: Callable[[PopulationRegister | None], None], register: PopulationRegister | None, answer: str
) -> None:
    reception, asked = await city.signed_in("identity_checker"), somebody()
    put(register)
    draft = await reception.post(ASSISTED, json=asked, expect=201)
    assert draft["counter"]["register"] == answer
    shown = await reception.get(f"{ASSISTED}/{draft['id']}", expect=200)
    assert shown["counter"]["register"] == answer
    found = await account(city, asked["pin"])
    assert found is not None
    assert found.level == 0
    # Once it answers, the next visit reaches what this one did not.
    put(knows(asked))
    await reception.post(ASSISTED, json=asked, expect=201)
    found = await account(city, asked["pin"])
    assert found is not None
    assert found.level == 1


async def test_a_no_is_looked_at_again_before_anything_opens(
    city: CityPeople, put: Callable[[PopulationRegister | None], None]
) -> None:
    """A digit mistyped was an account of somebody else's number, which its holder then found in their way."""
    reception, asked = await city.signed_in("identity_checker"), somebody()
    put(knows(asked, "Phan Thị Biếc"))
    told = await reception.post(ASSISTED, json=asked, expect=409, code="register-contradicts")
    assert "Biếc" not in str(told), "whose it is instead is told to nobody"
    assert await account(city, asked["pin"]) is None
    draft = await reception.post(ASSISTED, json={**asked, "card": {**asked["card"], "looked_again": True}}, expect=201)
    assert draft["counter"] == {"card_seen": True, "register": "no"}
    found = await account(city, asked["pin"])
    assert found is not None
    assert found.level == 0


async def test_who_has_a_level_is_not_asked_about(
    city: CityPeople, put: Callable[[PopulationRegister | None], None]
) -> None:
    reception = await city.signed_in("identity_checker")
    put(NotAsked())
    parent = {"pin": "079192000011", "date_of_birth": "1992-05-20", "procedure": steps.GROUP}
    card = {"card": {"full_name": "Nguyễn Thị Hồng Thắm", "sex": "female", "expires_on": None}}
    draft = await reception.post(ASSISTED, json=parent | card, expect=201)
    assert draft["counter"] == {"card_seen": True, "register": None}
    assert (await reception.post(ASSISTED, json=parent, expect=201))["counter"]["card_seen"] is False


async def test_a_card_that_is_no_longer_good_vouches_for_nobody(
    city: CityPeople, put: Callable[[PopulationRegister | None], None]
) -> None:
    """By the rule of proofing online: on the very day that stands on it it is good no more. Nobody is asked, and nothing opens."""
    reception, today = await city.signed_in("identity_checker"), clock.today()
    for expired in (today, today - timedelta(days=1)):
        asked = somebody(expires_on=expired.isoformat())
        put(NotAsked())
        await reception.post(ASSISTED, json=asked, expect=422, code="card-expired")
        assert await account(city, asked["pin"]) is None
    asked = somebody(expires_on=(today + timedelta(days=1)).isoformat())
    put(knows(asked))
    await reception.post(ASSISTED, json=asked, expect=201)
    # Its level ends with the card.
    with clock.shifted(timedelta(days=2)):
        later = await account(city, asked["pin"])
    assert later is not None
    assert later.level == 0
    without = somebody()
    del without["card"]["expires_on"]
    await reception.post(ASSISTED, json=without, expect=400)

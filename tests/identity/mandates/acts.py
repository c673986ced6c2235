"""What holders, representatives and officers do, and people of a test's own for them."""

import itertools
from datetime import date
from typing import Any

import register
from identity import accounts
from kit import clock, tax_code
from tests.identity.accounts.newcomers import Newcomer, newcomer
from tests.people import CityPeople, Person

MINE, WARDS, CLAIMS = "/v1/me/mandates", "/v1/me/wards", "/v1/me/enterprise-claims"
DESK_CLAIMS, GUARDIANSHIPS = "/v1/desk/enterprise-claims", "/v1/desk/guardianships"
HOME, HOME_NAME = "9900000016", "Công ty TNHH Mái ấm Hư Cấu"
NAME = "Lê Thị Mới"
"""What every newcomer is called."""

_SERIAL = itertools.count(1)


def number() -> str:
    """A fictional enterprise's: no province has the digits 99."""
    while True:
        head = f"99{next(_SERIAL) + 100:07d}"
        found = next(
            (head + str(digit) for digit in range(10) if tax_code.is_enterprise_number(head + str(digit))), None
        )
        if found is not None:
            return found


async def person(city: CityPeople) -> Newcomer:
    return await newcomer(city, level=2)


async def claimed(city: CityPeople, someone: Newcomer, of: str, name: str = "Hợp tác xã Hư Cấu") -> dict[str, Any]:
    """A representative, by an officer who saw the certificate; the mandate."""
    asked = await someone.calls.post(CLAIMS, json={"number": of, "legal_name": name}, expect=201)
    assert asked["state"] == "waiting"
    officer = await city.signed_in("identity_checker")
    body = {"verdict": "confirmed", "reason": "Giấy chứng nhận đăng ký doanh nghiệp"}
    return (await officer.post(f"{DESK_CLAIMS}/{asked['id']}/verdict", json=body, expect=200))["mandate"]


async def refused_claimant(city: CityPeople) -> Newcomer:
    """Somebody who says they represent an enterprise, and had nothing to show for it."""
    someone = await person(city)
    asked = {"number": number(), "legal_name": "Hợp tác xã Hư Cấu"}
    claim = await someone.calls.post(CLAIMS, json=asked, expect=201)
    officer = await city.signed_in("identity_checker")
    await officer.get(DESK_CLAIMS, expect=200)
    body = {"verdict": "refused", "reason": "Chưa có giấy chứng nhận."}
    await officer.post(f"{DESK_CLAIMS}/{claim['id']}/verdict", json=body, expect=200)
    return someone


async def granted(representative: Person, enterprise_id: str, to: Newcomer, **more: Any) -> dict[str, Any]:
    """A delegate's mandate."""
    body = {"pin": to.pin, "full_name": NAME, **more}
    return await representative.post(f"/v1/enterprises/{enterprise_id}/delegates", json=body, expect=201)


async def child_of(city: CityPeople, mother: Newcomer, *, born: date) -> str:
    """The number of a child whose birth entry names this mother."""
    serial = next(_SERIAL)
    pin = f"079{'1' if born.year < 2000 else '3'}{born.year % 100:02d}{serial:06d}"
    letters = "ABCDEGHIKLMNOPQRSTUVXY"
    facts = register.BirthFacts(
        child=register.Child(
            full_name=f"Lê Bé {letters[serial % 22]} {letters[serial // 22]}",
            sex="female",
            date_of_birth=born.isoformat(),
            place_of_birth="Bệnh viện Hư Cấu",
            place_of_origin="Phường Sài Gòn",
            ethnicity="Kinh",
            nationality="Việt Nam",
        ),
        mother=register.Parent(
            full_name=NAME,
            date_of_birth="1993-05-12",
            ethnicity="Kinh",
            nationality="Việt Nam",
            residence="Số 9 đường Hư Cấu",
            pin=mother.pin,
        ),
        requester=register.Requester(full_name=NAME, relationship="Mẹ"),
    )
    async with city.house.db.begin() as conn:
        await register.enter_birth(
            conn,
            office=register.Office(id="off_ubnd_sai_gon", name="Ủy ban nhân dân phường Sài Gòn"),
            signer=register.Signer(full_name="Bùi Thị Thu Cúc", title="Chủ tịch", clerk="Trần Thị Mai Khanh"),
            registered_on=clock.today(),
            number=serial + 1000,
            volume=9,
            pin=pin,
            facts=facts,
        )
    return pin


async def recorded_guardian(city: CityPeople) -> Newcomer:
    """Somebody whom a civil-status officer recorded, with the paper, as the guardian of a child in our books."""
    guardian, mother, born = await person(city), await person(city), date(2020, 2, 3)
    pin = await child_of(city, mother, born=born)
    async with city.house.db.connect() as conn:
        entry = await register.birth_of(conn, pin)
    assert entry is not None
    paper = {"kind": "guardianship_registration", "number": "7/2026", "issued_on": "2026-03-02", "issued_by": "UBND"}
    body = {
        "guardian_pin": guardian.pin,
        "guardian_name": NAME,
        "ward_pin": pin,
        "ward_name": entry.facts.child.full_name,
        "ward_date_of_birth": born.isoformat(),
        "ward_sex": "female",
        "paper": paper,
    }
    await (await city.signed_in("civil_status")).post(GUARDIANSHIPS, json=body, expect=201)
    return guardian


async def account_of(city: CityPeople, pin: str) -> accounts.Account:
    async with city.house.db.connect() as conn:
        found = await accounts.by_pin(conn, city.house.keys, pin)
    assert found is not None
    return found


def behalf(mandate: dict[str, Any]) -> dict[str, str]:
    return {"On-Behalf-Of": mandate["id"]}

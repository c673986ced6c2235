"""People of a test's own: opened through the room's verb, signed in through the API."""

import itertools
from typing import Any

from api.caller import Device, Pkce
from identity import accounts
from kit import clock
from tests.people import ISSUER, CityPeople, Person

_SERIAL = itertools.count(1)


class Newcomer:
    """A citizen with a phone number nobody else has. `calls` is a signed-in app."""

    def __init__(self, city: CityPeople, serial: int) -> None:
        self.city = city
        self.phone, self.mail = f"+8498{serial:07d}", f"newcomer{serial}@motcua.test"
        self.pin = f"079193{serial:06d}"
        self.account_id = ""
        self.calls = Person(city.client, f"newcomer {serial}")

    async def sign_in(self, login: str | None = None) -> Person:
        """Another app of theirs, by a code sent to `login` (the phone)."""
        device, pkce, path = Device(), Pkce(), "/v1/sign-ins"
        body = {
            "client_id": "citizen-app",
            "login": login or self.phone,
            "code_challenge": pkce.challenge,
            "code_challenge_method": "S256",
        }
        headers = {"DPoP": device.proof("POST", ISSUER + path)}
        begun = await self.city.nobody.post(path, json=body, headers=headers, expect=201)
        code = await self.city.code_sent_to(login or self.phone)
        done = await self.city.nobody.post(f"{path}/{begun['id']}/code", json={"code": code}, expect=200)
        token = await self.city.token(device, "citizen-app", done["authorization_code"], pkce.verifier)
        return Person(self.city.client, self.calls.name, token=token, device=device)

    async def add(self, contact: str, **answer: Any) -> Any:
        """A further way in, by the code sent there."""
        begun = await self.calls.post("/v1/me/contacts", json={"contact": contact}, expect=201)
        code = await self.city.code_sent_to(contact)
        path = f"/v1/me/contacts/{begun['id']}/code"
        return await self.calls.post(path, json={"code": code}, **({"expect": 200} | answer))

    async def ways(self) -> dict[str, Any]:
        """The ways in by kind; of two of a kind the newer."""
        return {one["kind"]: one for one in await self.calls.get("/v1/me/authenticators", expect=200)}


async def newcomer(city: CityPeople, *, level: int = 1) -> Newcomer:
    """Opened and signed in."""
    made = Newcomer(city, next(_SERIAL))
    contact = accounts.contact.parse(made.phone)
    assert contact is not None
    said = {"pin": made.pin, "full_name": "Lê Thị Mới", "date_of_birth": "1993-05-12", "sex": "female"}
    now = clock.now()
    async with city.house.db.begin() as conn:
        opened = await accounts.open_or_find(
            conn,
            city.house.keys,
            claims=[accounts.ProvedClaim(claim=c, value=v, sources=("test",), proved_at=now) for c, v in said.items()],
            contact=contact,
            level=level,
            evidence={"test": True},
            at=now,
        )
    made.account_id = opened.id
    made.calls = await made.sign_in()
    return made


async def letters_to(city: CityPeople, contact: str, event: str) -> list[str]:
    """What the open inbox shows of one event for a phone or address, the newest first."""
    await city.run_jobs()
    letters = (await city.client.get("/sandbox/inbox.json")).json()
    return [one["text"] for one in letters if one["to"] == contact and one["event"] == event]

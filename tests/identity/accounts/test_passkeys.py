"""Passkeys: registered by who is signed in, good for signing in; every lie of an authenticator, page or stranger is refused."""

import asyncio
from typing import Any

import cbor2
import jwt
import msgspec
import pytest

from api.caller import Device, Pkce
from identity.accounts.passkeys import service
from kit.db import raw
from tests.identity.accounts.authenticator import BE, BS, UP, UV, Authenticator, b64
from tests.people import ISSUER, CityPeople, Person

REGISTER, SIGN_IN, MINE = "/v1/me/passkey-registrations", "/v1/passkey-sign-ins", "/v1/me/passkeys"


@pytest.fixture(autouse=True)
async def _uncounted(city: CityPeople) -> None:
    """Each test begins without passkeys."""
    await city.house.valkey.forget_everything()
    async with city.house.db.begin() as conn:
        await (await raw(conn)).execute("update passkeys set removed_at = now() where removed_at is null")


async def register(person: Person, authenticator: Authenticator, name: str = "Điện thoại", **answer: Any) -> Any:
    lies = answer.pop("lies", {})
    begun = await person.post(REGISTER, expect=201)
    credential = authenticator.create(begun["options"], **lies)
    path = f"{REGISTER}/{begun['id']}/credential"
    return await person.post(path, json={"credential": credential, "name": name}, **{"expect": 201} | answer)


class App:
    """The citizen app signing in: its key, its verifier, and the code it gets."""

    def __init__(self, city: CityPeople) -> None:
        self.city, self.device, self.pkce = city, Device(), Pkce()

    async def begin(self, **more: Any) -> Any:
        answer = {"expect": more.pop("expect", 201), "code": more.pop("code", None)}
        body = {
            "client_id": "citizen-app",
            "code_challenge": self.pkce.challenge,
            "code_challenge_method": "S256",
            **more,
        }
        headers = {"DPoP": self.device.proof("POST", ISSUER + SIGN_IN)}
        return await self.city.nobody.post(SIGN_IN, json=body, headers=headers, **answer)

    async def answer(self, begun: Any, credential: Any, **answer: Any) -> Any:
        path = f"{SIGN_IN}/{begun['id']}/assertion"
        return await self.city.nobody.post(path, json={"credential": credential}, **answer)


async def sign_in(city: CityPeople, authenticator: Authenticator, *, expect: int = 200, **lies: Any) -> Any:
    app = App(city)
    begun = await app.begin()
    code = None if expect == 200 else "passkey-not-accepted"
    return await app.answer(begun, authenticator.get(begun["options"], **lies), expect=expect, code=code)


async def signed_in(city: CityPeople, authenticator: Authenticator) -> Person:
    """An app that came in by this passkey."""
    app = App(city)
    begun = await app.begin()
    reply = await app.answer(begun, authenticator.get(begun["options"]), expect=200)
    token = await city.token(app.device, "citizen-app", reply["authorization_code"], app.pkce.verifier)
    return Person(city.client, "by passkey", token=token, device=app.device)


@pytest.mark.parametrize(
    ("alg", "counts", "synced"), [(-7, True, False), (-7, False, True), (-8, True, False), (-257, True, False)]
)
async def test_a_passkey_ends_where_a_one_time_code_does(
    city: CityPeople, alg: int, counts: bool, synced: bool
) -> None:
    parent = await city.signed_in("parent")
    phone = Authenticator(alg=alg, counts=counts, synced=synced)
    made = await register(parent, phone)
    assert (made["name"], made["synced"], made["locked_at"], made["last_used_at"]) == ("Điện thoại", synced, None, None)
    for _ in range(2):
        app = App(city)
        begun = await app.begin(nonce="n-1")
        reply = await app.answer(begun, phone.get(begun["options"]), expect=200)
        assert (reply["iss"], reply["expires_in"]) == (ISSUER, 60)
        token = await city.token(app.device, "citizen-app", reply["authorization_code"], app.pkce.verifier)
        claims = jwt.decode(token, options={"verify_signature": False})
        assert claims["amr"] == ["swk" if synced else "hwk", "user", "mfa"]
        again = Person(city.client, "parent", token=token, device=app.device)
        assert (await again.get("/v1/me", expect=200)) == (await parent.get("/v1/me", expect=200))
    assert (await parent.get(MINE, expect=200))[-1]["last_used_at"]
    async with city.house.db.connect() as conn:
        rows = await (await raw(conn)).execute("select method, outcome from sign_in_log order by id desc limit 1")
        assert await rows.fetchone() == ("passkey", "signed_in")


async def test_what_is_asked_of_the_authenticator(city: CityPeople) -> None:
    parent = await city.signed_in("parent")
    await register(parent, phone := Authenticator())
    options = (await parent.post(REGISTER, expect=201))["options"]
    chosen = options["authenticatorSelection"]
    assert (chosen["residentKey"], chosen["requireResidentKey"], chosen["userVerification"]) == (
        "required",
        True,
        "required",
    )
    assert (options["rp"]["id"], options["attestation"]) == ("127.0.0.1", "none")
    assert [one["alg"] for one in options["pubKeyCredParams"]] == [-7, -8, -257]
    assert b64(phone.id) in {one["id"] for one in options["excludeCredentials"]}
    asked = (await App(city).begin())["options"]
    assert (asked["rpId"], asked["userVerification"], asked.get("allowCredentials")) == ("127.0.0.1", "required", [])
    assert len(asked["challenge"]) >= 43
    assert asked["challenge"] != (await App(city).begin())["options"]["challenge"]


LIES_IN_BOTH: list[tuple[str, dict[str, Any]]] = [
    ("another origin", {"origin": "https://evil.test"}),
    ("an origin that begins alike", {"origin": "http://127.0.0.1:8000.evil.test"}),
    ("another port", {"origin": "http://127.0.0.1:8001"}),
    ("another rp", {"rp_id": "evil.test"}),
    ("the parent domain as rp", {"rp_id": "0.0.1"}),
    ("not verified", {"flags": UP}),
    ("nobody present", {"flags": UV}),
    ("another challenge", {"challenge": b64(bytes(32))}),
    ("an empty challenge", {"challenge": ""}),
    ("a frame in another's page", {"client": {"crossOrigin": True}}),
    ("a top page that is another's", {"client": {"topOrigin": "https://evil.test"}}),
    ("a type that is neither", {"type": "payment.get"}),
]


@pytest.mark.parametrize(
    "lies",
    [lies for _, lies in LIES_IN_BOTH]
    + [
        {"type": "webauthn.get"},
        {"alg": -65535},
        {"fmt": "android-safetynet"},
        {"fmt": "packed"},
        {"id": b64(b"other")},
        {"attestation": b""},
        {"attestation": b"\xff" * 300},
        {"attestation": cbor2.dumps({"fmt": "none"})},
        {"attestation": b"\x81" * 5000},
    ],
    ids=str,
)
async def test_a_registration_that_does_not_hold(city: CityPeople, lies: dict[str, Any]) -> None:
    parent = await city.signed_in("parent")
    before = len(await parent.get(MINE, expect=200))
    begun = await parent.post(REGISTER, expect=201)
    phone, path = Authenticator(), f"{REGISTER}/{begun['id']}/credential"
    sent = {"credential": phone.create(begun["options"], **lies), "name": "x"}
    await parent.post(path, json=sent, expect=422, code="passkey-not-accepted")
    # The challenge is used up, whatever came of it.
    sent["credential"] = phone.create(begun["options"])
    await parent.post(path, json=sent, expect=410, code="passkey-ceremony-over")
    assert len(await parent.get(MINE, expect=200)) == before


@pytest.mark.parametrize(
    "lies",
    [lies for _, lies in LIES_IN_BOTH]
    + [
        {"type": "webauthn.create"},
        {"signature": bytes(70)},
        {"signature": b""},
        {"handle": b"acc_somebody_else"},
        {"handle": b""},
        {"id": bytes(32)},
        {"id": b""},
        {"flags": UP | UV | BE | BS},
    ],
    ids=str,
)
async def test_an_assertion_that_does_not_hold(city: CityPeople, lies: dict[str, Any]) -> None:
    phone = Authenticator()
    await register(await city.signed_in("parent"), phone)
    said = await sign_in(city, phone, expect=422, **lies)
    assert said["message"]["en"] == "This passkey was not accepted. Try again, or sign in with a one-time code."
    await sign_in(city, phone)


async def test_an_assertion_serves_once(city: CityPeople) -> None:
    phone = Authenticator()
    await register(await city.signed_in("parent"), phone)
    app = App(city)
    begun = await app.begin()
    credential = phone.get(begun["options"])
    answers = await asyncio.gather(*(app.answer(begun, credential) for _ in range(4)))
    assert sorted(str(answer.get("code")) for answer in answers) == ["None", *["passkey-ceremony-over"] * 3]
    # Nor does it answer the next challenge.
    await app.answer(await app.begin(), credential, expect=422, code="passkey-not-accepted")


async def test_challenges_are_of_one_purpose_and_of_five_minutes(city: CityPeople) -> None:
    parent, phone, app = await city.signed_in("parent"), Authenticator(), App(city)
    await register(parent, phone)
    begun = await app.begin()
    sent = {"credential": phone.get(begun["options"]), "name": "x"}
    await parent.post(f"{REGISTER}/{begun['id']}/credential", json=sent, expect=410, code="passkey-ceremony-over")
    async with city.house.db.begin() as conn:
        await (await raw(conn)).execute(
            "update passkey_challenges set expires_at = now() where id = %s", (begun["id"],)
        )
    await app.answer(begun, phone.get(begun["options"]), expect=410, code="passkey-ceremony-over")
    for unknown in ("pkc_00000000000000000000000000", "x"):
        await app.answer({"id": unknown}, {}, expect=410, code="passkey-ceremony-over")


async def test_a_registration_is_of_the_session_it_was_begun_in(city: CityPeople) -> None:
    parent, stranger = await city.signed_in("parent"), await city.signed_in("stranger")
    begun, phone = await parent.post(REGISTER, expect=201), Authenticator()
    path = f"{REGISTER}/{begun['id']}/credential"
    sent = {"credential": phone.create(begun["options"]), "name": "x"}
    await stranger.post(path, json=sent, expect=410, code="passkey-ceremony-over")
    await city.nobody.post(path, json=sent, expect=401, code="not-signed-in")
    # The owner's on another device: another key, another session.
    city._known.pop("parent")
    await (await city.signed_in("parent")).post(path, json=sent, expect=410, code="passkey-ceremony-over")
    await parent.post(path, json=sent, expect=201)
    # One credential, one account.
    await register(stranger, phone, expect=409, code="passkey-exists")


async def test_a_counter_that_goes_back_locks_the_passkey_and_tells_its_owner(city: CityPeople) -> None:
    parent, phone = await city.signed_in("parent"), Authenticator()
    made = await register(parent, phone)
    for _ in range(3):
        await sign_in(city, phone)
    # A stranger's guess without the key locks nothing.
    await sign_in(city, phone, expect=422, counter=1, signature=bytes(70))
    await sign_in(city, phone)
    await sign_in(city, phone, expect=422, counter=2)
    mine = next(one for one in await parent.get(MINE, expect=200) if one["id"] == made["id"])
    assert mine["locked_at"]
    await sign_in(city, phone, expect=422)
    await city.run_jobs()
    letters = (await city.client.get("/sandbox/inbox.json")).json()
    assert any(one["event"] == "way-in-changed" and "sao chep" in one["text"] for one in letters)


async def test_a_counter_that_stands_still_counts_as_going_back(city: CityPeople) -> None:
    phone = Authenticator()
    await register(await city.signed_in("parent"), phone)
    await sign_in(city, phone)
    await sign_in(city, phone, expect=422, counter=phone.counter)


async def test_names_lists_and_removal(city: CityPeople) -> None:
    parent, stranger, phone = await city.signed_in("parent"), await city.signed_in("stranger"), Authenticator()
    made = await register(parent, phone, "  Máy   tính ")
    assert made["name"] == "Máy tính"
    path = f"{MINE}/{made['id']}"
    await stranger.patch(path, json={"name": "x"}, expect=404, code="not-found")
    await city.nobody.get(MINE, expect=401, code="not-signed-in")
    assert made["id"] not in {one["id"] for one in await stranger.get(MINE, expect=200)}
    assert (await parent.patch(path, json={"name": "Điện thoại mới"}, expect=200))["name"] == "Điện thoại mới"
    await parent.patch(path, json={"name": " "}, expect=422, code="bad-name")
    for bad in ("", "x" * 61, "a\nb", "a\u202eb"):
        await parent.patch(path, json={"name": bad}, expect=400, code="malformed-request")
    removed = f"/v1/me/authenticators/{made['id']}"
    # Another passkey's session does not do; its own does.
    await register(parent, other := Authenticator())
    await (await signed_in(city, other)).delete(removed, expect=409, code="recovery-needed")
    mine = await signed_in(city, phone)
    await mine.delete(removed, expect=204)
    await mine.delete(removed, expect=404, code="not-found")
    assert [one["name"] for one in await parent.get(MINE, expect=200)] == ["Điện thoại"]
    await sign_in(city, phone, expect=422)


async def test_beginnings_that_are_refused(city: CityPeople) -> None:
    app = App(city)
    await app.begin(client_id="nobody-knows", expect=400, code="unknown-client")
    await app.begin(scope="desk", expect=422, code="bad-scope")
    await app.begin(code_challenge_method="plain", expect=422, code="bad-code-challenge")
    body = {"client_id": "citizen-app", "code_challenge": app.pkce.challenge, "code_challenge_method": "S256"}
    await city.nobody.post(SIGN_IN, json=body, expect=400, code="invalid-dpop-proof")


async def test_an_account_holds_only_so_many(city: CityPeople, monkeypatch: pytest.MonkeyPatch) -> None:
    parent = await city.signed_in("parent")
    await register(parent, Authenticator())
    few = service.policy()
    monkeypatch.setattr(
        service,
        "policy",
        lambda: msgspec.structs.replace(few, passkeys=msgspec.structs.replace(few.passkeys, most=1)),
    )
    await parent.post(REGISTER, expect=409, code="too-many-passkeys")


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"rawId": 1},
        {"rawId": "%%%"},
        {"rawId": None, "response": []},
        {"id": "AA", "rawId": "AA", "type": "public-key", "response": "x"},
        {"id": "AA", "rawId": "AA", "type": "public-key", "response": {"clientDataJSON": "e30"}},
    ],
    ids=str,
)
async def test_what_is_no_credential_is_refused_and_nothing_falls_over(city: CityPeople, sent: Any) -> None:
    parent, app = await city.signed_in("parent"), App(city)
    await app.answer(await app.begin(), sent, expect=422, code="passkey-not-accepted")
    begun = await parent.post(REGISTER, expect=201)
    await parent.post(
        f"{REGISTER}/{begun['id']}/credential",
        json={"credential": sent, "name": "x"},
        expect=422,
        code="passkey-not-accepted",
    )
    # Known, and all the rest is noise.
    await register(parent, phone := Authenticator())
    noise = phone.get((await app.begin())["options"])
    for name in noise["response"]:
        broken = noise | {"response": noise["response"] | {name: b64(b"[" * 9000)}}
        await app.answer(await app.begin(), broken, expect=422, code="passkey-not-accepted")

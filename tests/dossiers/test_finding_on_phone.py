"""By face on a phone: its own person's dossiers by its own person's face, by a scope and a consent of their own."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from identity import tokens
from identity.faces import FACE_ON_PHONE, FIND_MY_DOSSIER, Consent
from identity.tokens.refusals import BadClient
from identity.tokens.rfc8414 import DEVICE_CODE
from kit import clock
from kit.db import raw
from kit.refusal import Words
from tests.dossiers import steps
from tests.dossiers.test_finding import CHALLENGE, Seen, face, verdict
from tests.people import CityPeople, Person

pytestmark = pytest.mark.anyio
WARD = "off_ubnd_sai_gon"


@pytest.fixture
async def seen(city: CityPeople) -> AsyncIterator[Seen]:
    """Both parents agreed to be found; the camera sees the first one."""
    house, pool = city.house, city.house.pool
    await house.valkey.forget_everything()
    for key, fill in (("parent", 21), ("other_parent", 22)):
        person = await city.signed_in(key)
        await steps.submitted(person)
        consent = Consent(purpose=FIND_MY_DOSSIER, wording="face-lookup-1", given_at=clock.now())
        await house.faces.enrol((await person.get("/v1/me", expect=200))["account_id"], face(fill), consent)
    house.pool = found = Seen(face(21))
    yield found
    house.pool = pool


async def look(
    phone: Person, *, burst: bool = True, office_id: str = WARD, consent: str | None = None, **rest: Any
) -> Any:
    data = {"office_id": office_id, "consent": FACE_ON_PHONE.purpose if consent is None else consent}
    files = [("selfie", ("me.jpg", b"selfie", "image/jpeg"))]
    if burst:
        drawn = await phone.post(CHALLENGE, expect=201)
        files += [("frames", (f"{at}.jpg", b"\xff\xd8 %d" % at, "image/jpeg")) for at in range(8)]
        data |= {"challenge": drawn["challenge"], "times": ",".join(str(250 * at) for at in range(8))}
    return await phone.post("/v1/lookups/by-face", files=files, data=data, **{"expect": 200} | rest)


async def test_ones_own_face_finds_ones_own_dossiers(city: CityPeople, seen: Seen) -> None:
    found = await look(await city.signed_in("parent"))
    assert found["dossiers"]
    assert all("•••••" in one["receipt_code"] for one in found["dossiers"])
    assert "full_name" not in str(found)
    async with city.house.faces_db.connect() as conn:
        query = "select purpose, outcome, gallery_size from face_searches order by id desc limit 1"
        assert await (await (await raw(conn)).execute(query)).fetchone() == (FACE_ON_PHONE.purpose, "found", 1)
        query = "select purpose, wording from face_consents order by id desc limit 1"
        said = await (await (await raw(conn)).execute(query)).fetchone()
    assert said == (FACE_ON_PHONE.purpose, FACE_ON_PHONE.name)


async def test_another_persons_face_finds_nothing(city: CityPeople, seen: Seen) -> None:
    """Held before a stranger, or a picture of one, a phone tells nothing about them."""
    seen.description = face(22)
    await look(await city.signed_in("parent"), expect=404, code="face-not-found")
    assert (await look(await city.signed_in("other_parent")))["dossiers"]
    seen.description = face(23)
    await look(await city.signed_in("stranger"), expect=404, code="face-not-found")


async def test_nothing_is_compared_without_consent_a_burst_and_a_centre(city: CityPeople, seen: Seen) -> None:
    parent = await city.signed_in("parent")
    for consent in ("", FIND_MY_DOSSIER):
        problem = await look(parent, burst=False, consent=consent, expect=422, code="face-consent-missing")
        assert FACE_ON_PHONE.text.vi in problem["message"]["vi"], "what would be agreed to"
    await look(parent, burst=False, expect=422, code="live-selfie-missing")
    await look(parent, office_id="off_none", expect=404, code="not-found")
    assert not [function for function, _ in seen.ran if function.__name__ == "describe"]


async def test_of_what_is_not_live_nothing_is_told(city: CityPeople, seen: Seen) -> None:
    seen.burst = verdict("not_live", "moves-flat")
    await look(await city.signed_in("parent"), expect=422, code="not-live")
    async with city.house.faces_db.connect() as conn:
        query = "select purpose, outcome from face_searches order by id desc limit 1"
        assert await (await (await raw(conn)).execute(query)).fetchone() == (FACE_ON_PHONE.purpose, "not_live")


async def test_five_an_hour(city: CityPeople, seen: Seen) -> None:
    parent = await city.signed_in("parent")
    for _ in range(5):
        await look(parent, burst=False, expect=422, code="live-selfie-missing")
    await look(parent, burst=False, expect=429, code="too-many-requests")


async def test_a_challenge_belongs_to_the_phone_that_asked(city: CityPeople, seen: Seen) -> None:
    parent, other = await city.signed_in("parent"), await city.signed_in("other_parent")
    drawn = await parent.post(CHALLENGE, expect=201)
    files = [("selfie", ("me.jpg", b"selfie", "image/jpeg"))]
    files += [("frames", (f"{at}.jpg", b"\xff\xd8 %d" % at, "image/jpeg")) for at in range(8)]
    data = {
        "office_id": WARD, "consent": FACE_ON_PHONE.purpose, "challenge": drawn["challenge"],
        "times": ",".join(str(250 * at) for at in range(8)),
    }  # fmt: skip
    await other.post("/v1/lookups/by-face", files=files, data=data, expect=409, code="liveness-challenge-stale")


async def test_no_device_is_lent_it(city: CityPeople) -> None:
    async with city.house.db.begin() as conn:
        with pytest.raises(BadClient):
            await tokens.register_client(
                conn, client_id="tv-face", name="TV", kind="confidential", grants=[DEVICE_CODE],
                scopes=["dossiers:find-by-my-face"], purpose=Words(vi="Để thử.", en="To try."),
            )  # fmt: skip

"""At a kiosk by card, face and code: what it takes, and that nobody learns who has an account."""

from typing import Any

import httpx
import jwt
import msgspec
import pytest

import ocr
from identity import faces
from identity.faces import liveness
from kit.db import raw
from tests.identity.proofing import cards
from tests.identity.proofing.conftest import PreparedPhotos
from tests.identity.tokens.browsing import PARENT
from tests.people import CityPeople
from tests.web.test_kiosk import COOKIE, Machine, kiosk

pytestmark = pytest.mark.anyio
__all__ = ["kiosk"]
PIN = "079192000011"


@pytest.fixture
def photos(city: CityPeople) -> Any:
    """The card is the parent's, and so is the face."""
    pool, prepared = city.house.pool, PreparedPhotos()
    prepared.card = cards.card(number=cards.field("number", value=PIN))
    city.house.pool = prepared
    yield prepared
    city.house.pool = pool


async def challenge(kiosk: Machine) -> Any:
    drawn = await kiosk.http.post("/kiosk/card/challenge")
    assert drawn.status_code == 200, drawn.text
    return drawn.json()


async def show(kiosk: Machine, drawn: Any = None, **change: Any) -> httpx.Response:
    drawn = drawn or await challenge(kiosk)
    files = [("front", ("f.jpg", change.pop("front", b"front"))), ("back", ("b.jpg", b"back"))]
    files += [("frames", (f"{at}.jpg", b"\xff\xd8 %d" % at)) for at in range(8)]
    data = {"challenge": drawn["challenge"], "times": ",".join(str(250 * at) for at in range(8))} | change
    return await kiosk.http.post("/kiosk/card", data=data, files=files)


async def enter(kiosk: Machine, code: str, *allow: str) -> httpx.Response:
    return await kiosk.http.post("/kiosk/card/code", json={"code": code, "allow": list(allow)})


async def test_card_face_and_code(city: CityPeople, kiosk: Machine, photos: PreparedPhotos) -> None:
    await kiosk.begin()
    page = await kiosk.http.get("/kiosk/card")
    assert "Xem hồ sơ của bạn" in page.text
    assert "checked" not in page.text
    assert (await show(kiosk)).json() == {"expires_in": 300}
    assert await kiosk.state() == "waiting", "card and face are not enough"
    assert (await enter(kiosk, "000000", "profile")).json()["code"] == "wrong-sign-in-code"
    done = await enter(kiosk, await city.code_sent_to(PARENT), "profile")
    assert done.json() == {"state": "in"}
    assert await kiosk.state() == "in"
    page = await kiosk.visit()
    assert "Nguyễn Thị Hồng Thắm" in page.text
    assert "chưa cho phép ki-ốt xem hồ sơ" in page.text, "what was not ticked"
    claims = jwt.decode(kiosk.http.cookies[COOKIE], options={"verify_signature": False})
    assert claims["amr"] == ["face", "otp", "sms", "mfa"]
    assert [function for function, _ in photos.seen] == [
        liveness.refuse_unfit, ocr.read_card_with_portrait, liveness.judge_burst, liveness.compare_owner,
    ]  # fmt: skip
    assert (await enter(kiosk, "000000")).json()["code"] == "kiosk-visit-over"


async def test_nobody_learns_whether_the_holder_has_an_account(
    city: CityPeople, kiosk: Machine, photos: PreparedPhotos
) -> None:
    await city.run_jobs()
    before = await city.client.get("/sandbox/inbox.json")
    photos.card = cards.card(number=cards.field("number", value="079192000999"))
    await kiosk.begin()
    told = await show(kiosk)
    assert (told.status_code, told.json()) == (200, {"expires_in": 300})
    await city.run_jobs()
    assert (await city.client.get("/sandbox/inbox.json")).json() == before.json()
    for left in (4, 3, 2, 1):
        refused = await enter(kiosk, "123456")
        assert (refused.status_code, refused.json()["code"]) == (422, "wrong-sign-in-code")
        assert str(left) in refused.json()["message"]["en"]
    assert (await enter(kiosk, "123456")).json()["code"] == "sign-in-over"


@pytest.mark.parametrize("owner", ["no_match", "unsure", "copy", "no_face"])
async def test_whoever_is_not_the_holder_is_sent_nothing(
    city: CityPeople, kiosk: Machine, photos: PreparedPhotos, owner: str
) -> None:
    await kiosk.begin()
    photos.owner = owner
    refused = await show(kiosk)
    assert (refused.status_code, refused.json()["code"]) == (422, "card-holder-not-seen")
    assert (await enter(kiosk, "123456")).json()["code"] == "sign-in-over", "no code waits"


async def test_what_is_not_live_is_told_what_to_do(city: CityPeople, kiosk: Machine, photos: PreparedPhotos) -> None:
    from identity.faces.liveness.wording import TIPS

    photos.burst = liveness.Verdict("not_live", (liveness.Reason("moves-flat", TIPS["moves-flat"]),), "liveness-test")
    await kiosk.begin()
    refused = await show(kiosk)
    assert (refused.status_code, refused.json()["code"]) == (422, "card-holder-not-seen")
    assert [fault["code"] for fault in refused.json()["faults"]] == ["moves-flat"]


async def test_a_card_that_proves_nobody(city: CityPeople, kiosk: Machine, photos: PreparedPhotos) -> None:
    await kiosk.begin()
    photos.card = msgspec.structs.replace(photos.card, portrait=None)
    refused = await show(kiosk)
    assert (refused.status_code, refused.json()["code"]) == (422, "card-not-accepted")
    assert refused.json()["faults"]
    assert (await show(kiosk, front=b"")).json()["code"] == "photo-missing"


async def test_production_lets_nobody_in_by_assumed_lines(
    city: CityPeople, kiosk: Machine, photos: PreparedPhotos, monkeypatch: pytest.MonkeyPatch
) -> None:
    production = msgspec.structs.replace(city.house.settings, environment="production")
    monkeypatch.setattr(city.house, "settings", production)
    await kiosk.begin()
    assert (await show(kiosk)).json()["code"] == "card-holder-not-seen"
    monkeypatch.setattr(faces, "measured", lambda: True)
    assert (await show(kiosk)).status_code == 200


async def test_a_challenge_is_this_visits_once(city: CityPeople, kiosk: Machine, photos: PreparedPhotos) -> None:
    await kiosk.begin()
    old = await challenge(kiosk)
    await kiosk.begin()
    for drawn in (old, await challenge(kiosk)):
        answer = await show(kiosk, drawn)
        assert answer.status_code == (409 if drawn is old else 200)
        assert (await show(kiosk, drawn)).json()["code"] == "liveness-challenge-stale"


async def test_only_while_a_kiosk_waits(city: CityPeople, kiosk: Machine, photos: PreparedPhotos) -> None:
    for cookie in (None, "x", "mc_dc_" + "x" * 43):
        kiosk.http.cookies.clear()
        if cookie is not None:
            kiosk.http.cookies.set(COOKIE, cookie)
        for answer in (await kiosk.http.post("/kiosk/card/challenge"), await enter(kiosk, "123456")):
            assert (answer.status_code, answer.json()["code"]) == (410, "kiosk-visit-over")
        page = await kiosk.http.get("/kiosk/card")
        assert (page.status_code, page.headers["location"]) == (303, "/kiosk/visit")
    kiosk.http.cookies.clear()
    await kiosk.begin()
    await show(kiosk)
    left = kiosk.http.cookies[COOKIE]
    code = await city.code_sent_to(PARENT)
    await kiosk.http.get("/kiosk")
    kiosk.http.cookies.set(COOKIE, left)
    assert (await enter(kiosk, code)).json()["code"] == "kiosk-visit-over", "left, and the code with it"


async def test_a_locked_account_looks_like_none(city: CityPeople, kiosk: Machine, photos: PreparedPhotos) -> None:
    async with city.house.db.begin() as conn:
        await (await raw(conn)).execute(
            "update accounts set locked_at = now() where full_name = 'Nguyễn Thị Hồng Thắm'"
        )
    await kiosk.begin()
    await city.run_jobs()
    before = (await city.client.get("/sandbox/inbox.json")).json()
    assert (await show(kiosk)).json() == {"expires_in": 300}
    await city.run_jobs()
    assert (await city.client.get("/sandbox/inbox.json")).json() == before

"""The desk's other doors: an officer's first day, who registers a passkey and does nothing else; and the wires' dead letters."""

import json
import re
from typing import Any

import pytest
from sqlalchemy import text

from identity import accounts, offices
from kit import clock, ids
from tests.identity.accounts.authenticator import Authenticator
from tests.identity.offices.test_officer_passkeys import strict as strict
from tests.people import CityPeople
from tests.web.test_desk import REGISTRAR, at_desk
from tests.web.test_filing import Browser, inputs

pytestmark = pytest.mark.anyio

OPERATOR = "van.hanh@motcua.test"


@pytest.fixture(autouse=True)
async def _uncounted(request: pytest.FixtureRequest) -> None:
    city: CityPeople = request.getfixturevalue("strict" if "strict" in request.fixturenames else "city")
    await city.house.valkey.forget_everything()


async def test_on_the_first_day_a_passkey_is_registered_and_nothing_else(strict: CityPeople) -> None:
    browser = Browser(strict)
    await browser.get("/desk")
    await browser.sign_in(REGISTRAR)
    assert "/desk/passkey" in browser.url
    assert "Đăng ký khoá truy cập" in browser.page
    for page in ("/desk", "/desk/wires", "/desk/branches/bra_moon"):
        answer = await browser.client.get(page)
        assert (answer.status_code, answer.headers["location"][:13]) == (303, "/desk/passkey"), page
    form, key = inputs(browser.page, "/desk/passkey?lang=vi"), Authenticator()
    asked = await browser.client.post("/desk/passkey-options", data={"csrf": form["csrf"]})
    assert asked.status_code == 200, asked.text
    sent = form | {"challenge": asked.json()["id"], "credential": "not json"}
    wrong = await browser.client.post("/desk/passkey?lang=vi", data=sent)
    assert (wrong.status_code, 'role="alert"' in wrong.text) == (422, True)
    assert (await browser.client.post("/desk/passkey-options", data={"csrf": "x"})).status_code == 403
    credential = json.dumps(key.create(asked.json()["options"]))
    page = await browser.client.post("/desk/passkey?lang=vi", data=sent | {"credential": credential})
    assert page.status_code == 303, page.text
    # In by it from now on: the code is worth nothing any more.
    await browser.get("/desk", expect=403)
    assert "/sign-in/" in browser.url
    assert "Cán bộ đăng nhập bằng khoá truy cập" in browser.page
    at = re.sub(r"^https?://[^/]+|\?.*$", "", browser.url)
    csrf = inputs(browser.page, f"{at}/passkey?lang=vi")["csrf"]
    options = (await browser.client.post(f"{at}/passkey-options", data={"csrf": csrf})).json()
    signed = json.dumps(key.get(options["options"]))
    answer = await browser.client.post(
        f"{at}/passkey?lang=vi", data={"csrf": csrf, "challenge": options["id"], "credential": signed}
    )
    await browser.get(answer.headers["location"])
    page_of_queue = await browser.get("/desk")
    assert "Hồ sơ chờ xử lý" in page_of_queue


async def dead_letter(city: CityPeople) -> str:
    message_id, now = ids.new_id("wmg"), clock.now()
    row: dict[str, Any] = {"id": message_id, "branch": ids.new_id("bra"), "at": now}
    async with city.house.db.begin() as conn:
        for statement in (
            "insert into wires (name, agency, url, public_key, key_id, account_id, opened_at, closed_at)"
            " values ('far', 'bhxh', 'http://agency.test/in', decode(repeat('00', 32), 'hex'), 'k', 'acc_far', :at, :at)"
            " on conflict do nothing",
            "insert into wire_cases (branch_id, wire, status) values (:branch, 'far', 1)",
            "insert into wire_messages (id, wire, branch_id, sequence, status, body, state, attempts, next_attempt_at, made_at,"
            " last_error) values (:id, 'far', :branch, 1, 1, '{}', 'dead', 20, :at, :at, '503 <away>')",
        ):
            await conn.execute(text(statement), row)
    return message_id


async def test_a_dead_letter_is_sent_again_or_set_aside_once(city: CityPeople) -> None:
    contact = accounts.contact.parse(OPERATOR)
    assert contact is not None
    async with city.house.db.begin() as conn:
        made = await accounts.open_officer(conn, city.house.keys, full_name="Tạ Văn Hành", contact=contact)
        await offices.appoint(conn, account_id=made.id, office_id="off_ubnd_sai_gon", roles=["operator"])
    first, second = await dead_letter(city), await dead_letter(city)
    browser = await at_desk(city, OPERATOR)
    page = await browser.get("/desk/wires")
    assert "503 &lt;away&gt;" in page
    again = f"/desk/wires/{first}?lang=vi"
    form = inputs(page, again)
    assert "Đã xếp gửi lại" in await browser.send(again, do="again")
    assert again not in browser.page
    assert "Đã bỏ qua" in await browser.send(f"/desk/wires/{second}?lang=vi", do="aside")
    twice = await browser.client.post(again, data=form | {"do": "again"})
    assert twice.status_code == 409
    assert "không còn nằm trong danh sách" in twice.text
    async with city.house.db.connect() as conn:
        states = dict((await conn.execute(text("select id, state from wire_messages"))).tuples().all())
    assert (states[first], states[second]) == ("waiting", "set_aside")

"""The desk's other doors: an officer's first day, who registers a passkey and does nothing else; and the wires' dead letters."""

import json
import re
from typing import Any

import pytest
from sqlalchemy import text

from api.caller import Device
from identity import accounts, offices
from kit import clock, ids
from tests.identity.accounts.authenticator import Authenticator
from tests.identity.offices.test_kiosks import ask, token
from tests.identity.offices.test_officer_passkeys import strict as strict
from tests.identity.offices.test_staff import WARD
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
            "insert into wire_cases (case_id, wire, status) values (:branch, 'far', 1)",
            "insert into wire_messages (id, wire, case_id, sequence, status, body, state, attempts, next_attempt_at, made_at,"
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


async def test_a_kiosk_is_let_in_by_the_code_on_its_screen_and_taken_out(city: CityPeople) -> None:
    mail = "van.kiosk@motcua.test"
    contact = accounts.contact.parse(mail)
    assert contact is not None
    async with city.house.db.begin() as conn:
        made = await accounts.open_officer(conn, city.house.keys, full_name="Võ Văn Kiốt", contact=contact)
        await offices.appoint(conn, account_id=made.id, office_id=WARD, roles=["operator"])
    machine = Device()
    code = (await ask(city, machine, expect=200))["code"]
    registrar = await at_desk(city)
    await registrar.get("/desk/kiosks", expect=403)
    assert "/desk/kiosks" not in await registrar.get("/desk")
    browser = await at_desk(city, mail)
    assert "/desk/kiosks" in browser.page
    page = await browser.get("/desk/kiosks")
    assert code not in page, "the code is on the machine's screen and nowhere else"
    let_in = "/desk/kiosks?lang=vi"
    form = inputs(page, let_in)
    assert form["office_id"] == WARD, "one's own office first"
    for wrong, expect in (
        ({"code": ""}, 422),
        ({"code": "BBBB-BBBB"}, 404),
        ({"name": "x\u202e"}, 422),
        ({"name": "x" * 90}, 422),
    ):
        refused = await browser.client.post(let_in, data=form | {"code": code, "name": "Ki-ốt <2>"} | wrong)
        assert (refused.status_code, 'role="alert"' in refused.text) == (expect, True), wrong
    assert (await browser.client.post(let_in, data={"csrf": "x", "code": code})).status_code == 403
    done = await browser.send(let_in, code=f" {code.lower()} ", name="Ki-ốt <2>")
    assert "Đã cho máy này làm ki-ốt" in done
    assert "Ki-ốt &lt;2&gt;" in done
    client_id = (await ask(city, machine, expect=200))["client_id"]
    assert (await token(city, machine, client_id)).status_code == 200
    found = re.search(rf'<code>{client_id}</code>.*?action="([^"]+/removal[^"]*)"', done, re.S)
    assert found
    sent = inputs(done, found[1])
    assert (await registrar.client.post(found[1], data=sent)).status_code == 403
    assert "ngừng hoạt động" in await browser.send(found[1])
    assert (await token(city, machine, client_id)).status_code == 401
    assert (await browser.client.post(found[1], data=sent)).status_code == 404

"""The cash book at a browser: the day's list for the head and for who took it, page by page, to save, and the receipt for the citizen."""

from urllib.parse import quote

import pytest
from sqlalchemy import text

from kit import clock
from tests.dossiers import steps
from tests.dossiers.test_lifecycle import BRANCH
from tests.dossiers.test_takings import taken
from tests.people import CityPeople
from tests.web.test_desk import COUNTER, PARENT, POLICE, at_desk
from tests.web.test_filing import Browser

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
async def _uncounted(city: CityPeople) -> None:
    await city.house.valkey.forget_everything()


async def of_counter(city: CityPeople) -> dict[str, str]:
    """As if the ward's counter had taken it."""
    async with city.house.db.connect() as conn:
        query = text(
            "select id from accounts where id in (select account_id from officers where office_id = 'off_ubnd_sai_gon')"
            " and full_name like '%Phúc%'"
        )
        me = (await conn.execute(query)).scalar_one()
    return await taken(city, taken_by=me, taken_at_office="off_ubnd_sai_gon")


async def test_who_took_it_prints_the_day(city: CityPeople) -> None:
    paid = await of_counter(city)
    browser = await at_desk(city, COUNTER)
    assert 'href="/desk/takings?lang=vi"' in browser.page
    page = await browser.get("/desk/takings?lang=vi")
    assert paid["receipt"] in page
    assert "10.000 đồng" in page
    assert len(page.encode()) <= 50_000
    nothing = await browser.get("/desk/takings?lang=vi&day=2020-01-01&page=999999")
    assert "chưa thu khoản tiền mặt nào" in nothing
    assert f"{clock.today():%d/%m/%Y}" in await browser.get("/desk/takings?day=moon&page=x")
    saved = await browser.client.get("/desk/takings/spreadsheet?lang=vi")
    assert (saved.status_code, paid["receipt"] in saved.text) == (200, True)
    assert "attachment" in saved.headers["content-disposition"]
    for path in ("/desk/takings", "/desk/takings/spreadsheet"):
        assert (await browser.client.get(f"{path}?by={quote('acc_somebody')}")).status_code == 403
        assert (await (await at_desk(city, POLICE)).client.get(path)).status_code == 403


async def test_a_busy_day_is_a_page_for_each_hundred(city: CityPeople) -> None:
    paid = await of_counter(city)
    day = "2026-04-01"
    async with city.house.db.begin() as conn:
        more = text(
            "insert into payments (id, dossier_id, branch, amount_dong, reason, asked_by, asked_at, paid_at, reference, receipt, taken_by,"
            " taken_at_office) select id || n, dossier_id, branch, amount_dong, reason, asked_by, asked_at, timestamptz '2026-04-01 02:00Z'"
            " + n * interval '1 second', 'cash:' || id || n, receipt || '-' || n, taken_by, taken_at_office from payments,"
            " generate_series(1, 250) n where id = :id"
        )
        await conn.execute(more, {"id": paid["order_id"]})
    browser = await at_desk(city, COUNTER)
    seen: set[str] = set()
    for page in (1, 2, 3):
        shown = await browser.get(f"/desk/takings?lang=vi&day={day}&page={page}")
        assert len(shown.encode()) <= 50_000
        assert "2.500.000 đồng" in shown, "the sum is of the whole day"
        assert f"({page} / 3)" in shown
        seen |= {one for one in (f"{paid['receipt']}-{n}<" for n in range(1, 251)) if one in shown}
    assert len(seen) == 250
    assert f"day={day}&amp;page=2" in shown


async def test_the_citizen_and_the_counter_print_the_receipt(city: CityPeople) -> None:
    paid = await taken(city)
    officer = await at_desk(city, POLICE)
    path = f"/desk/branches/{paid['branch_id']}"
    assert f'href="{path}/payments/{paid["order_id"]}/receipt"' in await officer.get(path)
    done = await officer.get(f"{path}?lang=vi&done=take_cash")
    assert "Biên lai để in" in done
    printed = await officer.client.get(f"{path}/payments/{paid['order_id']}/receipt")
    assert (printed.status_code, printed.headers["content-type"]) == (200, "application/pdf")
    assert (await officer.client.get(f"{path}/payments/pay_none/receipt")).status_code == 404
    citizen = Browser(city)
    await citizen.get("/account")
    await citizen.sign_in(PARENT)
    async with city.house.db.connect() as conn:
        find = text("select dossier_id from payments where id = :id")
        dossier_id = (await conn.execute(find, {"id": paid["order_id"]})).scalar_one()
    link = f"/dossiers/{dossier_id}/cash-receipts/{BRANCH}/{paid['order_id']}"
    assert f'href="{link}?lang=vi"' in await citizen.get(f"/dossiers/{dossier_id}?lang=vi")
    assert (await citizen.client.get(link)).content == printed.content
    assert (await Browser(city).client.get(link)).status_code == 303


async def test_the_citizen_and_the_office_print_what_is_asked_for(city: CityPeople) -> None:
    parent, officer = await city.signed_in("parent"), await city.signed_in("civil_status")
    dossier = await steps.submitted(parent)
    branch = f"branches/{steps.branch(dossier, 'birth')['id']}"
    await officer.post(f"/v1/desk/{branch}/claim", expect=201)
    browser, citizen = await at_desk(city), Browser(city)
    await citizen.get("/account")
    await citizen.sign_in(PARENT)
    link = f"/dossiers/{dossier['id']}/supplement-requests/birth"
    assert f'/desk/{branch}/supplement-request"' not in await browser.get(f"/desk/{branch}")
    assert link not in await citizen.get(f"/dossiers/{dossier['id']}?lang=vi")
    asked = {"reason": "Ảnh chụp giấy chứng sinh mờ, không đọc được số.", "documents": ["birth_notification"]}
    await officer.post(f"/v1/desk/{branch}/supplement-request", json=asked, expect=201)
    assert f'href="/desk/{branch}/supplement-request"' in await browser.get(f"/desk/{branch}")
    assert f'href="{link}?lang=vi"' in await citizen.get(f"/dossiers/{dossier['id']}?lang=vi")
    letters = [
        await one.client.get(at) for one, at in ((browser, f"/desk/{branch}/supplement-request"), (citizen, link))
    ]
    assert [one.status_code for one in letters] == [200, 200]
    assert letters[0].content == letters[1].content
    assert (await Browser(city).client.get(link)).status_code == 303

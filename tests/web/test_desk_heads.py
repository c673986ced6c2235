"""What heads of offices see, and what citizens say: figures, officers and their fields, a rating once."""

import uuid

import pytest

from tests.dossiers import steps
from tests.people import CityPeople
from tests.web.test_desk import HEAD, PARENT, REGISTRAR, WHY, at_desk, claimed
from tests.web.test_filing import Browser, inputs

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
async def _uncounted(city: CityPeople) -> None:
    await city.house.valkey.forget_everything()


async def test_figures_are_for_heads_and_for_the_days_asked(city: CityPeople) -> None:
    browser, dossier, path = await claimed(city)
    ask = f"{path}/supplement-request?lang=vi"
    form = inputs(browser.page, ask) | {"field": "child.full_name", "do": "ask", "reason": WHY}
    assert (await browser.client.post(ask, data=form)).status_code == 303
    parent = await city.signed_in("parent")
    given = {"fields": {"child.full_name": "Hoàng Ngọc Ánh"}}
    mine = await parent.get(f"/v1/dossiers/{dossier['id']}", expect=200)
    await parent.post(
        f"/v1/dossiers/{dossier['id']}/branches/birth/supplement",
        json=given,
        headers={"If-Match": f'"{mine["version"]}"', "Idempotency-Key": uuid.uuid4().hex},
        expect=200,
    )
    assert (await browser.client.get("/desk/figures")).status_code == 403
    head = await at_desk(city, HEAD)
    page = await head.get("/desk/figures")
    assert "Họ, chữ đệm, tên" in page.split('id="supplements"')[1], "the field is called by its name"
    assert len(page.encode()) <= 50_000
    assert 'value="2026-11-01"' in await head.get("/desk/figures?since=2026-11-01&until=moon")
    page = await head.get("/desk/figures?since=2020-01-01", expect=422)
    assert 'role="alert"' in page
    assert "Số liệu của đơn vị" in page


async def test_a_head_says_what_an_officer_takes(city: CityPeople) -> None:
    head = await at_desk(city, HEAD)
    page = await head.get("/desk/officers")
    khanh = next(one for one in page.split("<li>") if "Trần Thị Mai Khanh" in one)
    form = khanh.split('action="')[1].split('"')[0]
    field = khanh.split('name="skill" value="')[1].split('"')[0]
    page = await head.send(form, skill=field)
    assert "Đã lưu lĩnh vực" in page
    khanh = next(one for one in page.split("<li>") if "Trần Thị Mai Khanh" in one)
    assert " checked" in khanh
    await head.send(form, skill="moon", expect=422)
    everything = {name: value for name, value in inputs(head.page, form).items() if name != "skill"}
    assert (await head.client.post(form, data=everything)).status_code == 303
    assert "mọi việc của vai trò" in await head.get("/desk/officers")
    strange = form.replace(form.split("/")[3], "acc_moon")
    assert (await head.client.post(strange, data=everything)).status_code == 404
    officer = await at_desk(city, REGISTRAR)
    assert (await officer.client.post(form, data=everything)).status_code == 403


async def test_a_citizen_rates_once(city: CityPeople) -> None:
    dossier = await steps.submitted(await city.signed_in("parent"))
    browser = Browser(city)
    path = f"/dossiers/{dossier['id']}"
    await browser.get(path)
    await browser.sign_in(PARENT)
    assert f"{path}/rating/birth" not in browser.page, "nothing to rate yet"
    await browser.get(f"{path}/rating/birth", expect=409)
    await steps.decide(city, dossier, "birth")
    page = await browser.get(path)
    assert f'href="{path}/rating/birth?lang=vi"' in page
    form = f"{path}/rating/birth?lang=vi"
    await browser.get(f"{path}/rating/birth")
    page = await browser.send(form, comment="Phải chờ lâu", expect=422)
    assert ">Phải chờ lâu</textarea>" in page
    sent = inputs(page, form) | {"score": "2", "comment": "Phải chờ lâu"}
    for _ in range(2):
        answer = await browser.client.post(form, data=sent)
        assert answer.status_code == 303, "a second press is the same answer"
    page = await browser.get(f"{path}/rating/birth")
    assert "2 / 5" in page
    other = sent | {"key": "another", "score": "5"}
    assert (await browser.client.post(form, data=other)).status_code == 409
    assert (await browser.client.post(form, data=sent | {"csrf": "x"})).status_code == 403
    stranger = Browser(city)
    await stranger.get(f"{path}/rating/birth")
    assert "/sign-in/" in stranger.url
    with pytest.raises(AssertionError, match="404"):
        await stranger.sign_in("+84900000013")
    await stranger.get(f"{path}/rating/birth", expect=404)
    head = await at_desk(city, HEAD)
    assert "Phải chờ lâu" in await head.get("/desk/figures")

"""Whoever is shown a person's data is written down: every route that lets in somebody else is walked, none can be forgotten."""

import itertools
import re
import secrets
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any, cast

import psycopg
import pytest
from sqlalchemy.exc import DBAPIError

from api.caller import Device
from api.wiring import tasks
from dossiers import feeding
from identity import accounts, consents, tokens
from identity.consents import reads
from identity.faces import FIND_MY_DOSSIER, Consent
from identity.partners import store as partners
from identity.tokens.refusals import BadClient
from kit import clock, ids
from kit.actor import Actor
from kit.db import raw
from kit.refusal import Words
from tests.api import walking_desk  # noqa: F401 - its walks are taken from here
from tests.api.routes import others_may, partners_may, routes
from tests.api.telling_nothing import TELLS_NOTHING
from tests.api.walking import WALKED, Walker, walks
from tests.dossiers import steps
from tests.dossiers.test_finding import Seen, face
from tests.identity.accounts.newcomers import newcomer
from tests.identity.mandates import acts
from tests.identity.offices.test_staff import WARD
from tests.identity.proofing.conftest import Applicant, comparison
from tests.identity.tokens.browsing import TOKEN, Browser
from tests.people import CityPeople, Person
from tests.web import test_kiosk
from tests.web.test_desk import POLICE, at_desk

# Those that let in somebody else, each called once so that it shows something of the parent.


@walks("GET /v1/desk/queue")
async def queue(here: Walker) -> None:
    await here.dossier()
    await (await here.city.signed_in("civil_status")).get("/v1/desk/queue", expect=200)


@walks("GET /v1/desk/branches/{branch_id}")
async def look(here: Walker) -> None:
    officer, path = await here.branch()
    await officer.get(path, expect=200)


@walks("POST /v1/desk/branches/{branch_id}/claim")
async def claim(here: Walker) -> None:
    officer, path = await here.branch()
    await officer.post(f"{path}/claim", expect=201)


@walks("POST /v1/desk/branches/{branch_id}/decision")
async def decide(here: Walker) -> None:
    officer, path = await here.branch()
    body = {"outcome": "refused", "reason": "Giấy chứng sinh không đọc được, đề nghị nộp lại."}
    await officer.post(f"{path}/claim", expect=201)
    await officer.post(f"{path}/decision", json=body, expect=201)


_WHY = "Đề nghị chụp lại giấy chứng sinh cho rõ ràng hơn."


@walks("POST /v1/desk/branches/{branch_id}/refusal-verdict")
async def judge_refusal(here: Walker) -> None:
    officer, path = await here.branch()
    await officer.post(f"{path}/claim", expect=201)
    await officer.post(f"{path}/decision", json={"outcome": "refused", "reason": _WHY}, expect=201)
    await officer.post(f"{path}/refusal-verdict", json={"verdict": "send_back", "reason": _WHY}, expect=201)


@walks("POST /v1/desk/branches/{branch_id}/receipt")
async def receive(here: Walker) -> None:
    officer, path = await here.branch()
    await officer.post(f"{path}/receipt", expect=201)


@walks(
    "POST /v1/desk/branches/{branch_id}/supplement-request",
    "GET /v1/desk/branches/{branch_id}/supplement-request",
    "GET /desk/branches/{branch_id}/supplement-request",
)
async def ask_supplement(here: Walker) -> None:
    officer, path = await here.branch()
    await officer.post(f"{path}/claim", expect=201)
    body = {"reason": _WHY, "documents": ["birth_notification"]}
    await officer.post(f"{path}/supplement-request", json=body, expect=201)
    await officer.get(f"{path}/supplement-request", expect=200)
    browser = await at_desk(here.city)
    assert (await browser.client.get(f"{path.removeprefix('/v1')}/supplement-request")).status_code == 200


@walks(
    "POST /v1/desk/branches/{branch_id}/stop",
    "POST /v1/desk/branches/{branch_id}/resumption",
    "POST /v1/desk/branches/{branch_id}/payment-request",
    "POST /v1/desk/branches/{branch_id}/fee-waiver",
    "POST /v1/desk/branches/{branch_id}/delivery",
)
async def halt(here: Walker) -> None:
    dossier = await here.dossier()
    await steps.decide(here.city, dossier, "birth")
    officer = await here.city.signed_in("residence")
    path = f"/v1/desk/branches/{steps.branch(dossier, 'residence')['id']}"
    await officer.post(f"{path}/claim", expect=201)
    await officer.post(f"{path}/stop", json={"reason": _WHY}, expect=201)
    await officer.post(f"{path}/resumption", expect=201)
    await officer.post(f"{path}/fee-waiver", json={"channel": "counter", "reason": _WHY}, expect=201)
    await officer.post(f"{path}/payment-request", json={"channel": "counter"}, expect=201)
    parent = await here.city.signed_in("parent")
    order = await parent.get(f"/v1/dossiers/{dossier['id']}/branches/residence/payment", expect=200)
    await here.city.client.post(order["pay_at"].removeprefix(here.city.house.settings.public_url))
    approve = {"outcome": "approved", "result": steps.RESULTS["residence"]}
    await officer.post(f"{path}/decision", json=approve, expect=201)
    await officer.post(f"{path}/delivery", json={"by": "counter"}, expect=201)


@walks(
    "POST /v1/desk/branches/{branch_id}/cash-payment",
    "GET /v1/desk/branches/{branch_id}/payments/{order_id}/receipt",
    "GET /desk/branches/{branch_id}/payments/{order_id}/receipt",
)
async def take_cash(here: Walker) -> None:
    dossier = await here.dossier()
    await steps.decide(here.city, dossier, "birth")
    officer, head = await here.city.signed_in("residence"), await here.city.signed_in("head_cong_an")
    path = f"/v1/desk/branches/{steps.branch(dossier, 'residence')['id']}"
    await officer.post(f"{path}/claim", expect=201)
    asked = await officer.post(f"{path}/payment-request", json={"channel": "counter"}, expect=201)
    cash = {"amount_dong": asked["branch"]["asked"]["amount_dong"]}
    await head.post(f"{path}/cash-payment", json=cash, expect=201)
    parent = await here.city.signed_in("parent")
    order = await parent.get(f"/v1/dossiers/{dossier['id']}/branches/residence/payment", expect=200)
    receipt = f"{path}/payments/{order['order_id']}/receipt"
    await head.get(receipt, expect=200)
    browser = await at_desk(here.city, POLICE)
    assert (await browser.client.get(receipt.removeprefix("/v1"))).status_code == 200


@walks("POST /v1/desk/branches/{branch_id}/reopening")
async def reopen(here: Walker) -> None:
    officer, path = await here.branch()
    await officer.post(f"{path}/claim", expect=201)
    await officer.post(f"{path}/decision", json={"outcome": "refused", "reason": _WHY}, expect=201)
    head = await here.city.signed_in("head_ubnd")
    await head.post(f"{path}/refusal-verdict", json={"verdict": "confirm"}, expect=201)
    await officer.post(f"{path}/reopening", json={"reason": _WHY}, expect=201)


@walks(
    "POST /v1/desk/branches/{branch_id}/corrected-result",
    "POST /v1/desk/branches/{branch_id}/upheld-result",
)
async def review_result(here: Walker) -> None:
    dossier = await here.dossier()
    for name in ("birth", "residence"):
        await steps.decide(here.city, dossier, name)
    officer, parent = await here.city.signed_in("residence"), await here.city.signed_in("parent")
    branch = steps.branch(dossier, "residence")["id"]
    for verb, more in (("corrected-result", {"result": {"number": "777/TB-CAP"}}), ("upheld-result", {})):
        await parent.post(
            f"/v1/dossiers/{dossier['id']}/branches/residence/correction", json={"reason": _WHY}, expect=200
        )
        await officer.post(f"/v1/desk/branches/{branch}/{verb}", json={"reason": _WHY, **more}, expect=201)


@walks("GET /v1/desk/branches/{branch_id}/documents/{kind}")
async def paper(here: Walker) -> None:
    officer, path = await here.branch()
    await officer.get(f"{path}/documents/birth_notification", expect=200)


@walks("GET /v1/desk/branches/{branch_id}/result")
async def result(here: Walker) -> None:
    dossier = await here.dossier()
    await steps.decide(here.city, dossier, "birth")
    officer = await here.city.signed_in("civil_status")
    await officer.get(f"/v1/desk/branches/{steps.branch(dossier, 'birth')['id']}/result", expect=200)


@walks("POST /v1/lookups/by-face")
async def by_face(here: Walker) -> None:
    await here.dossier()
    me = await (await here.city.signed_in("parent")).get("/v1/me", expect=200)
    seen = Seen(face(12))
    consent = Consent(purpose=FIND_MY_DOSSIER, wording="face-lookup-1", given_at=clock.now())
    await here.city.house.faces.enrol(me["account_id"], seen.description, consent)
    files = {"selfie": ("me.jpg", b"selfie", "image/jpeg")}
    with here.prepared(seen):
        await (await here.city.signed_in("kiosk")).post("/v1/lookups/by-face", files=files, expect=200)


@walks("GET /v1/proofing/checks/{check_code}", "POST /v1/proofing/checks/{check_code}")
async def check(here: Walker) -> str:
    applicant = await here.applicant()
    with here.prepared(here.photos):
        opened = await (await applicant.up_to("account")).account()
    officer = await here.city.signed_in("identity_checker")
    path = f"/v1/proofing/checks/{opened['check_code']}"
    await officer.get(path, expect=200)
    await officer.post(path, json={"verdict": "refused", "reason": "Ảnh mờ"}, expect=200)
    return await account_by_phone(here.city, applicant.phone)


@walks(
    "GET /v1/proofing/reviews/{review_id}",
    "GET /v1/proofing/reviews/{review_id}/{photo}",
    "POST /v1/proofing/reviews/{review_id}",
)
async def review(here: Walker) -> str:
    """Of somebody who has no account before an officer's word: told once there is one."""
    photos = cast(Any, here.photos)
    with here.prepared(photos):
        applicant = await (await here.applicant()).up_to("selfie")
        photos.face = "unsure"
        await applicant.selfie(expect=422)
        photos.face = "match"
        for step in ("review", "contact", "code", "account"):
            await getattr(applicant, step)()
    officer = await here.city.signed_in("identity_checker")
    path = f"/v1/proofing/reviews/{(await officer.get('/v1/proofing/reviews', expect=200))[-1]['id']}"
    await officer.get(path, expect=200)
    await officer.get(f"{path}/portrait", expect=200)
    await officer.post(path, json={"verdict": "confirmed", "reason": "Cùng một người."}, expect=200)
    return await account_by_phone(here.city, applicant.phone)


@walks("GET /v1/proofing/alarms/{alarm_id}", "POST /v1/proofing/alarms/{alarm_id}")
async def alarm(here: Walker) -> str:
    """The second of two people whose cards bear one portrait."""
    portrait = secrets.token_bytes(8)
    with here.prepared(here.photos):
        await shows_face(here, portrait)
        applicant = await shows_face(here, portrait)
        for step in ("contact", "code", "account"):
            await getattr(applicant, step)()
    officer = await here.city.signed_in("identity_checker")
    row = (await officer.get("/v1/proofing/alarms", expect=200))[-1]
    path = f"/v1/proofing/alarms/{row['id']}"
    await officer.get(path, expect=200)
    await officer.post(path, json={"verdict": "unfounded", "reason": "Hai chị em sinh đôi."}, expect=200)
    return await account_by_phone(here.city, applicant.phone)


async def shows_face(here: Walker, portrait: bytes) -> Applicant:
    applicant, photos = await here.applicant(), cast(Any, here.photos)
    await applicant.up_to("selfie")
    photos.face = comparison("match", secrets.token_bytes(8), portrait=portrait)
    await applicant.selfie()
    photos.face = "match"
    return applicant


@walks("POST /v1/desk/account-unlocks")
async def unlock(here: Walker) -> str:
    me = await newcomer(here.city)
    await me.calls.post("/v1/me/lock", expect=204)
    officer = await here.city.signed_in("identity_checker")
    await officer.post("/v1/desk/account-unlocks", json={"pin": me.pin, "reason": "đã xem thẻ"}, expect=204)
    return me.account_id


@walks("POST /v1/desk/recoveries", "POST /v1/desk/recoveries/{recovery_id}/code")
async def recovery(here: Walker) -> str:
    me, officer = await newcomer(here.city), await here.city.signed_in("identity_checker")
    body = {
        "pin": me.pin, "contact": "+84977000111", "reason": "lost_phone", "lost": ["phone"], "shown": "thẻ căn cước",
    }  # fmt: skip
    begun = await officer.post("/v1/desk/recoveries", json=body, expect=201)
    code = await here.city.code_sent_to("+84977000111")
    await officer.post(f"/v1/desk/recoveries/{begun['id']}/code", json={"code": code}, expect=200)
    return me.account_id


@walks(
    "GET /v1/data-requests",
    "POST /v1/data-requests/{request_id}/acknowledgement",
    "POST /v1/data-requests/{request_id}/extension",
    "POST /v1/data-requests/{request_id}/verdict",
)
async def data_request(here: Walker) -> str:
    me, operator = await newcomer(here.city), await here.operator()
    asked = await me.calls.post("/v1/me/data-requests", json={"kind": "correct", "said": "Sai dấu"}, expect=201)
    one = f"/v1/data-requests/{asked['id']}"
    await operator.get("/v1/data-requests", expect=200)
    await operator.post(f"{one}/acknowledgement", expect=200)
    await operator.post(f"{one}/extension", json={"said": "cần thêm giờ"}, expect=200)
    await operator.post(f"{one}/verdict", json={"verdict": "done", "said": "đã sửa"}, expect=200)
    return me.account_id


@walks("GET /v1/client-applications", "POST /v1/client-applications/{application_id}/verdict")
async def client_application(here: Walker) -> str:
    me, operator = await newcomer(here.city, level=2), await here.operator()
    async with here.city.house.db.begin() as conn:
        await partners.add(
            conn, id=ids.new_id("cap"), client_id=ids.new_id("app"), owner_id=me.account_id, wanted=_WANTED,
            asked_at=clock.now(),
        )  # fmt: skip
    waits = (await operator.get("/v1/client-applications", expect=200))[-1]["application"]["id"]
    body = {"verdict": "refused", "reason": "Chưa rõ mục đích."}
    await operator.post(f"/v1/client-applications/{waits}/verdict", json=body, expect=200)
    return me.account_id


@walks("GET /v1/desk/enterprise-claims", "POST /v1/desk/enterprise-claims/{claim_id}/verdict")
async def enterprise_claim(here: Walker) -> str:
    return (await acts.refused_claimant(here.city)).account_id


@walks("POST /v1/desk/guardianships")
async def guardianship(here: Walker) -> str:
    return (await acts.recorded_guardian(here.city)).account_id


@walks("GET /kiosk/visit")
async def kiosk_visit(here: Walker) -> None:
    kiosk = await test_kiosk.machine(here.city)
    await kiosk.begin()
    await test_kiosk.allow(here.city, kiosk)
    assert await kiosk.state() == "in"
    assert (await kiosk.visit()).status_code == 200


@walks("POST /v1/oauth/token")
async def id_token(here: Walker) -> None:
    browser = Browser(here.city)
    asked = '{"id_token": {"birthdate": null}}'
    told = await browser.through(allow=["claim:birthdate"], scope="openid", claims=asked, prompt="consent")
    assert (await browser.redeem(told["code"])).status_code == 200


@walks("POST /v1/oauth/introspect")
async def introspection(here: Walker) -> None:
    school = Browser(here.city, "partner-server", "https://school.motcua.test/callback")
    auth = ("partner-server", here.city.furnished.secrets["partner-server"])
    told = await school.through(scope="openid profile")
    form = {"grant_type": "authorization_code", "code": told["code"], "code_verifier": school.pkce.verifier}
    answer = (await here.city.client.post(TOKEN, data=form, auth=auth)).json()
    said = await here.city.client.post("/v1/oauth/introspect", data={"token": answer["access_token"]}, auth=auth)
    assert said.json()["active"]


@walks("GET /v1/oauth/userinfo", "POST /v1/oauth/userinfo")
async def user_info(here: Walker) -> None:
    app = await partner(here.city)
    for method in ("GET", "POST"):
        await app.call(method, "/v1/oauth/userinfo", expect=200)


@walks("GET /v1/webhook/events")
async def what_happened(here: Walker) -> None:
    """Written down when it is put among an app's events, once a day and dossier, whichever way the app hears of it."""
    parent, name = await here.city.signed_in("parent"), f"hook-{next(_numbers)}"
    me = (await parent.get("/v1/me", expect=200))["account_id"]
    # What the other walks left to be told fills more than a page.
    await feeding.feed(here.city.house)
    async with here.city.house.db.begin() as conn:
        secret = await tokens.register_client(
            conn, client_id=name, name="Trường học", kind="confidential", grants=["client_credentials"],
            scopes=["webhooks", "dossiers:read"],
        )  # fmt: skip
        allowed = ["dossiers:read"]
        await consents.give(
            conn, account_id=me, client_id=name, asked=allowed, allowed=allowed, purpose=_PURPOSE, at=clock.now()
        )
    dossier = await here.dossier()
    await feeding.feed(here.city.house)
    form = {"grant_type": "client_credentials", "scope": "webhooks"}
    token = (await here.city.client.post(TOKEN, data=form, auth=(name, secret))).json()["access_token"]
    app = Person(here.city.client, name, token=token)
    told = await app.get("/v1/webhook/events", expect=200)
    assert dossier["receipt_code"] in {event["receipt_code"] for event in told["events"]}


_WANTED = {
    "name": "Thử", "kind": "public", "purpose": {"vi": "Thử.", "en": "Try."}, "scopes": ["openid"],
    "redirect_uris": ["https://app.test/cb"],
}  # fmt: skip

# The house's rule


async def account_by_phone(city: CityPeople, phone: str) -> str:
    async with city.house.db.connect() as conn:
        contact = accounts.contact.parse(phone)
        assert contact is not None
        found = await accounts.by_login(conn, city.house.keys, contact)
        assert found is not None
        return found.id


async def read_of(city: CityPeople, account_id: str) -> int:
    async with city.house.db.connect() as conn:
        cursor = await (await raw(conn)).execute("select count(*) from data_reads where account_id = %s", (account_id,))
        return (await cursor.fetchone())[0]  # type: ignore[index]


async def mine(city: CityPeople, key: str = "parent", **query: str) -> list[dict[str, Any]]:
    person = await city.signed_in(key)
    path = "/v1/me/reads" + "".join(f"?{name}={value}" for name, value in query.items())
    return (await person.get(path, expect=200))["reads"]


_SCOPES = [
    "openid", "profile", "phone", "dossiers:read", "dossiers:write", "uploads:write", "messages:read", "cards:read",
    "face-lookup:write", "consents",
]  # fmt: skip
_PURPOSE = Words(vi="Thử xem ai đọc gì.", en="Try who reads what.")
_numbers = itertools.count()


async def partner(city: CityPeople, login: str = "+84900000011") -> Person:
    """A partner's app that was allowed all there is."""
    name, callback = f"partner-{next(_numbers)}", "https://app.test/cb"
    async with city.house.db.begin() as conn:
        await tokens.register_client(
            conn, client_id=name, name="Ứng dụng thử", kind="public", grants=["authorization_code"], scopes=_SCOPES,
            redirect_uris=[callback], purpose=_PURPOSE,
        )  # fmt: skip
    browser, device = Browser(city, name, callback), Device()
    told = await browser.through(login, allow=_SCOPES, scope=" ".join(_SCOPES))
    answer = await browser.redeem(told["code"], device)
    return Person(city.client, name, token=answer.json()["access_token"], device=device)


@pytest.fixture(scope="module", autouse=True)
async def _uncounted(city: CityPeople) -> AsyncIterator[None]:
    city.house.limits._scale = 1000  # pyright: ignore[reportPrivateUsage]
    yield
    city.house.limits._scale = 1  # pyright: ignore[reportPrivateUsage]


async def test_no_route_is_forgotten(city: CityPeople) -> None:
    """A new route that lets in somebody else is walked below, or says why it tells nothing."""
    silent = [tuple(route.split(" ", 1)) for routes in TELLS_NOTHING.values() for route in routes]
    assert len(silent) == len(set(silent))
    others = {route for route, handler in routes(city).items() if others_may(route[1], handler)}
    assert others - set(silent) - set(WALKED) == set(), "who is told what by these?"
    assert set(silent) - others == set(), "these are gone"
    assert set(WALKED) - set(routes(city)) == set(), "these are gone"
    assert not set(silent) & set(WALKED)


async def test_each_route_that_shows_a_person_to_somebody_writes_it_down(city: CityPeople) -> None:
    parent = (await (await city.signed_in("parent")).get("/v1/me", expect=200))["account_id"]
    here = Walker(city)
    for walk, reached in itertools.groupby(WALKED, WALKED.__getitem__):
        before = await read_of(city, parent)
        whose = await walk(here) or parent
        since = await read_of(city, whose) - (before if whose == parent else 0)
        assert since >= len(list(reached)), walk.__name__


async def test_each_route_an_app_of_others_may_call_writes_it_down(city: CityPeople) -> None:
    """Whatever it answers: the call is what a person wants to know of."""
    app, parent = await partner(city), await city.signed_in("parent")
    me = (await parent.get("/v1/me", expect=200))["account_id"]
    called = [route for route, handler in routes(city).items() if partners_may(handler)]
    assert len(called) > 15
    for method, path in called:
        before = await read_of(city, me)
        at = re.sub(r"{\w+}", "x_1", path)
        answer = await app.call(method, at)
        assert await read_of(city, me) == before + 1, (method, path, answer)


async def test_a_partner_is_registered_with_no_scope_that_escapes_this(city: CityPeople) -> None:
    async with city.house.db.begin() as conn:
        with pytest.raises(BadClient):
            await tokens.register_client(
                conn, client_id="greedy", name="Greedy", kind="public", grants=["authorization_code"], scopes=["account"],
                redirect_uris=["https://app.test/cb"], purpose=_PURPOSE,
            )  # fmt: skip


async def test_the_person_reads_who_and_why_and_never_the_officers_name(city: CityPeople) -> None:
    dossier = await Walker(city).dossier()
    branch = steps.branch(dossier, "birth")
    officer = await city.signed_in("civil_status")
    await officer.get(f"/v1/desk/branches/{branch['id']}", expect=200)
    newest = (await mine(city))[0]
    assert newest["by"]["kind"] == "office"
    assert newest["by"]["name"]["vi"].startswith("Ủy ban nhân dân phường Sài Gòn")
    assert newest["why"]["en"] == "Looked at the dossier to work on the procedure."
    assert (newest["dossier_id"], newest["receipt_code"]) == (dossier["id"], dossier["receipt_code"])
    assert "Trần Thị Mai Khanh" not in str(await mine(city))
    await (await partner(city)).get("/v1/oauth/userinfo", expect=200)
    newest = (await mine(city))[0]
    assert (newest["by"]["kind"], newest["kind"]) == ("app", "user_info")
    assert newest["purpose"]["en"] == "Try who reads what."
    assert {item["name"] for item in newest["items"]} == {"openid", "profile", "phone"}


async def test_whom_a_dossier_names_reads_it_too_and_a_stranger_does_not(city: CityPeople) -> None:
    dossier = await Walker(city).dossier()
    officer = await city.signed_in("civil_status")
    await officer.get(f"/v1/desk/branches/{steps.branch(dossier, 'birth')['id']}", expect=200)
    assert (await mine(city, "other_parent"))[0]["dossier_id"] == dossier["id"]
    assert await mine(city, "stranger") == []
    await city.nobody.get("/v1/me/reads", expect=401)
    await officer.get("/v1/me/reads", expect=404)
    await (await partner(city)).get("/v1/me/reads", expect=404)


async def test_a_list_that_is_refreshed_is_one_row_a_day(city: CityPeople) -> None:
    parent = (await (await city.signed_in("parent")).get("/v1/me", expect=200))["account_id"]
    clerk, dossier = Actor(kind="officer", account_id="acc_x", office_id=WARD), reads.OfDossier("dos_x", parent, None)
    before = await read_of(city, parent)
    for day, rows in ((0, 1), (0, 1), (1, 2)):
        with clock.shifted(timedelta(days=day)):
            async with city.house.db.begin() as conn:
                await reads.record_many(conn, clerk, "queue", [dossier])
        assert await read_of(city, parent) == before + rows


async def test_page_by_page(city: CityPeople) -> None:
    me, app = await city.signed_in("stranger"), await partner(city, "+84900000013")
    for _ in range(52):
        await app.get("/v1/oauth/userinfo", expect=200)
    first = await me.get("/v1/me/reads", expect=200)
    assert len(first["reads"]) == 50
    second = await me.get(f"/v1/me/reads?before={first['next']}", expect=200)
    assert len(second["reads"]) == 2
    assert second["next"] is None
    await me.get("/v1/me/reads?before=nonsense", expect=400)


async def test_it_is_appended_and_forgotten_when_the_law_allows(city: CityPeople) -> None:
    for statement in ("update data_reads set office_id = 'x'", "delete from data_reads", "truncate data_reads"):
        with pytest.raises((psycopg.errors.RaiseException, DBAPIError)):
            async with city.house.db.begin() as conn:
                await (await raw(conn)).execute(statement)
    forget = next(task for task in tasks() if task.name == "identity.consents.forget_reads")
    with clock.shifted(-timedelta(days=401)):
        await _one_read(city, "dos_long_ago")
    with clock.shifted(-timedelta(days=399)):
        await _one_read(city, "dos_not_long_ago")
    await forget.run(city.house)
    async with city.house.db.connect() as conn:
        cursor = await (await raw(conn)).execute(
            "select account_id from data_reads where account_id like %s", ("dos_%",)
        )
        assert [row[0] for row in await cursor.fetchall()] == ["dos_not_long_ago"]


async def _one_read(city: CityPeople, account_id: str) -> None:
    async with city.house.db.begin() as conn:
        await reads.record(conn, Actor(kind="officer", account_id="acc_x", office_id=WARD), "branch", account_id)


async def test_what_cannot_be_written_down_is_not_shown(city: CityPeople) -> None:
    app = await partner(city)
    async with city.house.db.begin() as conn:
        await (await raw(conn)).execute("alter table data_reads rename to data_reads_away")
    try:
        for path in ("/v1/oauth/userinfo", "/v1/dossiers"):
            answer = await app.get(path, expect=500)
            assert "name" not in answer
    finally:
        async with city.house.db.begin() as conn:
            await (await raw(conn)).execute("alter table data_reads_away rename to data_reads")

"""Walks at the desk: branches that change hands, promises that are not kept, citizens helped at a counter."""

import secrets
from typing import Any

from identity import offices
from kit import clock
from kit.db import raw
from tests.api.walking import Walker, walks
from tests.dossiers import steps
from tests.identity.offices.test_staff import appointed
from tests.web.test_desk import COUNTER, at_desk

WHY = "Đề nghị chụp lại giấy chứng sinh cho rõ ràng hơn."


@walks("POST /v1/desk/claims")
async def claim_next(here: Walker) -> None:
    await here.dossier()
    await (await here.city.signed_in("civil_status")).post("/v1/desk/claims", expect=201)


@walks(
    "POST /v1/desk/branches/{branch_id}/return-to-queue",
    "POST /v1/desk/branches/{branch_id}/escalation",
    "POST /v1/desk/branches/{branch_id}/assignment",
    "POST /v1/desk/branches/{branch_id}/forwarding",
)
async def hand_over(here: Walker) -> None:
    for verb in ("return-to-queue", "escalation", "assignment", "forwarding"):
        officer, path = await here.branch()
        await officer.post(f"{path}/claim", expect=201)
        body: dict[str, Any] = {"reason": WHY}
        if verb == "assignment":
            staff = (await officer.get("/v1/desk/officers", expect=200))["officers"]
            body["officer_id"] = next(one["id"] for one in staff if one["roles"] == ["head"])
        elif verb == "forwarding":
            async with here.city.house.db.begin() as conn:
                other = {"ward_code": "26743", "name_vi": "Phường Hư Cấu", "name_en": "Hư Cấu ward", "address": ""}
                body["office_id"] = (await offices.create_office(conn, agency="ubnd_xa", **other)).id
        await officer.post(f"{path}/{verb}", json=body, expect=201)


@walks("POST /v1/desk/branches/{branch_id}/extension")
async def extend(here: Walker) -> None:
    dossier = await here.dossier()
    await steps.decide(here.city, dossier, "birth")
    officer = await here.city.signed_in("residence")
    path = f"/v1/desk/branches/{steps.branch(dossier, 'residence')['id']}"
    await officer.post(f"{path}/claim", expect=201)
    await officer.post(f"{path}/extension", json={"reason": WHY}, expect=201)


@walks(
    "POST /v1/desk/branches/{branch_id}/apology",
    "GET /v1/desk/branches/{branch_id}/apology",
    "GET /desk/branches/{branch_id}/apology",
)
async def apologise(here: Walker) -> None:
    officer, path = await here.branch()
    await officer.post(f"{path}/claim", expect=201)
    async with here.city.house.db.begin() as conn:
        late = "update branches set due_at = now() where id = %s"
        await (await raw(conn)).execute(late, (path.split("/")[-1],))
    due_on = here.city.house.catalogue.calendar.next_working(clock.today()).isoformat()
    await officer.post(f"{path}/apology", json={"reason": WHY, "due_on": due_on}, expect=201)
    await officer.get(f"{path}/apology", expect=200)
    browser = await at_desk(here.city)
    assert (await browser.client.get(f"{path.removeprefix('/v1')}/apology")).status_code == 200


@walks(
    "POST /v1/desk/assisted",
    "GET /v1/desk/assisted",
    "GET /v1/desk/assisted/{dossier_id}",
    "PATCH /v1/desk/assisted/{dossier_id}/form",
    "PUT /v1/desk/assisted/{dossier_id}/documents/{kind}",
    "POST /v1/desk/assisted/{dossier_id}/scans",
    "POST /v1/desk/assisted/{dossier_id}/confirmation-request",
    "POST /v1/desk/assisted/{dossier_id}/submission",
    "GET /v1/desk/assisted/{dossier_id}/receipt",
    "GET /desk/counter/{dossier_id}",
    "GET /desk/counter/{dossier_id}/papers",
    "GET /desk/counter/{dossier_id}/declaration",
    "GET /desk/counter/{dossier_id}/receipt",
)
async def help_at_the_counter(here: Walker) -> None:
    reception = await here.city.signed_in("identity_checker")
    asked = {"pin": "079192000011", "date_of_birth": "1992-05-20", "procedure": steps.GROUP}
    draft = await reception.post("/v1/desk/assisted", json=asked, expect=201)
    await reception.get("/v1/desk/assisted", expect=200)
    browser, page = await at_desk(here.city, COUNTER), f"/desk/counter/{draft['id']}"
    for address in (page, f"{page}/papers", f"{page}/declaration"):
        assert (await browser.client.get(address)).status_code == 200, address
    path, scan = f"/v1/desk/assisted/{draft['id']}", {"file": ("scan.pdf", steps.paper(), "application/pdf")}
    await reception.get(path, expect=200)
    fields = {"fields": steps.child()}
    await reception.patch(f"{path}/form", json=fields, headers={"If-Match": "*"}, expect=200)
    with here.prepared(here.photos):
        await reception.put(f"{path}/documents/birth_notification", files=scan, expect=200)
        pages = {"pages": '{"birth_notification": "1"}'}
        await reception.post(f"{path}/scans", files=scan, data=pages, expect=201)
        await reception.post(f"{path}/confirmation-request", expect=201)
        key = {"Idempotency-Key": secrets.token_hex(16)}
        await reception.post(f"{path}/submission", files=scan, headers=key, expect=201)
    await reception.get(f"{path}/receipt", expect=200)
    assert (await browser.client.get(f"{page}/receipt")).status_code == 200


@walks(
    "POST /v1/desk/supplement-requests",
    "POST /v1/desk/supplements",
    "GET /v1/desk/supplements",
    "GET /v1/desk/supplements/{branch_id}",
    "PATCH /v1/desk/supplements/{branch_id}/form",
    "PUT /v1/desk/supplements/{branch_id}/documents/{kind}",
    "POST /v1/desk/supplements/{branch_id}/confirmation-request",
    "POST /v1/desk/supplements/{branch_id}/submission",
    "GET /desk/counter/supplements/{branch_id}",
    "GET /desk/counter/supplements/{branch_id}/declaration",
)
async def take_in_a_supplement(here: Walker) -> None:
    officer, branch = await here.branch()
    await officer.post(f"{branch}/claim", expect=201)
    body = {"reason": WHY, "documents": ["birth_notification"]}
    await officer.post(f"{branch}/supplement-request", json=body, expect=201)
    reception = await here.city.signed_in("identity_checker")
    them, branch_id = {"pin": "079192000011", "date_of_birth": "1992-05-20"}, branch.rsplit("/", 1)[1]
    await reception.post("/v1/desk/supplement-requests", json=them, expect=200)
    await reception.post("/v1/desk/supplements", json={**them, "branch_id": branch_id}, expect=201)
    await reception.get("/v1/desk/supplements", expect=200)
    path, scan = f"/v1/desk/supplements/{branch_id}", {"file": ("scan.pdf", steps.paper(), "application/pdf")}
    await reception.get(path, expect=200)
    await reception.patch(f"{path}/form", json={"fields": {}}, expect=200)
    browser, page = await at_desk(here.city, COUNTER), f"/desk/counter/supplements/{branch_id}"
    with here.prepared(here.photos):
        await reception.put(f"{path}/documents/birth_notification", files=scan, expect=200)
        for address in (page, f"{page}/declaration"):
            assert (await browser.client.get(address)).status_code == 200, address
        await reception.post(f"{path}/confirmation-request", expect=201)
        key = {"Idempotency-Key": secrets.token_hex(16)}
        await reception.post(f"{path}/submission", files=scan, headers=key, expect=201)


@walks("GET /desk/counter/supplements", "POST /desk/counter/supplements")
async def list_supplements_at_a_counter(here: Walker) -> None:
    officer, branch = await here.branch()
    await officer.post(f"{branch}/claim", expect=201)
    body = {"reason": WHY, "documents": ["birth_notification"]}
    await officer.post(f"{branch}/supplement-request", json=body, expect=201)
    mail = f"counter-{secrets.token_hex(4)}@motcua.test"
    reception = await appointed(here.city, mail, "off_cong_an_sai_gon", "reception")
    them = {"pin": "079192000011", "date_of_birth": "1992-05-20"}
    began = {**them, "branch_id": branch.rsplit("/", 1)[1]}
    await reception.post("/v1/desk/supplements", json=began, expect=201)
    browser, page = await at_desk(here.city, mail), "/desk/counter/supplements"
    assert (await browser.client.get(page)).status_code == 200
    await browser.get(page)
    await browser.send(f"{page}?lang=vi", {"pin": them["pin"], "born": them["date_of_birth"]})


@walks("GET /desk/counter")
async def list_at_a_counter(here: Walker) -> None:
    """Of an office of its own: what is listed is one row a day and office, whichever list it is."""
    mail = f"counter-{secrets.token_hex(4)}@motcua.test"
    reception = await appointed(here.city, mail, "off_cong_an_sai_gon", "reception")
    asked = {"pin": "079192000011", "date_of_birth": "1992-05-20", "procedure": steps.GROUP}
    await reception.post("/v1/desk/assisted", json=asked, expect=201)
    browser = await at_desk(here.city, mail)
    assert (await browser.client.get("/desk/counter")).status_code == 200


@walks(
    "GET /desk",
    "GET /desk/branches/{branch_id}",
    "GET /desk/branches/{branch_id}/forwarding",
    "GET /desk/branches/{branch_id}/papers/{kind}",
    "GET /desk/branches/{branch_id}/result",
)
async def pages(here: Walker) -> None:
    dossier = await here.dossier()
    browser = await at_desk(here.city)
    page = f"/desk/branches/{steps.branch(dossier, 'birth')['id']}"
    for step in ("", "/forwarding", "/papers/birth_notification"):
        assert (await browser.client.get(page + step)).status_code == 200, step
    await steps.decide(here.city, dossier, "birth")
    assert (await browser.client.get(f"{page}/result")).status_code == 200

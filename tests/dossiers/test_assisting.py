"""Filing at a counter: an officer fills in, the citizen confirms on their own phone or by a signature; any centre takes in."""

import hashlib
import io
import json
from typing import Any

import pypdfium2
import pytest
from sqlalchemy import text

import uploads
from identity import offices
from tests.dossiers import steps
from tests.people import CityPeople, Person
from tests.uploads.test_examining import picture as photo

pytestmark = pytest.mark.anyio

PARENT = {"pin": "079192000011", "date_of_birth": "1992-05-20"}
SCAN = {"file": ("scan.pdf", steps.paper(), "application/pdf")}


async def prepared(city: CityPeople, reception: Person) -> str:
    """A draft the reception has filled in whole, of the parent at the counter."""
    asked = {**PARENT, "procedure": steps.GROUP}
    draft = await reception.post("/v1/desk/assisted", json=asked, expect=201)
    path = f"/v1/desk/assisted/{draft['id']}"
    fields = {"fields": steps.child()}
    await reception.patch(f"{path}/form", json=fields, headers={"If-Match": f'"{draft["version"]}"'}, expect=200)
    filled = await reception.put(f"{path}/documents/birth_notification", files=SCAN, expect=200)
    assert filled["faults"] == []
    return draft["id"]


async def test_confirmed_on_the_citizens_own_phone(city: CityPeople) -> None:
    parent, reception = await city.signed_in("parent"), await city.signed_in("identity_checker")
    dossier_id = await prepared(city, reception)
    assert dossier_id in [one["id"] for one in (await reception.get("/v1/desk/assisted", expect=200))["drafts"]]
    await reception.post(f"/v1/desk/assisted/{dossier_id}/confirmation-request", expect=201)
    await reception.post(f"/v1/desk/assisted/{dossier_id}/confirmation-request", expect=201)
    await city.run_jobs()
    letters = (await city.client.get("/sandbox/inbox.json")).json()
    assert sum(letter["event"] == "draft-prepared" for letter in letters) == 1
    # It is their own, as any draft: they look, change, and send it in.
    mine = await parent.get(f"/v1/dossiers/{dossier_id}", expect=200)
    assert (mine["status"], mine["faults"]) == ("draft", [])
    await steps.submit(parent, dossier_id)
    told = await parent.get(f"/v1/dossiers/{dossier_id}", expect=200)
    line = next(line for line in told["timeline"] if line["kind"] == "assist")
    assert "tự xác nhận" in line["message"]["vi"]
    await reception.get(f"/v1/desk/assisted/{dossier_id}", expect=409, code="already-submitted")
    assert dossier_id not in [one["id"] for one in (await reception.get("/v1/desk/assisted", expect=200))["drafts"]]


async def test_confirmed_by_a_signature_on_paper_at_any_centre(city: CityPeople) -> None:
    """The counter is another ward's; the agency that decides is the one the form tells."""
    async with city.house.db.begin() as conn:
        made = {"ward_code": "26743", "name_vi": "UBND phường Hư Cấu", "name_en": "Hư Cấu ward", "address": ""}
        await offices.create_office(conn, office_id="off_elsewhere", agency="ubnd_xa", **made)
        checker = await offices.colleagues(conn, "off_ubnd_sai_gon")
        account_id = next(one.account_id for one in checker if one.full_name == "Lê Hoàng Phúc")
        await offices.end_appointment(conn, account_id=account_id)
        await offices.appoint(conn, account_id=account_id, office_id="off_elsewhere", roles=["reception"])
    elsewhere = CityPeople(city.app, city.client, city.furnished)
    reception, parent = await elsewhere.signed_in("identity_checker"), await city.signed_in("parent")
    dossier_id = await prepared(city, reception)
    path, key = f"/v1/desk/assisted/{dossier_id}/submission", {"Idempotency-Key": "the-same-key-twice-1"}
    first = await reception.post(path, files=SCAN, headers=key, expect=201)
    again = await reception.post(path, files=SCAN, headers=key, expect=201)
    assert first == again
    told = await parent.get(f"/v1/dossiers/{dossier_id}", expect=200)
    assert steps.branch(told, "birth")["office"]["id"] == "off_ubnd_sai_gon"
    line = next(line for line in told["timeline"] if line["kind"] == "assist")
    assert "đã ký xác nhận trên giấy" in line["message"]["vi"]
    assert "UBND phường Hư Cấu" in line["message"]["vi"]
    history = await parent.get(f"/v1/dossiers/{dossier_id}/history", expect=200)
    assert history["intact"]


def scanned(*pages: str) -> dict[str, Any]:
    """A scanner's PDF, each page with its own size so that it is known again."""
    document, out = pypdfium2.PdfDocument.new(), io.BytesIO()
    for number, _ in enumerate(pages or ("",), 1):
        document.new_page(100 + number, 100)
    document.save(out)
    document.close()
    return {"file": ("all.pdf", out.getvalue(), "application/pdf")}


async def widths(city: CityPeople, dossier: dict[str, Any], kind: str) -> list[int]:
    """The pages that a paper of the draft has now."""
    [paper] = [one for one in dossier["documents"] if one["kind"] == kind]
    query = text("select upload_id from documents where dossier_id = :id and kind = :kind")
    async with city.house.db.connect() as conn:
        upload_id = (await conn.execute(query, {"id": dossier["id"], "kind": kind})).scalar_one()
        data = await uploads.original(conn, city.house.keeper.vault, upload_id)
    assert hashlib.sha256(data).hexdigest() == paper["sha256"]
    document = pypdfium2.PdfDocument(data)
    found = [round(page.get_width()) - 100 for page in document]
    document.close()
    return found


async def test_one_scan_of_everything_is_sorted_into_papers(city: CityPeople) -> None:
    reception = await CityPeople(city.app, city.client, city.furnished).signed_in("identity_checker")
    draft = await reception.post("/v1/desk/assisted", json={**PARENT, "procedure": steps.GROUP}, expect=201)
    path, scan = f"/v1/desk/assisted/{draft['id']}/scans", scanned("1", "2", "3", "4")

    async def sort(pages: Any, **rest: Any) -> Any:
        more = {"leave_out": "yes"} if rest.pop("leave_out", False) else {}
        return await reception.post(path, files=scan, data={"pages": json.dumps(pages), **more}, **rest)

    for pages in ({}, [], "1", {"ct01": "two"}, {"ct01": "2-1"}, {"ct01": "0"}, {"ct01": "1-999"}, {"ct01": ""}):
        await sort(pages, expect=422, code="pages-misread")
    await sort({"ct01": "5"}, expect=422, code="page-unknown")
    told = await sort({"birth_notification": "3,1"}, expect=422, code="pages-left-over")
    assert "2, 4" in told["message"]["vi"]
    await sort({"birth_notification": "1-2", "passport": "3-4"}, expect=422, code="document-not-asked")
    shown = await reception.get(f"/v1/desk/assisted/{draft['id']}", expect=200)
    assert shown["documents"] == [], "all of them, or none"
    picture = {"file": ("one.png", photo(size=(60, 40), kind="PNG"), "image/png")}
    data = {"pages": '{"ct01": "1"}'}
    await reception.post(path, files=picture, data=data, expect=415, code="no-pages")
    done = await sort({"birth_notification": "3, 1", "ct01": "2–2"}, leave_out=True, expect=201)
    assert await widths(city, done, "birth_notification") == [3, 1]
    assert await widths(city, done, "ct01") == [2]


async def test_who_may_help_whom(city: CityPeople) -> None:
    parent = await city.signed_in("parent")
    head, stranger = await city.signed_in("head_bhxh"), await city.signed_in("stranger")
    asked: dict[str, Any] = {**PARENT, "procedure": steps.GROUP}
    fresh = CityPeople(city.app, city.client, city.furnished)
    reception = await fresh.signed_in("identity_checker")
    for who, expect in ((city.nobody, 401), (parent, 404), (head, 404)):
        await who.post("/v1/desk/assisted", json=asked, expect=expect)
    for wrong in ({"date_of_birth": "1992-05-21"}, {"pin": "079192000099"}):
        await reception.post("/v1/desk/assisted", json=asked | wrong, expect=404, code="citizen-unknown")
    # A draft the citizen opened alone is nobody's to help with.
    own = await parent.post("/v1/dossiers", json={"procedure": steps.GROUP}, expect=201)
    await reception.get(f"/v1/desk/assisted/{own['id']}", expect=404, code="dossier-unknown")
    draft = await reception.post("/v1/desk/assisted", json=asked, expect=201)
    await stranger.get(f"/v1/dossiers/{draft['id']}", expect=404)
    request = f"/v1/desk/assisted/{draft['id']}/confirmation-request"
    await reception.post(request, expect=422, code="dossier-incomplete")
    signed = f"/v1/desk/assisted/{draft['id']}/submission"
    key = {"Idempotency-Key": "incomplete-as-it-is-1"}
    await reception.post(signed, files=SCAN, headers=key, expect=422, code="dossier-incomplete")
    reads = await parent.get("/v1/me/reads", expect=200)
    assert "tại quầy" in str(reads)
    # A signature for another version than the one sent in is none.
    fields = {"fields": steps.child()}
    await parent.patch(f"/v1/dossiers/{draft['id']}/form", json=fields, headers={"If-Match": "*"}, expect=200)
    paper = {"upload_id": await steps.upload(parent)}
    await parent.put(f"/v1/dossiers/{draft['id']}/documents/birth_notification", json=paper, expect=200)
    await steps.submit(parent, draft["id"])
    told = await parent.get(f"/v1/dossiers/{draft['id']}", expect=200)
    line = next(line for line in told["timeline"] if line["kind"] == "assist")
    assert "tự xác nhận" in line["message"]["vi"]

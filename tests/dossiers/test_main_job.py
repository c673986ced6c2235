"""The linked birth group, from an empty draft to four papers."""

import io

import pypdfium2
import pytest

from tests.dossiers import steps
from tests.people import CityPeople

pytestmark = pytest.mark.anyio


def text_of(pdf: bytes) -> str:
    document = pypdfium2.PdfDocument(io.BytesIO(pdf))
    return "\n".join(page.get_textpage().get_text_range() for page in document)


async def test_draft_is_prefilled_with_sources_and_locks(city: CityPeople) -> None:
    parent = await city.signed_in("parent")
    draft = await parent.post("/v1/dossiers", json={"procedure": steps.GROUP}, expect=201)
    form = draft["form"]
    assert draft["status"] == "draft"
    assert form["mother.full_name"]["value"] == "Nguyễn Thị Hồng Thắm"
    assert (form["mother.full_name"]["source"], form["mother.full_name"]["locked"]) == ("register", True)
    assert form["father.full_name"]["value"] == "Hoàng Văn Đức"
    assert form["requester.relation"]["value"] == "mother"
    assert (form["requester.pin"]["source"], form["requester.pin"]["locked"]) == ("card", True)
    assert (form["requester.phone"]["source"], form["requester.phone"]["locked"]) == ("account", False)
    assert "child.full_name" not in form
    assert {"child.full_name", "documents.birth_notification"} <= {fault["field"] for fault in draft["faults"]}


async def test_whole_job_ends_in_four_papers(city: CityPeople) -> None:
    parent = await city.signed_in("parent")
    draft = await steps.filled_draft(parent, name="Hoàng Nguyễn Bảo Ngọc")
    assert draft["faults"] == []
    receipt = await steps.submit(parent, draft["id"])
    assert [b["state"] for b in receipt["branches"]] == ["submitted", "waiting", "waiting", "waiting"]
    assert receipt["promised"]["steps"]
    path = f"/v1/dossiers/{draft['id']}"
    dossier = await parent.get(path, expect=200)
    assert dossier["receipt_code"] == receipt["receipt_code"]

    await steps.decide(city, dossier, "birth")
    dossier = await parent.get(path, expect=200)
    assert [b["state"] for b in dossier["branches"]] == ["approved", "submitted", "submitted", "submitted"]
    for name in ("residence", "insurance", "identity_card"):
        await steps.decide(city, dossier, name)
    dossier = await parent.get(path, expect=200)
    assert dossier["status"] == "closed"
    assert {b["state"] for b in dossier["branches"]} == {"approved"}

    for branch in dossier["branches"]:
        paper = await parent.get(branch["result"]["href"], expect=200)
        assert paper.headers["content-type"] == "application/pdf"
        assert "hoàng nguyễn bảo ngọc" in text_of(paper.content).casefold()
    assert "Bệnh viện Từ Dũ" in text_of((await parent.get(f"{path}/results/birth", expect=200)).content)
    assert receipt["receipt_code"] in text_of((await parent.get(f"{path}/receipt", expect=200)).content)

    history = await parent.get(f"{path}/history", expect=200)
    assert history["intact"]
    assert [line["seq"] for line in history["lines"]] == list(range(1, len(history["lines"]) + 1))
    events = [message["event"] for message in (await parent.get("/v1/me/messages", expect=200))["messages"]]
    assert {"dossier-received", "birth-registered", "result-ready", "appointment"} <= set(events)


async def test_birth_refused_ends_the_others_unstarted_with_the_reason(city: CityPeople) -> None:
    parent = await city.signed_in("parent")
    dossier = await steps.submitted(parent, name="Hoàng Minh Quân")
    why = "Số giấy chứng sinh không có trong hệ thống của bệnh viện."
    await steps.decide(city, dossier, "birth", refuse=why)
    dossier = await parent.get(f"/v1/dossiers/{dossier['id']}", expect=200)
    assert dossier["status"] == "closed"
    assert steps.branch(dossier, "birth")["reason"]["vi"] == why
    for name in ("residence", "insurance", "identity_card"):
        branch = steps.branch(dossier, name)
        assert branch["state"] == "not_started"
        assert "số định danh" in branch["reason"]["vi"]
        assert branch["reason"]["en"]
        assert branch["result"] is None
    await parent.get(f"/v1/dossiers/{dossier['id']}/results/birth", expect=404, code="result-unknown")
    events = [message["event"] for message in (await parent.get("/v1/me/messages", expect=200))["messages"]]
    assert events.count("branch-not-started") == 3


async def test_later_branch_refused_ends_alone(city: CityPeople) -> None:
    parent = await city.signed_in("parent")
    dossier = await steps.submitted(parent, name="Hoàng Thanh Trúc")
    await steps.decide(city, dossier, "birth")
    dossier = await parent.get(f"/v1/dossiers/{dossier['id']}", expect=200)
    await steps.decide(city, dossier, "residence", refuse="Chủ hộ chưa xác nhận đồng ý cho nhập hộ khẩu.")
    dossier = await parent.get(f"/v1/dossiers/{dossier['id']}", expect=200)
    assert [b["state"] for b in dossier["branches"]] == ["approved", "refused", "submitted", "submitted"]
    assert dossier["status"] == "open"


async def test_a_birth_alone_is_filed_too(city: CityPeople) -> None:
    parent = await city.signed_in("parent")
    draft = await parent.post("/v1/dossiers", json={"procedure": "1.001193"}, expect=201)
    path, name = f"/v1/dossiers/{draft['id']}", "birth_registration"
    fields = {
        field: value
        for field, value in steps.child(name="Hoàng Tường Vy").items()
        if not field.startswith(("residence.", "insurance."))
    }
    await parent.patch(f"{path}/form", json={"fields": fields}, headers={"If-Match": '"1"'}, expect=200)
    upload = await steps.upload(parent)
    await parent.put(f"{path}/documents/birth_notification", json={"upload_id": upload}, expect=200)
    await steps.submit(parent, draft["id"])
    dossier = await parent.get(path, expect=200)
    assert [(b["name"], b["state"]) for b in dossier["branches"]] == [(name, "submitted")]
    officer = await city.signed_in("civil_status")
    branch = f"/v1/desk/branches/{steps.branch(dossier, name)['id']}"
    await officer.post(f"{branch}/claim", expect=201)
    await officer.post(f"{branch}/decision", json={"outcome": "approved"}, expect=201)
    dossier = await parent.get(path, expect=200)
    assert dossier["status"] == "closed"
    paper = await parent.get(dossier["branches"][0]["result"]["href"], expect=200)
    assert "hoàng tường vy" in text_of(paper.content).casefold()
    # The officer who decided may print it as well.
    await officer.get(f"{branch}/result", expect=200)

"""What parents and officers do, step by step, over the API."""

import io
import itertools
import uuid
from functools import cache
from typing import Any

import pypdfium2

from tests.people import CityPeople, Person

GROUP = "3.000722"
HOME = {"ward": "26740", "detail": "Số 9 đường Hư Cấu"}


_LETTERS = [
    "Ngọc",
    "An",
    "Bình",
    "Châu",
    "Dung",
    "Giang",
    "Hạnh",
    "Khôi",
    "Linh",
    "Minh",
    "Nhi",
    "Oanh",
    "Phúc",
    "Quỳnh",
    "Sơn",
    "Thảo",
    "Uyên",
    "Vân",
    "Xuân",
    "Yến",
]
_children = itertools.count()


def _new_name() -> str:
    """A name no child of these parents has yet: the register takes one birth of one mother, day and name."""
    first, second = divmod(next(_children), len(_LETTERS))
    return f"Hoàng {_LETTERS[first]} {_LETTERS[second]}"


def child(name: str | None = None, *, gcs: str | None = None) -> dict[str, Any]:
    """What only the parent knows; each child has its own birth notification."""
    name = name or _new_name()
    number = gcs or f"{uuid.uuid4().int % 100_000:05d}.GCS.79{uuid.uuid4().int % 1000:03d}.26"
    return {
        "child.full_name": name,
        "child.date_of_birth": "2026-11-10",
        "child.sex": "female",
        "child.birth_facility": "Bệnh viện Từ Dũ",
        "child.birth_place": {"ward": "26740"},
        "child.place_of_origin": {"ward": "26740"},
        "birth_notification.number": number,
        "birth_notification.issued_on": "2026-11-11",
        "mother.residence": HOME,
        "mother.residence_kind": "permanent",
        "father.residence": HOME,
        "father.residence_kind": "permanent",
        "residence.address": HOME,
        # The mother heads the household and consents by filing; the other parent would be invited to.
        "residence.household_head_name": "Nguyễn Thị Hồng Thắm",
        "residence.household_head_pin": "079192000011",
        "residence.relation_to_head": "child",
        "insurance.facility": "Bệnh viện Nhi Đồng 2",
    }


RESULTS: dict[str, dict[str, Any]] = {
    "birth": {},
    "residence": {"number": "152/TB-CAP", "registered_on": "2026-11-22"},
    "insurance": {"card_number": "TE1797926000123", "valid_from": "2026-11-22"},
    "identity_card": {"appointment_on": "2030-01-07", "appointment_time": "09:30"},
}
DESKS = {"birth": "civil_status", "residence": "residence", "insurance": "insurance", "identity_card": "residence"}
HEADS = {"birth": "head_ubnd", "residence": "head_cong_an", "insurance": "head_bhxh", "identity_card": "head_cong_an"}


@cache
def paper() -> bytes:
    """One empty page, as a scanner's PDF might be."""
    document, out = pypdfium2.PdfDocument.new(), io.BytesIO()
    document.new_page(200, 200)
    document.save(out)
    return out.getvalue()


async def upload(person: Person) -> str:
    answer = await person.post("/v1/uploads", files={"file": ("gcs.pdf", paper(), "application/pdf")}, expect=201)
    return answer["id"]


async def filled_draft(parent: Person, **changed: Any) -> dict[str, Any]:
    """A draft that could be submitted."""
    dossier = await parent.post("/v1/dossiers", json={"procedure": GROUP}, expect=201)
    path = f"/v1/dossiers/{dossier['id']}"
    fields = {**child(**changed)}
    dossier = await parent.patch(
        f"{path}/form", json={"fields": fields}, headers={"If-Match": f'"{dossier["version"]}"'}, expect=200
    )
    return await parent.put(
        f"{path}/documents/birth_notification", json={"upload_id": await upload(parent)}, expect=200
    )


async def submit(parent: Person, dossier_id: str, *, key: str | None = None, **rest: Any) -> dict[str, Any]:
    return await parent.post(
        f"/v1/dossiers/{dossier_id}/submission",
        headers={"Idempotency-Key": key or uuid.uuid4().hex},
        **({"expect": 201} | rest),
    )


async def submitted(parent: Person, **changed: Any) -> dict[str, Any]:
    """The whole dossier, just submitted."""
    draft = await filled_draft(parent, **changed)
    await submit(parent, draft["id"])
    return await parent.get(f"/v1/dossiers/{draft['id']}", expect=200)


def branch(dossier: dict[str, Any], name: str) -> dict[str, Any]:
    return next(b for b in dossier["branches"] if b["name"] == name)


async def decide(
    city: CityPeople, dossier: dict[str, Any], name: str, *, refuse: str | None = None, **rest: Any
) -> Any:
    """The officer of the branch claims and decides it; a refusal is confirmed by the head of the office."""
    officer = await city.signed_in(DESKS[name])
    path = f"/v1/desk/branches/{branch(dossier, name)['id']}"
    await officer.post(f"{path}/claim", expect=201)
    if refuse is None:
        body = {"outcome": "approved", "result": RESULTS[name]}
        return await officer.post(f"{path}/decision", json=body, **({"expect": 201} | rest))
    await officer.post(f"{path}/decision", json={"outcome": "refused", "reason": refuse}, expect=201)
    return await confirm_refusal(city, dossier, name, **rest)


async def confirm_refusal(city: CityPeople, dossier: dict[str, Any], name: str, **rest: Any) -> Any:
    """The second person's word."""
    path = f"/v1/desk/branches/{branch(dossier, name)['id']}/refusal-verdict"
    head = await city.signed_in(HEADS[name])
    return await head.post(path, json={"verdict": "confirm"}, **({"expect": 201} | rest))

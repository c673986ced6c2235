"""`motcua dossiers verify`: an honest city passes, and every way of tampering below the triggers is told with the dossier's code."""

from typing import Any

import pytest
from sqlalchemy import text

from dossiers import verifying
from dossiers.verifying import Broken
from tests.dossiers import steps
from tests.dossiers.test_lifecycle import WHY, desk, in_review
from tests.people import CityPeople

pytestmark = pytest.mark.anyio


async def broken(city: CityPeople) -> list[Broken]:
    return [one async for checked in verifying.verify(city.house.db) for one in checked.broken]


async def test_an_honest_city_passes_whatever_happened(city: CityPeople) -> None:
    parent, officer = await city.signed_in("parent"), await city.signed_in("residence")
    await steps.submitted(parent)
    dossier = await in_review(city)
    asked = {"reason": WHY, "fields": ["residence.address"], "documents": ["ct01"]}
    await officer.post(f"{desk(dossier)}/supplement-request", json=asked, expect=201)
    given = {
        "fields": {"residence.address": {"ward": "26740", "detail": "Số 10 đường Hư Cấu"}},
        "documents": {"ct01": await steps.upload(parent)},
    }
    await parent.post(f"/v1/dossiers/{dossier['id']}/branches/residence/supplement", json=given, expect=200)
    await officer.post(
        f"{desk(dossier)}/decision", json={"outcome": "approved", "result": steps.RESULTS["residence"]}, expect=201
    )
    fixed = {"reason": WHY, "result": {"number": "999/TB-CAP"}}
    await officer.post(f"{desk(dossier)}/corrected-result", json=fixed, expect=201)
    counted = [checked async for checked in verifying.verify(city.house.db)]
    assert sum(one.dossiers for one in counted) == 2
    assert [one.broken for one in counted] == [[]]


TAMPERED: dict[str, tuple[str, str]] = {
    "an answer": (
        """update dossiers set form = jsonb_set(form, '{child.full_name,value}', '"Người Khác"') where id = :id""",
        "form: not what was sealed",
    ),
    "a paper": ("update documents set sha256 = '\\x00' where dossier_id = :id", "document birth_notification: not"),
    "a state": ("update branches set state = 'approved' where dossier_id = :id and name = 'residence'", "branches: a"),
    "a result": (
        """update branches set result = '{"child.pin": "079226000000"}' where dossier_id = :id and name = 'birth'""",
        "result of birth: not",
    ),
    "a line": ("update dossier_events set vi = 'khác' where dossier_id = :id and seq = 2", "history: a line"),
    "a seal": (
        """update dossier_events set facts = '{"form_sha256": "00"}' where dossier_id = :id and seq = 1""",
        "history: a line",
    ),
    "a tail cut off": (
        "delete from dossier_events where dossier_id = :id and seq = (select max(seq) from dossier_events where dossier_id = :id)",
        "history: a line",
    ),
}


@pytest.mark.parametrize("what", TAMPERED)
async def test_what_was_changed_behind_our_back_is_told(city: CityPeople, what: str) -> None:
    dossier = await steps.submitted(await city.signed_in("parent"))
    await steps.decide(city, dossier, "birth")
    statement, told = TAMPERED[what]
    before = await broken(city)
    async with city.house.db.begin() as conn:
        await conn.execute(text("alter table dossier_events disable trigger dossier_events_stand"))
        await conn.execute(text(statement), {"id": dossier["id"]})
        await conn.execute(text("alter table dossier_events enable trigger dossier_events_stand"))
    found: list[Any] = [one for one in await broken(city) if one not in before]
    assert [one.receipt_code for one in found] == [dossier["receipt_code"]]
    assert found[0].what.startswith(told)

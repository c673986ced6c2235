"""Finding without signing in: the same answer for a wrong guess and for what is not there."""

from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest

from dossiers import finding
from identity import offices
from identity.faces import FIND_MY_DOSSIER
from identity.faces.calibration import default
from identity.faces.messages import Consent, Description, Template
from kit import clock
from kit.actor import Actor
from tests.dossiers import steps
from tests.people import CityPeople

pytestmark = pytest.mark.anyio

BORN = "1992-05-20"
MISSING = "H29.26740-261122-BCDFG-HJKLM-NPQRS"


async def ask(city: CityPeople, receipt_code: str, born: str, **rest: Any) -> Any:
    await city.house.valkey.forget_everything()
    return await city.nobody.post("/v1/lookups", json={"receipt_code": receipt_code, "date_of_birth": born}, **rest)


async def test_code_and_birthday_show_how_it_stands(city: CityPeople) -> None:
    dossier = await steps.submitted(await city.signed_in("parent"))
    code = dossier["receipt_code"]
    for typed in (code, code.lower().replace("-", " ")):
        said = await ask(city, typed, BORN, expect=200)
        assert said["receipt_code"] == code
        assert [b["state"] for b in said["branches"]] == ["submitted", "waiting", "waiting", "waiting"]
        assert said["timeline"]
    # Whoever holds the receipt learns how it stands, and nothing about the family.
    assert "Hoàng" not in str(said)
    assert "079" not in str(said)


async def test_wrong_and_missing_answer_alike(city: CityPeople) -> None:
    dossier = await steps.submitted(await city.signed_in("parent"))
    answers = [
        await ask(city, dossier["receipt_code"], "1992-05-21", expect=404, code="lookup-failed"),
        await ask(city, MISSING, BORN, expect=404, code="lookup-failed"),
        await ask(city, "no code at all", BORN, expect=404, code="lookup-failed"),
        await ask(city, "", BORN, expect=400),
    ]
    said = [{name: value for name, value in answer.items() if name != "instance"} for answer in answers[:3]]
    assert said[0] == said[1] == said[2]


async def test_guessing_days_for_one_code_runs_dry_whether_it_exists_or_not(city: CityPeople) -> None:
    dossier = await steps.submitted(await city.signed_in("parent"))
    for code in (dossier["receipt_code"], MISSING):
        await city.house.valkey.forget_everything()
        for day in range(1, 11):
            body = {"receipt_code": code, "date_of_birth": f"1980-01-{day:02d}"}
            await city.nobody.post("/v1/lookups", json=body, expect=404)
        body = {"receipt_code": code, "date_of_birth": BORN}
        await city.nobody.post("/v1/lookups", json=body, expect=429, code="too-many-requests")
    await city.house.valkey.forget_everything()


def test_second_fact_of_a_draft_or_nobody_never_fits() -> None:
    born = date(1992, 5, 20)
    assert not finding._knows(None, "", born)
    assert not finding._knows(("dos_1", []), MISSING, born)


class Seen:
    """An inference pool that has seen this face."""

    def __init__(self, description: Description) -> None:
        self.description = description

    async def run(self, *_: object) -> Description:
        return self.description


def face(fill: int) -> Description:
    rng = np.random.default_rng(fill)
    dlib, sface = (rng.normal(size=128).astype(np.float32) for _ in range(2))
    dlib, sface = dlib / np.linalg.norm(dlib), sface / np.linalg.norm(sface)
    template = Template(default().model, {"dlib": dlib.tobytes(), "sface": sface.tobytes()})
    return Description(template=template, picture=0, image_sha256=bytes(32))


def at_kiosk(city: CityPeople, seen: Description, office_id: str = "off_ubnd_sai_gon") -> Any:
    """What `by_face` is given when this face stands at a kiosk of that office."""
    house, scopes = city.house, frozenset({"dossiers:find-by-face"})
    kiosk = Actor(kind="kiosk", client_id="kiosk-sai-gon", scopes=scopes, office_id=office_id)
    return house.db, house.catalogue, house.faces, Seen(seen), house.limits, kiosk, b"selfie"


async def test_face_finds_the_open_dossiers_of_whoever_agreed(city: CityPeople) -> None:
    house, parent = city.house, await city.signed_in("parent")
    dossier = await steps.submitted(parent)
    me = await parent.get("/v1/me", expect=200)
    seen = face(7)
    args = at_kiosk(city, seen)
    with pytest.raises(finding.FaceNotFound):
        await finding.by_face(*args)
    consent = Consent(purpose=FIND_MY_DOSSIER, wording="face-lookup-1", given_at=clock.now())
    await house.faces.enrol(me["account_id"], seen, consent)
    found = await finding.by_face(*args)
    codes = [one.receipt_code for one in found.dossiers]
    assert f"H29.26740-{dossier['receipt_code'].split('-')[1]}-•••••-•••••-{dossier['receipt_code'][-5:]}" in codes
    with pytest.raises(finding.FaceNotFound):
        await finding.by_face(*args[:3], Seen(face(8)), *args[4:])


async def test_a_kiosk_looks_among_those_of_its_own_centre(city: CityPeople, monkeypatch: pytest.MonkeyPatch) -> None:
    # A person of one centre must not be found, nor their dossier seen, at another's.
    house, parent, seen = city.house, await city.signed_in("parent"), face(10)
    await steps.submitted(parent)
    me = await parent.get("/v1/me", expect=200)
    consent = Consent(purpose=FIND_MY_DOSSIER, wording="face-lookup-1", given_at=clock.now())
    await house.faces.enrol(me["account_id"], seen, consent)
    async with house.db.begin() as conn:
        elsewhere = await offices.create_office(
            conn, agency="ubnd_xa", ward_code="26734", name_vi="UBND khác", name_en="Another", address="Số 1 Hư Cấu"
        )
    looked_among: list[Any] = []
    find = house.faces.find

    async def noted(description: Description, *, among: Any) -> Any:
        looked_among.append(among)
        return await find(description, among=among)

    monkeypatch.setattr(house.faces, "find", noted)
    assert (await finding.by_face(*at_kiosk(city, seen))).dossiers
    with pytest.raises(finding.FaceNotFound):
        await finding.by_face(*at_kiosk(city, seen, elsewhere.id))
    # Not found and then hidden: a stranger of the other centre is never compared with them.
    assert [me["account_id"] in among for among in looked_among] == [True, False]


async def test_a_draft_is_nothing_to_be_found_by(city: CityPeople) -> None:
    house, other, seen = city.house, await city.signed_in("other_parent"), face(11)
    await other.post("/v1/dossiers", json={"procedure": steps.GROUP}, expect=201)
    me = await other.get("/v1/me", expect=200)
    consent = Consent(purpose=FIND_MY_DOSSIER, wording="face-lookup-1", given_at=clock.now())
    await house.faces.enrol(me["account_id"], seen, consent)
    with pytest.raises(finding.FaceNotFound):
        await finding.by_face(*at_kiosk(city, seen))
    assert await house.faces.withdraw(me["account_id"])


async def test_what_ended_is_shown_for_a_month(city: CityPeople) -> None:
    # People come to a kiosk to hear that it is ready: a dossier just closed must not vanish.
    house, stranger, seen = city.house, await city.signed_in("other_parent"), face(9)
    dossier = await steps.submitted(stranger)
    await steps.decide(city, dossier, "birth", refuse="Giấy chứng sinh không đọc được, đề nghị nộp lại.")
    me = await stranger.get("/v1/me", expect=200)
    consent = Consent(purpose=FIND_MY_DOSSIER, wording="face-lookup-1", given_at=clock.now())
    await house.faces.enrol(me["account_id"], seen, consent)
    args = at_kiosk(city, seen)
    assert len((await finding.by_face(*args)).dossiers) == 1
    with clock.shifted(timedelta(days=30)), pytest.raises(finding.FaceNotFound):
        await finding.by_face(*args)


async def test_only_kiosks_search_by_face(city: CityPeople) -> None:
    files = {"selfie": ("me.jpg", b"x", "image/jpeg")}
    await city.nobody.post("/v1/lookups/by-face", files=files, expect=401)
    await (await city.signed_in("parent")).post("/v1/lookups/by-face", files=files, expect=404)

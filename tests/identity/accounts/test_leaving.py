"""Export, correct, object, close: each with the law's clock and a record of what was done."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from identity.accounts.leaving import service
from identity.accounts.policy import policy
from identity.faces import FIND_MY_DOSSIER, Consent
from kit import clock
from kit.db import raw
from tests.dossiers.test_finding import face
from tests.identity.accounts.authenticator import Authenticator
from tests.identity.accounts.newcomers import letters_to, newcomer
from tests.identity.accounts.test_passkeys import register, sign_in
from tests.identity.offices.test_staff import WARD, account_of, appointed
from tests.people import CityPeople, Person

MINE, THEIRS = "/v1/me/data-requests", "/v1/data-requests"


@pytest.fixture(scope="module")
async def operator(city: CityPeople) -> Person:
    return await appointed(city, "privacy@motcua.test", WARD, "operator")


@pytest.fixture(autouse=True)
async def _uncounted(city: CityPeople) -> None:
    await city.house.valkey.forget_everything()
    async with city.house.db.begin() as conn:
        await (await raw(conn)).execute("delete from sign_in_failures")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


async def test_who_may(city: CityPeople, operator: Person) -> None:
    me, stranger = await newcomer(city), await newcomer(city)
    sent = {"kind": "correct", "said": "Tên tôi viết sai dấu"}
    await city.nobody.post(MINE, json=sent, expect=401, code="not-signed-in")
    await city.nobody.post("/v1/me/closure", expect=401, code="not-signed-in")
    asked = await me.calls.post(MINE, json=sent, expect=201)
    assert await stranger.calls.get(MINE, expect=200) == []
    for person in (stranger.calls, await city.signed_in("civil_status")):
        await person.get(THEIRS, expect=404, code="not-found")
        await person.post(f"{THEIRS}/{asked['id']}/acknowledgement", expect=404, code="not-found")
    assert asked["id"] in {one["id"] for one in await operator.get(THEIRS, expect=200)}


@pytest.mark.parametrize(("kind", "days"), [("correct", 10), ("object", 15), ("restrict", 15), ("delete", 20)])
async def test_the_clocks_of_the_law(city: CityPeople, kind: str, days: int) -> None:
    me = await newcomer(city)
    asked = await me.calls.post(MINE, json={"kind": kind, "said": "Sai"}, expect=201)
    assert at(asked["due_at"]) - at(asked["received_at"]) == timedelta(days=days)
    assert asked["overdue"] is False
    async with city.house.db.begin() as conn:
        await (await raw(conn)).execute("update data_requests set due_at = now() where id = %s", (asked["id"],))
    assert (await me.calls.get(MINE, expect=200))[0]["overdue"] is True
    for bad in ({"kind": "close", "said": "x"}, {"kind": kind, "said": ""}, {"kind": kind}):
        await me.calls.post(MINE, json=bad, expect=400, code="malformed-request")


@pytest.mark.parametrize(
    ("received", "by"),
    [
        # After a Monday they end on Wednesday, after a Thursday on Monday; the Days of Culture and of the Nation are none.
        ("2026-11-16T08:00:00+07:00", "2026-11-19T00:00:00+07:00"),
        ("2026-11-23T08:00:00+07:00", "2026-11-27T00:00:00+07:00"),
        ("2026-11-26T23:59:00+07:00", "2026-12-01T00:00:00+07:00"),
        ("2026-08-31T08:00:00+07:00", "2026-09-05T00:00:00+07:00"),
    ],
)
async def test_two_working_days(city: CityPeople, received: str, by: str) -> None:
    counted = service._working_days(city.house.catalogue, at(received).astimezone(UTC), 2)
    assert counted == at(by)


async def test_acknowledged_extended_once_and_answered(city: CityPeople, operator: Person) -> None:
    me = await newcomer(city)
    asked = await me.calls.post(MINE, json={"kind": "correct", "said": "Sai"}, expect=201)
    path = f"{THEIRS}/{asked['id']}"
    first = await operator.post(f"{path}/acknowledgement", expect=200)
    assert (await operator.post(f"{path}/acknowledgement", expect=200))["steps"] == first["steps"]
    longer = await operator.post(f"{path}/extension", json={"said": "Cần đối chiếu sổ"}, expect=200)
    assert at(longer["due_at"]) - at(asked["due_at"]) == timedelta(days=10)
    await operator.post(f"{path}/extension", json={"said": "x"}, expect=409, code="extended-once")
    done = {"verdict": "done", "said": "Đã sửa theo giấy khai sinh"}
    await operator.post(f"{path}/verdict", json=done, expect=200)
    await operator.post(f"{path}/verdict", json=done, expect=409, code="request-decided")
    await operator.post(f"{path}/extension", json={"said": "x"}, expect=409, code="request-decided")
    mine = (await me.calls.get(MINE, expect=200))[0]
    # Once for the acknowledgement, however often it is pressed.
    told = await letters_to(city, me.phone, "data-request")
    assert [len([one for one in told if said in one]) for said in ("tiep nhan", "gia han", "co tra loi")] == [1, 1, 1]
    assert "/account/data" in told[0]
    assert "giấy khai sinh" not in "".join(told), "what was said is read behind a sign-in"
    operator_id = await account_of(operator)
    assert [(one["what"], one["officer_id"]) for one in mine["steps"]] == [
        (what, operator_id) for what in ("acknowledged", "extended", "done")
    ]
    assert (mine["verdict"], mine["steps"][-1]["said"]) == ("done", "Đã sửa theo giấy khai sinh")
    await operator.post(f"{THEIRS}/drq_none/verdict", json=done, expect=404, code="not-found")


async def test_an_export_holds_everything_and_is_recorded(city: CityPeople) -> None:
    me = await newcomer(city)
    await register(me.calls, Authenticator())
    told = await me.calls.post("/v1/me/export", expect=200)
    assert (told["pin"], told["full_name"], told["contacts"]) == (me.pin, "Lê Thị Mới", [me.phone])
    assert {one["claim"]: one["value"] for one in told["claims"]}["date_of_birth"] == "1993-05-12"
    assert [one["kind"] for one in told["authenticators"]] == ["phone", "passkey"]
    assert [(one["method"], one["outcome"]) for one in told["sign_ins"]] == [("code_phone", "signed_in")]
    assert [(one["kind"], one["current"]) for one in told["sessions"]] == [("app", True)]
    assert (told["consents"], told["recoveries"], told["mandates"]) == ([], [], {"held": [], "over_me": []})
    assert told["face"] == {"lookup": None, "guard": None}
    mine = (await me.calls.get(MINE, expect=200))[0]
    assert (mine["kind"], mine["verdict"]) == ("export", "done")


async def test_requests_that_wait_are_not_piled_up(city: CityPeople, operator: Person) -> None:
    me, most = await newcomer(city), policy().leaving.most_open
    sent = {"kind": "object", "said": "x"}
    ids = [(await me.calls.post(MINE, json=sent, expect=201))["id"] for _ in range(most)]
    await me.calls.post(MINE, json=sent, expect=409, code="too-many-data-requests")
    await operator.post(f"{THEIRS}/{ids[0]}/verdict", json={"verdict": "refused", "said": "x"}, expect=200)
    await me.calls.post(MINE, json=sent, expect=201)


async def test_an_export_tells_every_read(city: CityPeople, operator: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    me = await newcomer(city)
    asked = await me.calls.post(MINE, json={"kind": "correct", "said": "Sai"}, expect=201)
    path = f"{THEIRS}/{asked['id']}"
    await operator.post(f"{path}/extension", json={"said": "x"}, expect=200)
    await operator.post(f"{path}/verdict", json={"verdict": "done", "said": "x"}, expect=200)
    monkeypatch.setattr("identity.consents.reads.listing.PAGE", 1)
    told = await me.calls.post("/v1/me/export", expect=200)
    assert [one["kind"] for one in told["reads"]] == ["data_request"] * 2, "page after page"


async def test_a_closed_account_lets_nobody_in_and_is_erased_in_time(city: CityPeople, operator: Person) -> None:
    me, key = await newcomer(city), Authenticator()
    await register(me.calls, key)
    other = await me.sign_in()
    await me.calls.post(MINE, json={"kind": "object", "said": "Tôi là ai"}, expect=201)
    told = await me.calls.post("/v1/me/closure", expect=200)
    assert "sổ hộ tịch" in told["stays"]["vi"]
    assert "civil register" in told["stays"]["en"]
    for app in (me.calls, other):
        await app.get("/v1/me", expect=401, code="token-revoked")
    await sign_in(city, key, expect=422)
    with pytest.raises(AssertionError):
        await me.sign_in()
    assert "Da dong tai khoan" in (await letters_to(city, me.phone, "way-in-changed"))[0]
    # No word hastens or stops it.
    await operator.post(
        f"{THEIRS}/{told['request']['id']}/verdict",
        json={"verdict": "refused", "said": "x"},
        expect=404,
        code="not-found",
    )

    async def left() -> tuple[Any, ...]:
        async with city.house.db.connect() as conn:
            rows = await (await raw(conn)).execute(
                "select (select count(*) from account_claims where account_id = a.id), a.full_name, length(a.pin_sealed),"
                " (select max(length(value_sealed)) from contacts where account_id = a.id),"
                " (select verdict from data_requests where account_id = a.id and kind = 'close'),"
                " a.date_of_birth, a.sex, a.level_evidence = '[]',"
                " (select string_agg(said, '') from data_requests where account_id = a.id)"
                " from accounts a where a.id = %s",
                (me.account_id,),
            )
            return await rows.fetchone() or ()

    with clock.shifted(timedelta(days=policy().leaving.delete_days, minutes=-5)):
        await service.erase_due(city.house.db)
    assert (await left())[0] > 0
    with clock.shifted(timedelta(days=policy().leaving.delete_days, seconds=1)):
        assert await service.erase_due(city.house.db) == 1
        assert await service.erase_due(city.house.db) == 0
    assert await left() == (0, "", 0, 0, "done", None, None, True, "")


async def test_the_number_of_who_left_is_free_for_somebody_else(city: CityPeople) -> None:
    me, other = await newcomer(city), await newcomer(city)
    await me.calls.post("/v1/me/closure", expect=200)
    await other.add(me.phone)


async def test_who_left_is_found_by_face_no_more(city: CityPeople) -> None:
    me, seen = await newcomer(city), face(21)
    consent = Consent(purpose=FIND_MY_DOSSIER, wording="face-lookup-1", given_at=clock.now())
    await city.house.faces.enrol(me.account_id, seen, consent)
    assert await city.house.faces.find(seen) is not None
    await me.calls.post("/v1/me/closure", expect=200)
    assert await city.house.faces.find(seen) is None
    assert await city.house.faces.withdraw(me.account_id) is False, "nothing is left to be withdrawn"

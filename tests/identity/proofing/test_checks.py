"""The officer's check at the counter: once, with a reason, never for oneself."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import text

from identity.proofing.sessions import end_expired
from kit import clock
from tests.identity.proofing import cards
from tests.identity.proofing.conftest import Applicant, comparison, numbered

pytestmark = pytest.mark.anyio

CONFIRMED = {"verdict": "confirmed", "reason": "Đã đối chiếu thẻ gốc và khuôn mặt."}


@pytest.fixture
async def checked(city, applicant):
    """An applicant with an account at level 1, and the address their check code opens."""
    await applicant.up_to("account")
    applicant.check = f"/v1/proofing/checks/{(await applicant.account())['check_code']}"
    return applicant


async def token_level(city, applicant):
    code = (await applicant.authorization())["authorization_code"]
    person = type(applicant)(city)
    person.device, person.token = (
        applicant.device,
        await city.token(applicant.device, "citizen-app", code, applicant.pkce.verifier),
    )
    return (await person.get("/v1/me", expect=200))["level"]


async def test_nobody_401_citizens_and_other_officers_404_the_checker_sees(city, checked):
    await city.nobody.get(checked.check, expect=401)
    for key in ("stranger", "civil_status"):
        await (await city.signed_in(key)).get(checked.check, expect=404)
        await (await city.signed_in(key)).post(checked.check, json=CONFIRMED, expect=404)
    await checked.get(checked.check, expect=404)
    officer = await city.signed_in("identity_checker")
    seen = await officer.get(checked.check, expect=200)
    told = {claim["claim"]: claim for claim in seen["claims"]}
    assert told["full_name"]["value"] == cards.FULL_NAME
    assert told["pin"]["sources"] == ["card:qr", "card:mrz", "card:print"]
    assert seen["level"] == 1


async def test_the_officer_sees_all_evidence_by_the_name_of_what_proved_it(city, applicant, photos):
    other = await Applicant(city, phone="+84930000001").up_to("selfie")
    photos.face = comparison("match", b"theirs", portrait=b"one portrait")
    await other.selfie(b"theirs")
    photos.card = cards.card(number=numbered())
    await applicant.up_to("selfie")
    photos.face = comparison("unsure", b"dark", portrait=b"one portrait")
    await applicant.selfie(b"dark", expect=422)
    photos.face = comparison("match", b"light", portrait=b"one portrait")
    for step in ("selfie", "contact", "code"):
        await getattr(applicant, step)()
    officer = await city.signed_in("identity_checker")
    seen = await officer.get(f"/v1/proofing/checks/{(await applicant.account())['check_code']}", expect=200)
    assert [(one["proof"], one["outcome"], one["by"]) for one in seen["evidence"]] == [
        ("card", "accept", "can_cuoc_2024"),
        ("face", "unsure", "m c"),
        ("face", "match", "m c"),
        ("contact", "proven", "one-time-code"),
        ("register", "unknown", "register:sandbox"),
    ]
    assert all(one["at"] for one in seen["evidence"])
    assert "5.0" not in str([one | {"at": None} for one in seen["evidence"]])
    (alarm,) = [one for one in seen["alarms"] if one["kind"] == "portrait_of_another"]
    assert (alarm["verdict"], bool(alarm["words"]["vi"])) == (None, True)
    (row,) = [one for one in await officer.get("/v1/proofing/alarms") if one["kind"] == "portrait_of_another"]
    decided = {"verdict": "unfounded", "reason": "Cùng một người, thẻ cấp lại."}
    await officer.post(f"/v1/proofing/alarms/{row['id']}", json=decided, expect=200)
    seen = await officer.get(f"/v1/proofing/checks/{(await applicant.account())['check_code']}", expect=200)
    assert [one["verdict"] for one in seen["alarms"] if one["kind"] == "portrait_of_another"] == ["unfounded"]


async def test_a_confirmed_person_reaches_level_two(city, checked):
    assert await token_level(city, checked) == 1
    officer = await city.signed_in("identity_checker")
    assert await officer.post(checked.check, json=CONFIRMED, expect=200) == {"verdict": "confirmed", "level": 2}
    assert await token_level(city, checked) == 2
    again = await checked.account()
    assert (again["level"], again["check_code"]) == (2, None)
    await city.run_jobs()
    letters = (await city.client.get("/sandbox/inbox.json")).json()
    assert next(one["event"] for one in letters if one["to"] == checked.phone) == "level-raised"


async def test_who_when_and_why_is_kept(city, checked):
    officer = await city.signed_in("identity_checker")
    me = await officer.get("/v1/me", expect=200)
    await officer.get(checked.check, expect=200)
    await officer.post(checked.check, json=CONFIRMED, expect=200)
    async with city.house.db.connect() as conn:
        rows = (
            await conn.execute(
                text(
                    "select kind, evidence, officer_id, office_id, at from proofing_events"
                    " where session_id = :id and officer_id is not null order by id"
                ),
                {"id": checked.id},
            )
        ).all()
        claims = await conn.scalar(
            text("select claims_sealed from proofing_checks where session_id = :id"), {"id": checked.id}
        )
    assert [row.kind for row in rows] == ["check-seen", "check-confirmed"]
    assert rows[1].evidence == {"reason": CONFIRMED["reason"]}
    assert {row.officer_id for row in rows} == {me["account_id"]}
    assert {row.office_id for row in rows} == {me["office"]["id"]}
    assert claims is None


async def test_a_refused_person_stays_where_they_were(city, checked):
    officer = await city.signed_in("identity_checker")
    refused = {"verdict": "refused", "reason": "Người đến không phải chủ thẻ."}
    assert await officer.post(checked.check, json=refused, expect=200) == {"verdict": "refused", "level": 1}
    assert await token_level(city, checked) == 1
    await officer.post(checked.check, json=CONFIRMED, expect=404, code="check-code-unknown")
    assert (await checked.account())["check_code"] is None


async def test_a_code_works_once_even_for_two_officers_at_once(city, checked):
    officer = await city.signed_in("identity_checker")
    answers = await asyncio.gather(*(officer.post(checked.check, json=CONFIRMED) for _ in range(5)))
    assert sorted(answer.get("code", "ok") for answer in answers) == ["check-code-unknown"] * 4 + ["ok"]
    await officer.get(checked.check, expect=404, code="check-code-unknown")


async def test_a_code_is_good_for_a_day(city, checked):
    officer = await city.signed_in("identity_checker")
    async with city.house.db.begin() as conn:
        await conn.execute(text("update proofing_checks set expires_at = now() - interval '1 second'"))
    await officer.get(checked.check, expect=404, code="check-code-unknown")
    await officer.post(checked.check, json=CONFIRMED, expect=404, code="check-code-unknown")
    await end_expired(city.house.db)
    async with city.house.db.connect() as conn:
        assert await conn.scalar(text("select count(*) from proofing_checks where claims_sealed is not null")) == 0


async def test_the_code_may_be_read_out_in_any_way(city, checked):
    officer = await city.signed_in("identity_checker")
    head, _, code = checked.check.rpartition("/")
    await officer.get(f"{head}/{code[:4].lower()}-{code[4:]}", expect=200)


async def test_a_new_code_voids_the_old_one(city, checked):
    officer = await city.signed_in("identity_checker")
    new = (await checked.account())["check_code"]
    await officer.get(checked.check, expect=404, code="check-code-unknown")
    await officer.get(f"/v1/proofing/checks/{new}", expect=200)


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"verdict": "confirmed", "reason": "  "}, 422, "check-reason-missing"),
        ({"verdict": "confirmed"}, 400, None),
        ({"verdict": "confirmed", "reason": "a\0b"}, 400, None),
        ({"verdict": "confirmed", "reason": "\u202eb"}, 400, None),
        ({"verdict": "maybe", "reason": "x"}, 400, None),
        ({"verdict": "confirmed", "reason": "x" * 501}, 400, None),
        ({"verdict": "confirmed", "reason": "x", "level": 3}, 400, None),
    ],
)
async def test_a_verdict_has_a_reason(city, checked, body, status, code):
    officer = await city.signed_in("identity_checker")
    await officer.post(checked.check, json=body, expect=status, code=code)
    await officer.get(checked.check, expect=200)


async def test_nobody_checks_a_person_of_their_own_name(city, applicant, photos):
    data = next(one for one in city.furnished.city.officers if one.key == "identity_checker")
    photos.card = cards.card(
        number=numbered(), full_name=cards.field("full_name", value=data.full_name.upper(), normal="x")
    )
    await applicant.up_to("account")
    check = f"/v1/proofing/checks/{(await applicant.account())['check_code']}"
    officer = await city.signed_in("identity_checker")
    await officer.get(check, expect=403, code="own-check")
    await officer.post(check, json=CONFIRMED, expect=403, code="own-check")
    async with city.house.db.connect() as conn:
        decided = await conn.scalar(
            text("select decided_at from proofing_checks where session_id = :id"), {"id": applicant.id}
        )
    assert decided is None


async def test_codes_cannot_be_guessed_for_long(city, applicant):
    officer = await city.signed_in("identity_checker")
    with clock.shifted(timedelta()):
        for _ in range(30):
            await officer.get("/v1/proofing/checks/BCDFGHJK", expect=404, code="check-code-unknown")
        await officer.get("/v1/proofing/checks/BCDFGHJK", expect=429, code="too-many-requests")

"""One person twice, or a stolen number: officers learn of it, citizens never do."""

import asyncio
import secrets
from datetime import timedelta

import pytest
from sqlalchemy import text

from identity import faces
from identity.proofing.sessions import end_expired
from tests.identity.faces import test_store as gallery
from tests.identity.proofing import cards
from tests.identity.proofing.conftest import Applicant, comparison, numbered
from tests.identity.proofing.test_replays import said
from tests.identity.proofing.test_session import events

pytestmark = pytest.mark.anyio

QUEUE = "/v1/proofing/alarms"
DECISION = {"verdict": "unfounded", "reason": "Hai anh em sinh đôi, đã xem giấy khai sinh."}


@pytest.fixture
async def quiet(city):
    """No alarm of an earlier test is open, and limits have forgotten it."""
    await city.house.valkey.forget_everything()
    async with city.house.db.begin() as conn:
        await conn.execute(text("update proofing_alarms set claims_sealed = null"))


@pytest.fixture
async def officer(city, quiet):
    return await city.signed_in("identity_checker")


async def kinds(officer):
    return [one["kind"] for one in await officer.get(QUEUE, expect=200)]


async def alarmed(applicant, photos):
    """An applicant whose portrait was on another's card before."""
    other = await Applicant(applicant.city, phone=applicant.phone.replace("+8490", "+8491")).up_to("selfie")
    portrait = secrets.token_bytes(8)
    photos.face = comparison("match", secrets.token_bytes(8), portrait=portrait)
    await other.selfie()
    photos.card = cards.card(number=numbered(), full_name=cards.field("full_name"))
    await applicant.up_to("selfie")
    photos.face = comparison("match", secrets.token_bytes(8), portrait=portrait)
    await applicant.selfie()
    photos.face = "match"
    return applicant


async def test_nobody_401_citizens_and_other_officers_404_the_checker_sees(city, applicant, photos, officer):
    await alarmed(applicant, photos)
    (row,) = await officer.get(QUEUE, expect=200)
    assert (row["kind"], row["times"]) == ("portrait_of_another", 1)
    assert row["words"]["vi"] != row["words"]["en"]
    assert cards.FULL_NAME not in str(row)
    one = f"{QUEUE}/{row['id']}"
    for who, status in ((city.nobody, 401), (await city.signed_in("stranger"), 404), (applicant, 404)):
        for path in (QUEUE, one):
            await who.get(path, expect=status)
        await who.post(one, json=DECISION, expect=status)
    other_trade = await city.signed_in("civil_status")
    await other_trade.get(QUEUE, expect=404)
    seen = await officer.get(one, expect=200)
    told = {claim["claim"]: claim["value"] for claim in seen["claims"]}
    assert told["full_name"] == cards.FULL_NAME
    assert seen["account"] is None
    assert (await events(city, applicant.id))[-1] == ("alarm-seen", {"kind": "portrait_of_another"})


async def test_decided_once_with_a_reason_and_then_nothing_is_kept(city, applicant, photos, officer):
    await alarmed(applicant, photos)
    (row,) = await officer.get(QUEUE, expect=200)
    one = f"{QUEUE}/{row['id']}"
    await officer.post(one, json=DECISION | {"reason": " "}, expect=422, code="check-reason-missing")
    await officer.post(one, json=DECISION | {"verdict": "maybe"}, expect=400)
    answers = await asyncio.gather(*(officer.post(one, json=DECISION) for _ in range(4)))
    assert sorted(answer.get("verdict") or answer["code"] for answer in answers) == [*["not-found"] * 3, "unfounded"]
    await officer.get(one, expect=404)
    assert await kinds(officer) == []
    (evidence,) = [what for kind, what in await events(city, applicant.id) if kind == "alarm-decided"]
    assert (evidence["verdict"], evidence["reason"]) == ("unfounded", DECISION["reason"])
    async with city.house.db.connect() as conn:
        kept = (
            (await conn.execute(text("select * from proofing_alarms where id = :id"), {"id": row["id"]})).one()._mapping
        )
    me = await officer.get("/v1/me", expect=200)
    assert (kept["claims_sealed"], kept["officer_id"], kept["office_id"]) == (
        None,
        me["account_id"],
        me["office"]["id"],
    )


async def test_the_row_says_no_name_and_no_number(city, applicant, photos, officer):
    await alarmed(applicant, photos)
    async with city.house.db.connect() as conn:
        dump = "\n".join((await conn.scalars(text("select a::text from proofing_alarms a"))).all())
    for secret in (cards.FULL_NAME, photos.card.reading.fields["number"].value, "1989-01-15"):
        assert secret not in dump
        assert secret.encode().hex() not in dump


async def test_an_alarm_nobody_decides_is_over_in_time(city, applicant, photos, officer):
    await alarmed(applicant, photos)
    async with city.house.db.begin() as conn:
        await conn.execute(
            text("update proofing_alarms set expires_at = expires_at - :days"), {"days": timedelta(days=90)}
        )
    assert await kinds(officer) == []
    await end_expired(city.house.db)
    async with city.house.db.connect() as conn:
        assert not await conn.scalar(text("select count(*) from proofing_alarms where claims_sealed is not null"))


async def test_nobody_decides_about_who_bears_their_name(city, applicant, photos, officer):
    data = next(one for one in city.furnished.city.officers if one.key == "identity_checker")
    photos.card = cards.card(number=numbered())
    other = await Applicant(city, phone="+84910000123").up_to("selfie")
    photos.face = comparison("match", b"three", portrait=b"their portrait")
    await other.selfie(b"three")
    photos.card = cards.card(number=numbered(), full_name=cards.field("full_name", value=data.full_name, normal="x"))
    await applicant.up_to("selfie")
    photos.face = comparison("match", b"four", portrait=b"their portrait")
    await applicant.selfie(b"four")
    (row,) = await officer.get(QUEUE, expect=200)
    await officer.get(f"{QUEUE}/{row['id']}", expect=403, code="own-check")
    await officer.post(f"{QUEUE}/{row['id']}", json=DECISION, expect=403, code="own-check")
    assert await kinds(officer) == ["portrait_of_another"]


async def test_a_number_that_has_an_account_shown_with_another_phone_or_name(city, applicant, photos, officer):
    await applicant.up_to("account")
    await applicant.account()
    # The same name and day of birth as of people earlier in this module, under other numbers.
    assert set(await kinds(officer)) <= {"namesake"}
    thief = await Applicant(city, phone="+84910000124").up_to("account")
    await thief.account(expect=409, code="account-has-other-contact")
    await thief.account(expect=409, code="account-has-other-contact")
    row = next(one for one in await officer.get(QUEUE, expect=200) if one["kind"] == "number_in_use")
    assert row["times"] == 2
    about = await officer.get(f"{QUEUE}/{row['id']}", expect=200)
    assert (about["account"]["full_name"], about["account"]["level"]) == (cards.FULL_NAME, 1)
    assert about["account"]["pin_masked"] not in (None, photos.card.reading.fields["number"].value)
    number = photos.card.reading.fields["number"]
    photos.card = cards.card(
        number=number, date_of_birth=cards.field("date_of_birth", value="16/01/1989", normal="1989-01-16")
    )
    other = await Applicant(city, phone="+84910000125").up_to("account")
    await other.account(expect=409, code="identity-conflict")
    assert "number_of_another" in await kinds(officer)


async def test_one_name_and_birth_date_under_two_numbers(city, applicant, photos, officer):
    name = cards.field("full_name", value="Trần Thị Trùng Tên", normal="tran thi trung ten")
    photos.card = cards.card(number=numbered(), full_name=name)
    await (await Applicant(city, phone="+84910000126").up_to("account")).account()
    assert await kinds(officer) == []
    photos.card = cards.card(number=numbered(), full_name=cards.field("full_name", value="TRAN THI TRUNG TEN"))
    await applicant.up_to("account")
    assert (await applicant.account())["level"] == 1
    (row,) = await officer.get(QUEUE, expect=200)
    about = await officer.get(f"{QUEUE}/{row['id']}", expect=200)
    assert (row["kind"], about["account"]["full_name"]) == ("namesake", "Trần Thị Trùng Tên")


async def test_a_selfie_used_with_another_number(city, applicant, photos, officer):
    photos.card = cards.card(number=numbered())
    await (await Applicant(city).up_to("selfie")).selfie(b"the same for two")
    photos.card = cards.card(number=numbered())
    await applicant.up_to("selfie")
    await applicant.selfie(b"the same for two", expect=422, code="replayed-image")
    assert await kinds(officer) == ["selfie_of_another"]


async def test_by_face_only_among_those_who_agreed_to_it(city, applicant, photos, officer):
    parent = await city.signed_in("parent")
    me = (await parent.get("/v1/me", expect=200))["account_id"]
    guard, agreed = "/v1/me/face-guard", {"consent": faces.FACE_GUARD.purpose}
    problem = await parent.put(guard, json={}, expect=422, code="face-consent-missing")
    assert faces.FACE_GUARD.text.vi in problem["message"]["vi"]
    await parent.put(guard, json=agreed, expect=409, code="face-not-enrolled")
    theirs = gallery.face([0.5 + number % 7 for number in range(256)])
    await city.house.faces.enrol(me, theirs, gallery.CONSENT)
    photos.description = gallery.again(theirs)

    async def somebody():
        photos.card = cards.card(
            number=numbered(), full_name=cards.field("full_name", value=f"Người {numbered().value}")
        )
        one = await Applicant(city, phone=applicant.phone).up_to("selfie")
        return await one.selfie()

    # Enrolled to be found at desks, and for nothing else.
    plain = await somebody()
    assert faces.describe not in [function for function, _ in photos.seen]
    assert await kinds(officer) == []
    await parent.put(guard, json=agreed, expect=200)
    assert await somebody() == plain
    (row,) = await officer.get(QUEUE, expect=200)
    about = await officer.get(f"{QUEUE}/{row['id']}", expect=200)
    assert (row["kind"], about["account"]["full_name"]) == ("face_of_another", next(
        one.full_name for one in city.furnished.city.citizens if one.key == "parent"
    ))  # fmt: skip
    async with city.house.faces_db.connect() as conn:
        assert (
            await conn.scalar(text("select purpose from face_searches order by id desc limit 1")) == agreed["consent"]
        )
    await officer.post(f"{QUEUE}/{row['id']}", json=DECISION, expect=200)
    # Who is kept for something else alone is not looked at, also while others are watched for.
    unasked = gallery.face([0.5 - number % 11 for number in range(256)])
    await city.house.faces.enrol("acc_unasked", unasked, gallery.CONSENT)
    photos.description = gallery.again(unasked)
    await somebody()
    assert await kinds(officer) == []
    async with city.house.faces_db.connect() as conn:
        searched = (
            await conn.execute(text("select ref, gallery_size from face_searches order by id desc limit 1"))
        ).one()
    assert tuple(searched) == (None, 1)
    photos.description = gallery.again(theirs)
    await parent.delete(guard, expect=204)
    await somebody()
    assert await kinds(officer) == []
    await parent.put(guard, json=agreed, expect=200)
    await city.house.faces.withdraw(me)
    assert await city.house.faces.guarded() == []


async def test_a_wrong_person_never_learns_whether_the_card_s_owner_has_an_account(city, applicant, photos, officer):
    """Every answer up to the last attempt is the same, and so is every status after it."""
    known, unknown = cards.card(number=numbered()), cards.card(number=numbered())
    photos.card = known
    await (await Applicant(city, phone="+84910000127").up_to("account")).account()
    heard = []
    for card in (known, unknown):
        await city.house.valkey.forget_everything()
        photos.card, photos.face = card, "match"
        thief = Applicant(city, phone="+84910000128")
        await thief.open()
        answers = [{**await thief.card(), "reading": None}]
        photos.face = "no_match"
        answers += [said(await thief.selfie(expect=422)) for _ in range(5)]
        answers += [said(await thief.selfie(expect=409)), said(await thief.contact(expect=409))]
        answers += [said(await thief.account(expect=409)), said(await thief.authorization(expect=409))]
        progress = await thief.get(thief.path(), expect=200)
        answers.append({name: progress[name] for name in ("next", "card_attempts_left", "selfie_attempts_left")})
        heard.append(answers)
    assert heard[0] == heard[1]
    assert (await kinds(officer)).count("stranger_with_card") == 2

"""What the machine leaves to an officer: by the photos or at a counter, and no account before their word."""

import asyncio
from datetime import date

import pytest
from sqlalchemy import text

from identity import accounts
from identity.proofing import policy
from identity.proofing.sessions import end_expired
from tests.identity.proofing import cards
from tests.identity.proofing.conftest import Applicant
from tests.identity.proofing.test_liveness import answer, ask
from tests.identity.proofing.test_register import register as register
from tests.identity.proofing.test_session import events, held

pytestmark = pytest.mark.anyio

CONFIRMED = {"verdict": "confirmed", "reason": "Cùng một người: tai, mũi, sẹo ở cằm."}
REFUSED = {"verdict": "refused", "reason": "Không phải người trên thẻ."}


@pytest.fixture
async def unsure(city, applicant, photos):
    """An applicant whom the machine was unsure of and who left it to an officer, up to the account."""
    await applicant.up_to("selfie")
    photos.face = "unsure"
    await applicant.selfie(expect=422, code="face-unsure")
    return applicant


async def handed_over(applicant):
    await applicant.review()
    await applicant.contact()
    await applicant.code()
    return await applicant.account()


async def mine(officer, applicant, city):
    """The one of this session in the officer's queue."""
    async with city.house.db.connect() as conn:
        review_id = await conn.scalar(
            text("select review_id from proofing_checks where session_id = :id"), {"id": applicant.id}
        )
    queue = [row["id"] for row in await officer.get("/v1/proofing/reviews", expect=200)]
    assert (review_id is not None) == (review_id in queue)
    return None if review_id is None else f"/v1/proofing/reviews/{review_id}"


async def level_of(city, applicant):
    code = (await applicant.authorization())["authorization_code"]
    person = Applicant(city)
    person.device = applicant.device
    person.token = await city.token(applicant.device, "citizen-app", code, applicant.pkce.verifier)
    return (await person.get("/v1/me", expect=200))["level"]


async def test_by_the_photos_an_officer_opens_level_one(city, unsure):
    asked = await unsure.review()
    assert asked == {"reasons": ["face-unsure"], "by_photos": True, "next": "contact"}
    await unsure.contact()
    await unsure.code()
    waiting = await unsure.account()
    assert (waiting["level"], waiting["acr"], waiting["by_photos"]) == (0, None, True)
    assert waiting["check_code_expires_in"] == 72 * 3600
    assert (await unsure.get(unsure.path()))["review"] == "waiting"
    await unsure.authorization(expect=409, code="wrong-state")
    officer = await city.signed_in("identity_checker")
    where = await mine(officer, unsure, city)
    seen = await officer.get(where, expect=200)
    assert (seen["level"], seen["reasons"]) == (0, ["face-unsure"])
    assert {one["claim"]: one["value"] for one in seen["claims"]}["full_name"] == cards.FULL_NAME
    for photo, start in (("selfie", b"shown "), ("portrait", b"\xff\xd8")):
        shown = await officer.get(f"{where}/{photo}", expect=200)
        assert shown.content.startswith(start)
        assert shown.headers["cache-control"] == "private, no-store"
    assert await officer.post(where, json=CONFIRMED, expect=200) == {"verdict": "confirmed", "level": 1}
    assert await level_of(city, unsure) == 1
    assert await held(city, unsure.id) == set()
    kinds = [kind for kind, _ in await events(city, unsure.id)]
    assert [kind for kind in kinds if kind.startswith(("review", "check"))][:3] == [
        "review-asked",
        "review-waiting",
        "check-seen",
    ]
    assert kinds.count("review-photo-seen") == 2
    await officer.get(where, expect=404)


async def test_the_evidence_names_the_officer_and_no_machine(city, unsure):
    await handed_over(unsure)
    officer = await city.signed_in("identity_checker")
    await officer.post(await mine(officer, unsure, city), json=CONFIRMED, expect=200)
    me = await officer.get("/v1/me", expect=200)
    async with city.house.db.connect() as conn:
        kept = await conn.scalar(
            text(
                "select level_evidence from accounts a join proofing_sessions s on s.account_id = a.id where s.id = :id"
            ),
            {"id": unsure.id},
        )
    (one,) = kept
    assert one["by"]["account_id"] == me["account_id"]
    face = one["evidence"]["face"]
    assert (face["by"], face["in_person"], face["left_to_person"]) == ("officer", False, ["face-unsure"])


async def test_at_the_counter_the_code_opens_it_at_level_two(city, unsure):
    code = (await handed_over(unsure))["check_code"]
    officer = await city.signed_in("identity_checker")
    check = f"/v1/proofing/checks/{code}"
    assert (await officer.get(check, expect=200))["reasons"] == ["face-unsure"]
    assert await officer.post(check, json=CONFIRMED, expect=200) == {"verdict": "confirmed", "level": 2}
    assert await level_of(city, unsure) == 2
    assert await mine_gone(officer, unsure, city)


async def mine_gone(officer, applicant, city):
    async with city.house.db.connect() as conn:
        review_id = await conn.scalar(
            text("select review_id from proofing_checks where session_id = :id"), {"id": applicant.id}
        )
    return review_id not in [row["id"] for row in await officer.get("/v1/proofing/reviews", expect=200)]


async def test_a_refusal_erases_everything_and_the_person_is_told(city, unsure):
    await handed_over(unsure)
    officer = await city.signed_in("identity_checker")
    where = await mine(officer, unsure, city)
    assert await officer.post(where, json=REFUSED, expect=200) == {"verdict": "refused", "level": 0}
    assert await held(city, unsure.id) == set()
    await unsure.account(expect=410, code="proofing-session-over")
    await city.run_jobs()
    letters = (await city.client.get("/sandbox/inbox.json")).json()
    assert next(one["event"] for one in letters if one["to"] == unsure.phone) == "check-refused"


@pytest.mark.parametrize("other", ["in a selfie", "in a burst"])
async def test_photos_are_not_enough_where_somebody_else_was_seen(city, applicant, photos, other):
    await applicant.up_to("selfie")
    if other == "in a selfie":
        photos.face = "no_match"
        await applicant.selfie(expect=422, code="face-does-not-match")
        photos.face = "unsure"
        await applicant.selfie(expect=422, code="face-unsure")
    else:
        photos.owner = "no_match"
        await answer(applicant, (await ask(applicant))["id"])
        await applicant.selfie(expect=422, code="liveness-of-another")
    waiting = await handed_over(applicant)
    assert waiting["by_photos"] is False
    officer = await city.signed_in("identity_checker")
    assert await mine(officer, applicant, city) is None
    assert (await officer.get(f"/v1/proofing/checks/{waiting['check_code']}", expect=200))["level"] == 0


async def test_nobody_is_asked_while_the_machine_can_still_decide(applicant, photos):
    await applicant.up_to("selfie")
    await applicant.review(expect=409, code="review-not-needed")
    photos.face = "no_match"
    await applicant.selfie(expect=422)
    await applicant.review(expect=409, code="review-not-needed")
    for _ in range(policy.current().attempts.selfie - 1):
        await applicant.selfie(expect=422)
    assert (await applicant.review())["reasons"] == ["face-does-not-match", "selfie-attempts-used"]


async def test_another_card_begins_anew(applicant, unsure):
    await applicant.card()
    await applicant.review(expect=409, code="review-not-needed")


async def test_a_childs_portrait_goes_to_a_counter(city, applicant, photos):
    photos.card = cards.card(
        number=photos.card.reading.fields["number"],
        full_name=cards.field("full_name"),
        date_of_issue=cards.field("date_of_issue", value="01/07/2009", normal="2009-07-01"),
    )
    await applicant.up_to("selfie")
    await applicant.selfie(expect=409, code="face-not-comparable")
    assert (await applicant.review())["by_photos"] is False


async def test_an_officer_overrules_the_registers_no_at_a_counter_only(city, applicant, register):
    await applicant.up_to("account")
    await applicant.review(expect=409, code="review-not-needed")
    register(born=date(1989, 1, 16))
    await applicant.account(expect=409, code="register-disagrees")
    assert (await applicant.review())["reasons"] == ["register-disagrees"]
    waiting = await applicant.account()
    assert (waiting["level"], waiting["by_photos"]) == (0, False)
    officer = await city.signed_in("identity_checker")
    check = f"/v1/proofing/checks/{waiting['check_code']}"
    seen = await officer.get(check, expect=200)
    assert [one["kind"] for one in seen["alarms"]] == ["register_disagrees"]
    assert await officer.post(check, json=CONFIRMED, expect=200) == {"verdict": "confirmed", "level": 2}


async def test_what_the_register_locked_meanwhile_is_kept(city, unsure, register):
    await unsure.review()
    await unsure.contact()
    await unsure.code()
    register()
    await unsure.account()
    officer = await city.signed_in("identity_checker")
    await officer.post(await mine(officer, unsure, city), json=CONFIRMED, expect=200)
    async with city.house.db.connect() as conn:
        account_id = await conn.scalar(
            text("select account_id from proofing_sessions where id = :id"), {"id": unsure.id}
        )
        known = await accounts.prefill(conn, city.house.keys, account_id)
    assert known["residence"].sources == ("register:sandbox",)


async def test_a_phone_exchanged_while_waiting_must_be_proven_first(city, unsure):
    code = (await handed_over(unsure))["check_code"]
    await unsure.contact()
    officer = await city.signed_in("identity_checker")
    await officer.post(f"/v1/proofing/checks/{code}", json=CONFIRMED, expect=409, code="evidence-short")
    await unsure.code()
    await officer.post(f"/v1/proofing/checks/{code}", json=CONFIRMED, expect=200)


async def test_a_new_code_keeps_the_place_in_the_queue(city, unsure):
    first = (await handed_over(unsure))["check_code"]
    officer = await city.signed_in("identity_checker")
    where = await mine(officer, unsure, city)
    second = (await unsure.account())["check_code"]
    assert await mine(officer, unsure, city) == where
    await officer.get(f"/v1/proofing/checks/{first}", expect=404, code="check-code-unknown")
    await officer.get(f"/v1/proofing/checks/{second}", expect=200)


async def test_one_word_counts_of_two_officers_at_once(city, unsure):
    code = (await handed_over(unsure))["check_code"]
    officer = await city.signed_in("identity_checker")
    where = await mine(officer, unsure, city)
    answers = await asyncio.gather(
        officer.post(where, json=CONFIRMED),
        officer.post(f"/v1/proofing/checks/{code}", json=REFUSED),
        officer.post(where, json=CONFIRMED),
    )
    assert sum("verdict" in answer for answer in answers) == 1


async def test_nobody_else_sees_it(city, unsure):
    await handed_over(unsure)
    officer = await city.signed_in("identity_checker")
    where = await mine(officer, unsure, city)
    for path in (where, f"{where}/selfie", "/v1/proofing/reviews"):
        await city.nobody.get(path, expect=401)
        await unsure.get(path, expect=404)
        for key in ("stranger", "civil_status"):
            await (await city.signed_in(key)).get(path, expect=404)
    await officer.get(f"{where}/front", expect=400)
    await officer.get("/v1/proofing/reviews/rev_none", expect=404)


async def test_what_waits_too_long_is_erased(city, unsure):
    code = (await handed_over(unsure))["check_code"]
    assert await held(city, unsure.id) >= {"portrait_sealed", "selfie_sealed", "contact_sealed"}
    async with city.house.db.begin() as conn:
        for table in ("proofing_checks", "proofing_sessions"):
            await conn.execute(text(f"update {table} set expires_at = now() - interval '1 second'"))
    officer = await city.signed_in("identity_checker")
    await officer.post(f"/v1/proofing/checks/{code}", json=CONFIRMED, expect=404, code="check-code-unknown")
    await end_expired(city.house.db)
    assert await held(city, unsure.id) == set()
    assert await mine_gone(officer, unsure, city)


async def test_a_selfie_that_matches_after_all_leaves_no_photo(city, unsure, photos):
    assert "selfie_sealed" in await held(city, unsure.id)
    photos.face = "match"
    await unsure.selfie()
    assert not {"selfie_sealed", "portrait_sealed"} & await held(city, unsure.id)

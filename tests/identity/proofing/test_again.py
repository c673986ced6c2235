"""Levels lapse with what proved them; whoever is signed in proves themselves again, to the same account."""

from datetime import date, timedelta

import jwt
import pytest
from sqlalchemy import text

from api.caller import Device, Pkce
from identity.proofing import policy
from kit import clock
from tests.identity.proofing import cards
from tests.identity.proofing.conftest import Applicant, numbered
from tests.identity.proofing.test_checks import CONFIRMED
from tests.identity.proofing.test_session import events

pytestmark = pytest.mark.anyio

AGAIN = "/v1/me/proofing-sessions"


async def sign_in(city, applicant):
    """With the device key of the session, at the level the account has now."""
    code = (await applicant.authorization())["authorization_code"]
    person = Applicant(city, applicant.phone)
    person.device, person.token = (
        applicant.device,
        await city.token(applicant.device, "citizen-app", code, applicant.pkce.verifier),
    )
    return person


async def again(city, person, **expected):
    """A new session bound to who is signed in."""
    session = Applicant(city, person.phone)
    session.device, session.pkce = person.device, Pkce()
    body = {"client_id": "citizen-app", "code_challenge": session.pkce.challenge, "code_challenge_method": "S256"}
    opened = await person.post(AGAIN, json=body, **({"expect": 201} | expected))
    session.id, session.token = opened.get("id", ""), opened.get("proofing_token")
    return session


async def proven(session):
    for step in ("card", "selfie", "contact", "code"):
        await getattr(session, step)()
    return session


async def age(city, account_id, days):
    """As if every level had been proven so many days earlier."""
    async with city.house.db.begin() as conn:
        await conn.execute(
            text(
                "update accounts set level_1_until = level_1_until - :d, level_2_until = level_2_until - :d where id = :id"
            ),
            {"id": account_id, "d": days},
        )


async def me(person):
    return await person.get("/v1/me", expect=200)


def until(days):
    return (clock.today() + timedelta(days=days)).isoformat()


async def test_a_level_lapses_with_the_card_or_after_policy_s_time(city, applicant, photos):
    photos.card = cards.card(number=numbered(), date_of_expiry=cards.field("date_of_expiry", normal=until(100)))
    await applicant.up_to("account")
    check = (await applicant.account())["check_code"]
    person = await sign_in(city, applicant)
    assert (await me(person))["level_until"] == until(99)
    officer = await city.signed_in("identity_checker")
    await officer.post(f"/v1/proofing/checks/{check}", json=CONFIRMED, expect=200)
    assert (await me(await sign_in(city, applicant)))["level_until"] == until(99)
    lasting = policy.current()
    assert lasting.lasts_until(1, None, today=date(2026, 1, 1)) == date(2026, 1, 1) + timedelta(days=1826)
    assert lasting.lasts_until(2, date(2099, 1, 1), today=date(2026, 1, 1)) == date(2026, 1, 1) + timedelta(days=3652)
    assert lasting.lasts_until(1, date(2026, 1, 2), today=date(2026, 1, 1)) == date(2026, 1, 1)


async def test_a_lapse_needs_no_job_and_tokens_carry_what_is_left(city, applicant, photos):
    photos.card = cards.card(number=numbered(), date_of_expiry=cards.field("date_of_expiry", normal=until(10)))
    await applicant.up_to("account")
    check = (await applicant.account())["check_code"]
    officer = await city.signed_in("identity_checker")
    await officer.post(f"/v1/proofing/checks/{check}", json=CONFIRMED, expect=200)
    person = await sign_in(city, applicant)
    known = await me(person)
    assert known["level"] == 2
    await age(city, known["account_id"], 9)
    assert (await me(person))["level"] == 2
    await age(city, known["account_id"], 1)
    told = await me(person)
    assert (told["level"], told["acr"], told["level_until"]) == (0, None, None)
    await person.get("/v1/dossiers", expect=401, code="insufficient-level")
    fresh = await sign_in(city, applicant)
    assert "acr" not in {
        name for name, value in jwt.decode(fresh.token, options={"verify_signature": False}).items() if value
    }


async def test_who_lapsed_comes_back_to_the_same_account_by_a_new_card(city, applicant, photos):
    await applicant.up_to("account")
    await applicant.account()
    person = await sign_in(city, applicant)
    account_id = (await me(person))["account_id"]
    await age(city, account_id, 10_000)
    number = photos.card.reading.fields["number"]
    photos.card = cards.card(number=number, date_of_expiry=cards.field("date_of_expiry", normal="2041-01-15"))
    session = await proven(await again(city, person))
    account = await session.account()
    assert (account["level"], bool(account["check_code"])) == (1, True)
    back = await sign_in(city, session)
    assert ((await me(back))["account_id"], (await me(back))["level"]) == (account_id, 1)
    assert (await me(back))["level_until"] == until(1826)
    assert (await events(city, session.id))[0] == ("opened", {"client_id": "citizen-app", "again": account_id})
    # Level 2 is proven anew, and lengthened by who has it.
    officer = await city.signed_in("identity_checker")
    await officer.post(f"/v1/proofing/checks/{account['check_code']}", json=CONFIRMED, expect=200)
    at_two = await sign_in(city, session)
    assert (await me(at_two))["level"] == 2
    once_more = await proven(await again(city, at_two))
    assert (await once_more.account())["check_code"]


async def test_a_shorter_card_shortens_nothing(city, applicant, photos):
    await applicant.up_to("account")
    await applicant.account()
    person = await sign_in(city, applicant)
    before = (await me(person))["level_until"]
    number = photos.card.reading.fields["number"]
    photos.card = cards.card(number=number, date_of_expiry=cards.field("date_of_expiry", normal=until(3)))
    session = await proven(await again(city, person))
    await session.account()
    assert (await me(await sign_in(city, session)))["level_until"] == before


async def test_another_s_card_is_refused_alike_with_an_account_or_without(city, applicant, photos):
    photos.card = known = cards.card(number=numbered())
    await (await Applicant(city, phone="+84920000001").up_to("account")).account()
    photos.card = cards.card(number=numbered())
    await applicant.up_to("account")
    await applicant.account()
    person = await sign_in(city, applicant)
    for card in (known, cards.card(number=numbered())):
        photos.card = card
        session = await proven(await again(city, person))
        await session.account(expect=409, code="card-of-another")
        assert [kind for kind, _ in await events(city, session.id)][-1] == "account-refused"


async def test_nobody_401_officers_404_and_only_with_the_token_s_own_app_and_key(city, applicant):
    await applicant.up_to("account")
    await applicant.account()
    person = await sign_in(city, applicant)
    body = {"client_id": "citizen-app", "code_challenge": Pkce().challenge, "code_challenge_method": "S256"}
    await city.nobody.post(AGAIN, json=body, expect=401)
    await (await city.signed_in("identity_checker")).post(AGAIN, json=body, expect=404)
    await person.post(AGAIN, json=body | {"client_id": "desk-app"}, expect=400, code="unknown-client")
    session = await again(city, person)
    session.device = Device()
    await session.get(session.path(), expect=401)

"""A session from the first photo to the token, and every way it says no."""

import asyncio
import hashlib
from datetime import timedelta

import jwt
import msgspec
import pytest
from sqlalchemy import text

from api.app import create_app
from api.caller import Device
from identity import faces
from identity.faces.refusals import FaceBlurred, SameImageAsCard
from identity.proofing.sessions import end_expired
from kit import clock
from kit.pool import Busy
from ocr.refusals import CardBlurred
from tests.identity.proofing import cards
from tests.identity.proofing.conftest import Applicant, comparison, numbered
from tests.people import ISSUER

pytestmark = pytest.mark.anyio


async def events(city, session_id):
    async with city.house.db.connect() as conn:
        rows = await conn.execute(
            text("select kind, evidence from proofing_events where session_id = :id order by id"), {"id": session_id}
        )
        return [(row.kind, row.evidence) for row in rows]


async def held(city, session_id):
    """What the session still holds about the person."""
    async with city.house.db.connect() as conn:
        row = (
            await conn.execute(
                text(
                    "select reading_sealed, portrait_sealed, selfie_sealed, contact_sealed, code_mac"
                    " from proofing_sessions where id = :id"
                ),
                {"id": session_id},
            )
        ).one()
    return {name for name, value in row._mapping.items() if value}


async def test_two_photos_a_selfie_and_a_code_become_an_account_and_a_token(city, applicant):
    opened = await applicant.open()
    assert opened["steps"] == ["card", "selfie", "contact", "account", "authorization"]
    assert opened["expires_in"] == 900
    read = await applicant.card()
    assert (read["passed"], read["decision"], read["next"], read["shortfalls"]) == (True, "accept", "selfie", [])
    assert read["reading"]["fields"]["full_name"]["value"] == cards.FULL_NAME
    assert "portrait" not in read["reading"]
    assert await applicant.selfie() == {"decision": "match", "tips": [], "next": "contact"}
    sent = await applicant.contact()
    assert sent["sent_to"].endswith(applicant.phone[-4:])
    assert applicant.phone not in str(sent)
    assert await applicant.code() == {"next": "account"}
    account = await applicant.account()
    assert (account["level"], account["acr"]) == (1, "urn:motcua:loa:1")
    assert len(account["check_code"]) == 8
    code = (await applicant.authorization())["authorization_code"]
    token = await city.token(applicant.device, "citizen-app", code, applicant.pkce.verifier)
    claims = jwt.decode(token, options={"verify_signature": False})
    assert claims["acr"] == "urn:motcua:loa:1"
    assert [kind for kind, _ in await events(city, applicant.id)] == [
        "opened", "card-read", "selfie-matched", "contact-asked", "contact-proven", "register-asked", "account-opened", "authorized",
    ]  # fmt: skip


async def test_what_the_token_s_holder_is_called_is_what_the_card_proved(city, applicant):
    await applicant.up_to(None)
    code = (await applicant.authorization())["authorization_code"]
    applicant.token = await city.token(applicant.device, "citizen-app", code, applicant.pkce.verifier)
    me = await applicant.get("/v1/me", expect=200)
    assert (me["full_name"], me["date_of_birth"], me["level"]) == (cards.FULL_NAME, "1989-01-15", 1)


async def test_nobody_401_another_session_404_another_device_401(city, applicant):
    other = Applicant(city)
    await applicant.open()
    await other.open()
    await city.nobody.get(applicant.path(), expect=401)
    await other.get(applicant.path(), expect=404, code="not-found")
    await other.post(applicant.path("account"), expect=404, code="not-found")
    parent = await city.signed_in("parent")
    await parent.get(applicant.path(), expect=404)
    stolen, applicant.device = applicant.device, Device()
    await applicant.get(applicant.path(), expect=401)
    applicant.device = stolen
    await applicant.get(applicant.path(), expect=200)
    await applicant.get("/v1/me", expect=404)


def test_the_description_asks_for_the_proof(settings):
    """A client made from the description had no way to send the DPoP header a session cannot be opened without."""
    paths = create_app(settings, described=True).openapi_schema.to_schema()["paths"]
    for path, required in (("/v1/proofing/sessions", True), ("/v1/sign-ins", False), ("/v1/oauth/token", False)):
        said = {one["name"]: one for one in paths[path]["post"]["parameters"]}
        assert (said["DPoP"]["in"], said["DPoP"]["required"]) == ("header", required)


async def test_progress_tells_steps_and_nothing_of_the_person(applicant):
    await applicant.up_to("contact")
    told = await applicant.get(applicant.path(), expect=200)
    assert told["next"] == "contact"
    assert [bool(step["passed_at"]) for step in told["steps"]] == [True, True, False, False, False]
    assert (told["card_attempts_left"], told["selfie_attempts_left"]) == (9, 4)
    assert cards.FULL_NAME not in str(told)
    assert "0790" not in str(told)


STEPS = ("card", "selfie", "contact", "code", "account", "authorization")
ALLOWED = {
    "card": {"card"},
    "selfie": {"card", "selfie"},
    "contact": {"contact"},
    "code": {"contact", "code"},
    "account": {"contact", "account"},
    "authorization": {"account", "authorization"},
}


@pytest.mark.parametrize("at", STEPS)
async def test_steps_go_in_order(applicant, at):
    await applicant.up_to(at)
    for step in STEPS:
        if step not in ALLOWED[at]:
            given = {"code": "000000"} if step == "code" else {}
            await getattr(applicant, step)(**given, expect=409, code="wrong-state") if step != "code" else (
                await applicant.post(applicant.path("contact/code"), json=given, expect=409, code="wrong-state")
            )


@pytest.mark.parametrize(
    ("card", "field", "code"),
    [
        (cards.card("retake"), "card", "card-retake"),
        (cards.card("review", full_name=cards.field("full_name", status="conflict")), "full_name", "sources-disagree"),
        (cards.card(number=cards.field("number", status="read", witnesses=("qr",))), "number", "one-source-only"),
        (
            cards.card(date_of_expiry=cards.field("date_of_expiry", normal="2026-01-01")),
            "date_of_expiry",
            "card-expired",
        ),
        (cards.card(portrait=None), "portrait", "card-without-portrait"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_a_card_that_falls_short_is_shown_with_its_evidence_and_does_not_pass(
    city, applicant, photos, card, field, code
):
    await applicant.open()
    photos.card = card
    read = await applicant.card()
    assert read["passed"] is False
    assert (field, code) in [(one["field"], one["code"]) for one in read["shortfalls"]]
    assert read["reading"]["fields"]["number"]["sources"]
    assert read["next"] == "card"
    await applicant.selfie(expect=409, code="wrong-state")
    assert await held(city, applicant.id) == set()


async def test_an_unreadable_photo_says_what_to_do(city, applicant, photos):
    await applicant.open()
    good, photos.card = photos.card, CardBlurred(side="back")
    problem = await applicant.card(expect=422, code="card-blurred")
    assert problem["message"]["vi"]
    photos.card = good
    await applicant.card()
    assert [kind for kind, _ in await events(city, applicant.id)] == ["opened", "card-refused", "card-read"]


async def test_another_card_takes_the_place_of_the_first_until_a_selfie_has_matched(applicant, photos):
    await applicant.up_to("selfie")
    photos.card = cards.card("retake")
    await applicant.card()
    await applicant.selfie(expect=409, code="wrong-state")
    photos.card = cards.card(number=numbered())
    await applicant.card()
    await applicant.selfie()
    await applicant.card(expect=409, code="wrong-state")


async def test_a_selfie_compared_with_an_earlier_card_does_not_count(applicant, photos):
    """A card exchanged while the selfie was being compared would have let one person's face open another's account."""
    await applicant.up_to("selfie")
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slow():
        begun.set()
        await go_on.wait()
        return comparison("match")

    photos.face = slow
    selfie = asyncio.create_task(applicant.selfie(expect=409, code="wrong-state"))
    await begun.wait()
    await applicant.card()
    go_on.set()
    await selfie
    assert (await applicant.get(applicant.path()))["next"] == "selfie"


async def test_ten_photos_of_a_card_are_enough(applicant, photos):
    await applicant.open()
    photos.card = cards.card("retake")
    for _ in range(10):
        await applicant.card()
    await applicant.card(expect=409, code="card-attempts-used")


async def test_a_stranger_s_selfie_is_refused_with_a_reason_and_without_a_score(city, applicant, photos):
    await applicant.up_to("selfie")
    photos.face = "no_match"
    problem = await applicant.selfie(expect=422, code="face-does-not-match")
    assert "4" in problem["message"]["en"]
    assert "score" not in str(problem)
    assert "5.0" not in str(problem)
    photos.face = "unsure"
    await applicant.selfie(expect=422, code="face-unsure")
    await applicant.contact(expect=409, code="wrong-state")
    photos.face = "match"
    await applicant.selfie()
    kinds = [kind for kind, _ in await events(city, applicant.id)]
    assert kinds[-3:] == ["selfie-not-matched", "selfie-not-matched", "selfie-matched"]


async def test_after_five_faces_it_is_a_person_s_turn(applicant, photos):
    await applicant.up_to("selfie")
    photos.face = "no_match"
    answers = await asyncio.gather(*(applicant.selfie(expect=422) for _ in range(5)))
    assert {answer["code"] for answer in answers} == {"face-does-not-match"}
    photos.face = "match"
    await applicant.selfie(expect=409, code="selfie-attempts-used")


async def test_in_production_assumed_lines_let_nobody_in_by_themselves(city, applicant):
    """The calibration says it is an assumption, and production opened accounts by it all the same."""
    await applicant.up_to("selfie")
    developed = city.house.settings
    city.house.settings = msgspec.structs.replace(developed, environment="production")
    try:
        await applicant.selfie(expect=422, code="face-unsure")
    finally:
        city.house.settings = developed
    assert (await applicant.get(applicant.path()))["next"] == "selfie"
    kind, evidence = (await events(city, applicant.id))[-1]
    assert (kind, evidence["decision"], evidence["seen"]) == ("selfie-not-matched", "unsure", "match")


async def test_many_sessions_give_no_more_faces_for_one_card(city, applicant, photos):
    """Five attempts a session were all the attempts there are sessions: a stolen card's face could be guessed in an hour."""
    photos.face = "no_match"
    for _ in range(3):
        other = await Applicant(city).up_to("selfie")
        for _ in range(5):
            await other.selfie(expect=422, code="face-does-not-match")
    await applicant.up_to("selfie")
    photos.face = "match"
    await applicant.selfie(expect=429, code="too-many-requests")
    photos.card = cards.card(number=numbered())
    await applicant.card()
    await applicant.selfie()


async def test_a_blurred_selfie_costs_no_attempt_but_a_copy_of_the_portrait_does(applicant, photos):
    await applicant.up_to("selfie")
    photos.face = FaceBlurred()
    for _ in range(6):
        await applicant.selfie(expect=422, code="face-blurred")
    photos.face = SameImageAsCard()
    await applicant.selfie(expect=422, code="same-image-as-card")
    assert (await applicant.get(applicant.path()))["selfie_attempts_left"] == 4


async def test_the_same_picture_is_compared_once(city, applicant, photos):
    """The same file again is no new look at the person, with this card or another."""
    await applicant.up_to("selfie")
    photos.face = "unsure"
    await applicant.selfie(b"once", expect=422, code="face-unsure")
    compared = len(photos.seen)
    problem = await applicant.selfie(b"once", expect=422, code="replayed-image")
    assert problem["message"]["vi"]
    assert problem["message"]["en"]
    assert len(photos.seen) == compared
    # Another card makes the picture no newer.
    await applicant.card()
    await applicant.selfie(b"once", expect=422, code="replayed-image")
    assert (await applicant.get(applicant.path()))["selfie_attempts_left"] == 4
    kind, evidence = (await events(city, applicant.id))[-1]
    assert (kind, evidence["code"]) == ("selfie-refused", "replayed-image")
    photos.face = "match"
    await applicant.selfie(b"twice")


async def test_a_portrait_of_long_ago_is_never_a_match_by_machine(city, applicant, photos):
    old = cards.field("date_of_issue", normal="2005-07-01")
    photos.card = cards.card(date_of_issue=old)
    await applicant.open()
    await applicant.card()
    problem = await applicant.selfie(expect=409, code="face-not-comparable")
    assert "one-stop desk" in problem["message"]["en"]
    told = await applicant.get(applicant.path())
    assert (told["next"], told["selfie_attempts_left"]) == ("selfie", 5)
    kind, evidence = (await events(city, applicant.id))[-1]
    assert (kind, evidence["code"], evidence["reason"]) == ("selfie-refused", "face-not-comparable", "old-portrait")
    assert faces.compare not in [function for function, _ in photos.seen]


async def test_a_picture_nobody_compared_may_come_again(applicant, photos):
    await applicant.up_to("selfie")
    photos.face = Busy(seconds=5, retry_after_seconds=5)
    await applicant.selfie(b"not looked at", expect=503)
    photos.face = "match"
    await applicant.selfie(b"not looked at")


async def test_a_full_house_costs_no_attempt(applicant, photos):
    await applicant.open()
    photos.card = Busy(seconds=5, retry_after_seconds=5)
    await applicant.card(expect=503, code="inference-busy")
    assert (await applicant.get(applicant.path()))["card_attempts_left"] == 10


async def test_faces_are_limited_by_session_too(applicant, photos):
    await applicant.up_to("selfie")
    photos.face = FaceBlurred()
    for _ in range(20):
        await applicant.selfie(expect=422)
    await applicant.selfie(expect=429, code="too-many-requests")


async def test_empty_photos_are_named(applicant):
    await applicant.open()
    files = {"front": ("f.jpg", b"front"), "back": ("b.jpg", b"")}
    problem = await applicant.post(applicant.path("card"), files=files, expect=422, code="photo-missing")
    assert "back" in problem["message"]["en"]
    await applicant.post(applicant.path("card"), files={"front": ("f.jpg", b"front")}, expect=400)
    await applicant.card()
    await applicant.post(applicant.path("selfie"), files={"selfie": ("s.jpg", b"")}, expect=422, code="photo-missing")


@pytest.mark.parametrize(
    "body",
    [{}, {"phone": "12"}, {"phone": "a@b.vn"}, {"email": "0901234567"}, {"phone": "0901234567", "email": "a@b.vn"}],
)
async def test_one_contact_that_can_be_one(applicant, body):
    await applicant.up_to("contact")
    await applicant.post(applicant.path("contact"), json=body, expect=422, code="not-a-contact")


async def test_a_code_may_be_mistyped_five_times(applicant, city):
    await applicant.up_to("code")
    right = await city.code_sent_to(applicant.phone)
    wrong = f"{(int(right) + 1) % 1_000_000:06d}"
    for _ in range(5):
        await applicant.code(wrong, expect=422, code="wrong-code")
    await applicant.code(right, expect=422, code="wrong-code")
    await applicant.contact()
    await applicant.code()


async def test_guessing_from_many_requests_at_once_gives_no_sixth_try(applicant, city):
    await applicant.up_to("code")
    right = int(await city.code_sent_to(applicant.phone))
    guesses = [f"{(right + 1 + n) % 1_000_000:06d}" for n in range(20)]
    await asyncio.gather(*(applicant.code(guess, expect=422, code="wrong-code") for guess in guesses))
    wrong = [kind for kind, _ in await events(city, applicant.id) if kind == "contact-code-wrong"]
    assert len(wrong) == 20
    await applicant.code(f"{right:06d}", expect=422, code="wrong-code")


async def test_a_new_contact_voids_the_old_code(applicant, city):
    await applicant.up_to("code")
    old = await city.code_sent_to(applicant.phone)
    applicant.phone = "+84900000778"
    await applicant.contact()
    new = await city.code_sent_to(applicant.phone)
    if old != new:
        await applicant.code(old, expect=422, code="wrong-code")
    await applicant.code(new)


async def test_a_code_does_not_prove_a_phone_that_is_being_exchanged_meanwhile(applicant, city):
    """Read before the exchange and written after it, the proof of one's own phone would have been that of another's."""
    await applicant.up_to("code")
    code = await city.code_sent_to(applicant.phone)
    async with city.house.db.begin() as conn:
        await conn.execute(
            text("update proofing_sessions set code_mac = decode(repeat('00', 32), 'hex') where id = :id"),
            {"id": applicant.id},
        )
        proving = asyncio.create_task(applicant.code(code, expect=422, code="wrong-code"))
        await asyncio.sleep(0.2)
    await proving


async def test_one_phone_is_not_flooded(applicant):
    await applicant.up_to("contact")
    for _ in range(5):
        await applicant.contact()
    await applicant.contact(expect=429, code="too-many-requests")


async def test_a_code_dies_after_ten_minutes(applicant, city):
    await applicant.up_to("code")
    code = await city.code_sent_to(applicant.phone)
    async with city.house.db.begin() as conn:
        await conn.execute(
            text("update proofing_sessions set code_expires_at = now() - interval '1 second' where id = :id"),
            {"id": applicant.id},
        )
    await applicant.code(code, expect=422, code="wrong-code")


async def test_who_has_an_account_finds_it_again(city, applicant, photos):
    await applicant.up_to(None)
    again = Applicant(city, applicant.phone)
    await again.up_to(None)
    async with city.house.db.connect() as conn:
        rows = await conn.execute(
            text("select account_id from proofing_sessions where id in (:a, :b)"), {"a": applicant.id, "b": again.id}
        )
        assert len({row.account_id for row in rows}) == 1


async def test_a_phone_that_signs_in_somebody_else_opens_nothing(city, applicant):
    applicant.phone = next(one.phone for one in city.furnished.city.citizens if one.key == "parent")
    await applicant.up_to("account")
    await applicant.account(expect=409, code="contact-in-use")
    assert ("account-refused", {"code": "contact-in-use"}) in await events(city, applicant.id)
    applicant.phone = "+84900000779"
    await applicant.contact()
    await applicant.code()
    await applicant.account()


async def test_an_answer_that_was_lost_can_be_asked_for_again(applicant):
    await applicant.up_to("account")
    first, second = await applicant.account(), await applicant.account()
    assert first["level"] == second["level"] == 1
    assert first["check_code"] != second["check_code"]
    codes = {(await applicant.authorization())["authorization_code"] for _ in range(2)}
    assert len(codes) == 2


async def test_a_card_that_expires_between_photo_and_account_opens_nothing(city, applicant, photos):
    today = clock.today()
    photos.card = cards.card(
        number=numbered(), date_of_expiry=cards.field("date_of_expiry", normal=(today + timedelta(days=1)).isoformat())
    )
    await applicant.up_to("account")
    async with city.house.db.begin() as conn:
        await conn.execute(text("update proofing_sessions set expires_at = now() + interval '5 days'"))
    applicant_token_is_over = clock.shifted(timedelta(days=1))
    with applicant_token_is_over:
        await applicant.account(expect=401)
        from identity.proofing import concluding, sessions
        from identity.proofing.refusals import EvidenceShort

        desk = sessions.Desk(
            db=city.house.db,
            keys=city.house.keys,
            pool=city.house.pool,
            post_office=city.house.post_office,
            issuer=city.house.issuer,
            settings=city.house.settings,
            limits=city.house.limits,
            valkey=city.house.valkey,
            pictures=city.house.pictures,
            faces=city.house.faces,
            population=city.house.population,
        )
        with pytest.raises(EvidenceShort):
            await concluding.open_account(desk, applicant.id)


async def test_nothing_of_the_person_stays_in_the_session(city, applicant):
    await applicant.open()
    assert await held(city, applicant.id) == set()
    await applicant.card()
    assert await held(city, applicant.id) == {"reading_sealed", "portrait_sealed"}
    await applicant.selfie()
    assert await held(city, applicant.id) == {"reading_sealed"}
    await applicant.contact()
    await applicant.code()
    await applicant.account()
    assert await held(city, applicant.id) == set()


async def test_a_session_left_lying_is_erased_and_over(city, applicant):
    await applicant.up_to("selfie")
    await end_expired(city.house.db)
    assert await held(city, applicant.id) == {"reading_sealed", "portrait_sealed"}
    with clock.shifted(timedelta(minutes=16)):
        await end_expired(city.house.db)
        await end_expired(city.house.db)
    assert await held(city, applicant.id) == set()
    await applicant.selfie(expect=410, code="proofing-session-over")
    assert [kind for kind, _ in await events(city, applicant.id)].count("expired") == 1


async def test_the_database_holds_no_photo_number_or_name_in_the_clear(city, applicant, photos):
    await applicant.up_to("account")
    number = photos.card.reading.fields["number"].value
    async with city.house.db.connect() as conn:
        for table in ("proofing_sessions", "proofing_events", "proofing_checks", "messages", "deliveries"):
            dump = "\n".join((await conn.scalars(text(f"select t::text from {table} t"))).all())
            for secret in (number, cards.FULL_NAME, applicant.phone[3:], "portrait of somebody"):
                assert secret not in dump
                assert secret.encode().hex() not in dump


async def test_photos_are_kept_as_digests_only(city, applicant):
    await applicant.up_to("contact")
    kept = dict(await events(city, applicant.id))
    assert kept["card-read"]["photos"] == [hashlib.sha256(photo).hexdigest() for photo in (b"front", b"back")]
    assert kept["selfie-matched"]["score"] == 5.0
    assert kept["card-read"]["fields"]["number"] == {
        "status": "confirmed",
        "sources": ["qr", "mrz", "print"],
        "reasons": [],
    }


async def test_what_happened_cannot_be_changed_afterwards(city, applicant):
    await applicant.open()
    for statement in ("update proofing_events set kind = 'x'", "delete from proofing_events"):
        with pytest.raises(Exception, match="appended"):
            async with city.house.db.begin() as conn:
                await conn.execute(text(statement))


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"client_id": "kiosk-sai-gon"}, 400, "unknown-client"),
        ({"client_id": "nobody-s-app"}, 400, "unknown-client"),
        ({"code_challenge_method": "plain"}, 422, None),
        ({"code_challenge": "short"}, 422, None),
        ({"level": 2}, 400, None),
        ({"client_id": "citizen-app\0"}, 400, None),
        ({"nonce": "a\0b"}, 400, None),
        ({"scope": "openid\0"}, 400, None),
        ({"scope": "openid", "code_challenge": "\0" * 43}, 422, None),
        ({"locale": "fr"}, 400, None),
    ],
)
async def test_only_a_known_app_with_a_challenge_opens_a_session(city, applicant, change, status, code):
    path = "/v1/proofing/sessions"
    body = {"client_id": "citizen-app", "code_challenge": applicant.pkce.challenge, "code_challenge_method": "S256"}
    proof = {"DPoP": applicant.device.proof("POST", ISSUER + path)}
    await city.nobody.post(path, json=body | change, headers=proof, expect=status, code=code)


async def test_without_a_proof_of_the_device_key_no_session_opens(city, applicant):
    path = "/v1/proofing/sessions"
    body = {"client_id": "citizen-app", "code_challenge": applicant.pkce.challenge, "code_challenge_method": "S256"}
    await city.nobody.post(path, json=body, expect=400)
    proof = {"DPoP": applicant.device.proof("POST", ISSUER + path)}
    await city.nobody.post(path, json=body, headers=proof, expect=201)
    await city.nobody.post(path, json=body, headers=proof, expect=400)


async def test_one_address_opens_thirty_sessions_in_ten_minutes(city, applicant):
    for _ in range(30):
        await Applicant(city).open()
    path = "/v1/proofing/sessions"
    body = {"client_id": "citizen-app", "code_challenge": applicant.pkce.challenge, "code_challenge_method": "S256"}
    proof = {"DPoP": applicant.device.proof("POST", ISSUER + path)}
    await city.nobody.post(path, json=body, headers=proof, expect=429, code="too-many-requests")

"""Liveness in a session: asked, answered once, told as a hint to the officer, and never a level."""

import asyncio
import functools
import io
import random
from datetime import timedelta

import msgspec
import pytest
from PIL import Image
from sqlalchemy import text

from identity.faces import dlib_eye, liveness
from identity.faces.liveness import challenge as asking
from identity.faces.liveness import simulated
from identity.faces.liveness.drawing import drawn_face
from identity.faces.liveness.wording import TIPS
from identity.faces.refusals import FaceModelsUnavailable
from kit import crypto
from kit.pool import Busy
from tests.identity.proofing.conftest import Applicant
from tests.identity.proofing.test_session import events

pytestmark = pytest.mark.anyio


def verdict(decision, *codes):
    return liveness.Verdict(decision, tuple(liveness.Reason(code, TIPS[code]) for code in codes), "liveness-test")


async def ask(applicant, **expected):
    return await applicant.post(applicant.path("liveness/challenge"), **({"expect": 201} | expected))


async def answer(applicant, challenge_id, frames=None, times=None, **expected):
    """Eight frames unless told otherwise, as a phone sends them."""
    frames = frames or [b"\xff\xd8 frame %d" % number for number in range(8)]
    times = ",".join(str(250 * number) for number in range(len(frames))) if times is None else times
    return await applicant.post(
        applicant.path("liveness"),
        data={"challenge": challenge_id, "times": times},
        files=[("frames", (f"{number}.jpg", frame, "image/jpeg")) for number, frame in enumerate(frames)],
        **({"expect": 200} | expected),
    )


async def test_what_is_asked_is_said_in_both_languages_and_bound_to_session_and_device(city, applicant, photos):
    await applicant.up_to("selfie")
    asked = await ask(applicant)
    assert [step["name"] for step in asked["steps"]]
    assert all(step["words"]["vi"] != step["words"]["en"] for step in asked["steps"])
    assert asked["look_ahead"]["vi"]
    length_ms = asked["lead_ms"] + len(asked["steps"]) * asked["step_ms"]
    assert len(asked["colours"]) * asked["colour_ms"] >= length_ms
    assert (asked["least_frames"], asked["most_frames"], asked["attempts_left"]) == (8, 40, 4)
    told = await answer(applicant, asked["id"])
    assert told == {"decision": "live", "tips": [], "attempts_left": 4, "next": "selfie"}
    (function, (frames, challenge)), (compared, (portrait, *same)) = photos.seen[-2:]
    assert (function, compared) == (liveness.judge_burst, liveness.compare_owner)
    assert (portrait, same) == (photos.card.portrait, [frames, challenge])
    assert [frame.at_ms for frame in frames] == [250 * number for number in range(8)]
    assert (challenge.id, challenge.session_id) == (asked["id"], applicant.id)
    async with city.house.db.connect() as conn:
        jkt = await conn.scalar(text("select jkt from proofing_sessions where id = :id"), {"id": applicant.id})
    assert challenge.device_thumbprint == jkt


async def test_the_outcome_is_evidence_and_the_frames_are_not(city, applicant, photos):
    await applicant.up_to("selfie")
    photos.burst = verdict("unsure", "light-unanswered")
    told = await answer(applicant, (await ask(applicant))["id"])
    assert [(tip["code"], bool(tip["message"]["vi"])) for tip in told["tips"]] == [("light-unanswered", True)]
    kind, evidence = (await events(city, applicant.id))[-1]
    assert (kind, evidence["decision"], evidence["reasons"]) == ("liveness-judged", "unsure", ["light-unanswered"])
    assert (evidence["policy"], evidence["status"]) == ("liveness-test", "assumption")
    assert "frame 3" not in str(evidence)


async def test_nobody_401_another_session_404_and_its_challenge_is_not_mine(city, applicant):
    other = await Applicant(city).up_to("selfie")
    await applicant.up_to("selfie")
    theirs, mine = await ask(other), await ask(applicant)
    await city.nobody.post(applicant.path("liveness/challenge"), expect=401)
    await city.nobody.post(applicant.path("liveness"), expect=401)
    await other.post(applicant.path("liveness/challenge"), expect=404, code="not-found")
    await answer(applicant, theirs["id"], expect=409, code="liveness-challenge-stale")
    await answer(other, mine["id"], expect=409, code="liveness-challenge-stale")
    await answer(applicant, mine["id"])
    await answer(other, theirs["id"])


async def test_a_challenge_is_good_once_even_for_many_at_a_time(applicant):
    await applicant.up_to("selfie")
    asked = await ask(applicant)
    answers = await asyncio.gather(*(answer(applicant, asked["id"], expect=None) for _ in range(5)))
    assert sorted(one.get("code", "") for one in answers) == ["", *["liveness-challenge-stale"] * 4]
    await answer(applicant, asked["id"], expect=409, code="liveness-challenge-stale")


async def test_a_new_challenge_voids_the_old_and_an_expired_one_is_none(applicant, monkeypatch):
    await applicant.up_to("selfie")
    old = await ask(applicant)
    monkeypatch.setattr(asking, "GOOD_FOR", timedelta(seconds=1))
    new = await ask(applicant)
    await answer(applicant, old["id"], expect=409, code="liveness-challenge-stale")
    await asyncio.sleep(1.1)
    await answer(applicant, new["id"], expect=409, code="liveness-challenge-stale")


@pytest.mark.parametrize(
    ("frames", "times"),
    [
        ([b"\xff\xd8"] * 7, None),
        ([b"\xff\xd8"], "0"),
        ([b"\xff\xd8"] * 41, None),
        (None, "0,250"),
        (None, "now"),
        (None, "0,1,2,3,4,5,6,-7"),
        (None, "0,1,2,3,4,5,6,9999999999"),
    ],
)
async def test_a_burst_that_is_none_uses_its_challenge_up(city, applicant, photos, frames, times):
    await applicant.up_to("selfie")
    asked = await ask(applicant)
    problem = await answer(applicant, asked["id"], frames, times, expect=422, code="bad-burst")
    assert problem["message"]["vi"]
    assert photos.seen[-1][0] is liveness.refuse_unfit
    await answer(applicant, asked["id"], expect=409, code="liveness-challenge-stale")
    assert (await events(city, applicant.id))[-1][1]["code"] == "bad-burst"


async def test_only_between_card_and_selfie(applicant):
    await applicant.open()
    await ask(applicant, expect=409, code="wrong-state")
    await applicant.card()
    asked = await ask(applicant)
    await applicant.selfie()
    await ask(applicant, expect=409, code="wrong-state")
    await answer(applicant, asked["id"], expect=409, code="wrong-state")


async def test_nobody_draws_until_an_easy_one_comes(applicant):
    await applicant.up_to("selfie")
    asked = await asyncio.gather(*(ask(applicant, expect=None) for _ in range(8)))
    assert sorted(one.get("code", "") for one in asked) == [*[""] * 5, *["liveness-attempts-used"] * 3]


@pytest.mark.parametrize(
    ("refusal", "code"),
    [
        (liveness.LivenessUnfit(reason="the spoof sample is live"), "liveness-self-test-failed"),
        (FaceModelsUnavailable(reason="no weights"), "face-models-unavailable"),
    ],
)
async def test_unfit_to_judge_both_answer_503_and_the_rest_serves(applicant, photos, refusal, code):
    await applicant.up_to("selfie")
    asked = await ask(applicant)
    photos.fit = photos.burst = refusal
    await ask(applicant, expect=503, code=code)
    await answer(applicant, asked["id"], expect=503, code=code)
    await applicant.selfie()


async def test_a_full_house_costs_no_attempt(applicant, photos):
    await applicant.up_to("selfie")
    asked, photos.burst = await ask(applicant), Busy(seconds=5, retry_after_seconds=5)
    await answer(applicant, asked["id"], expect=503, code="inference-busy")
    assert (await ask(applicant))["attempts_left"] == 4


async def test_after_not_live_a_match_is_a_person_s_to_decide_until_a_better_burst(city, applicant, photos):
    await applicant.up_to("selfie")
    photos.burst = verdict("not_live", "moves-flat")
    await answer(applicant, (await ask(applicant))["id"])
    problem = await applicant.selfie(expect=422, code="liveness-not-convincing")
    assert "Do that check again" in problem["message"]["en"]
    kind, evidence = (await events(city, applicant.id))[-1]
    assert (kind, evidence["seen"], evidence["liveness"]) == ("selfie-not-matched", "match", "not_live")
    photos.burst = verdict("unsure", "light-flat")
    await answer(applicant, (await ask(applicant))["id"])
    await applicant.selfie()


@pytest.mark.parametrize("owner", ["no_match", "unsure", "no_face", "copy"])
async def test_a_burst_of_somebody_else_makes_a_match_a_person_s_to_decide(city, applicant, photos, owner):
    """One person could move before the camera, live, and another's picture be the selfie."""
    await applicant.up_to("selfie")
    photos.owner = owner
    told = await answer(applicant, (await ask(applicant))["id"])
    # A hint to the app would be a way to try faces that nobody counts.
    assert told == {"decision": "live", "tips": [], "attempts_left": 4, "next": "selfie"}
    problem = await applicant.selfie(expect=422, code="liveness-of-another")
    assert problem["message"]["vi"] != problem["message"]["en"]
    kind, evidence = (await events(city, applicant.id))[-1]
    assert (kind, evidence["seen"], evidence["decision"], evidence["doubt"]) == (
        "selfie-not-matched", "match", "unsure", "another_person",
    )  # fmt: skip
    _, burst = (await events(city, applicant.id))[-2]
    assert burst["owner"] == {"decision": owner, "score": 5.0, "model": "m", "calibration": "c"}
    photos.owner = "match"
    await answer(applicant, (await ask(applicant))["id"])
    await applicant.selfie()


async def test_a_burst_against_another_card_is_nobody_s(city, applicant, photos):
    await applicant.up_to("selfie")
    await answer(applicant, (await ask(applicant))["id"])
    await applicant.card()
    await applicant.selfie(expect=422, code="liveness-of-another")
    await answer(applicant, (await ask(applicant))["id"])
    await applicant.selfie()
    for step in ("contact", "code"):
        await getattr(applicant, step)()
    officer = await city.signed_in("identity_checker")
    seen = await officer.get(f"/v1/proofing/checks/{(await applicant.account())['check_code']}", expect=200)
    assert [one["owner"] for one in seen["liveness"]] == ["other_card", "match"]


@pytest.mark.parametrize(("face", "code"), [("no_match", "face-does-not-match"), ("unsure", "liveness-of-another")])
async def test_what_the_faces_came_to_is_not_told_by_the_burst_s_sentence(applicant, photos, face, code):
    await applicant.up_to("selfie")
    photos.owner, photos.face = "no_match", face
    await answer(applicant, (await ask(applicant))["id"])
    await applicant.selfie(expect=422, code=code)


async def test_live_grants_no_level_and_the_officer_sees_every_verdict(city, applicant, photos):
    await applicant.up_to("selfie")
    photos.burst = verdict("not_live", "moves-flat")
    await answer(applicant, (await ask(applicant))["id"])
    photos.burst = "live"
    await answer(applicant, (await ask(applicant))["id"])
    for step in ("selfie", "contact", "code"):
        await getattr(applicant, step)()
    account = await applicant.account()
    assert account["level"] == 1
    officer = await city.signed_in("identity_checker")
    seen = (await officer.get(f"/v1/proofing/checks/{account['check_code']}", expect=200))["liveness"]
    assert [(one["decision"], one["reasons"], one["status"]) for one in seen] == [
        ("not_live", ["moves-flat"], "assumption"),
        ("live", [], "assumption"),
    ]


def test_a_self_test_that_breaks_is_remembered_and_missing_models_are_not(monkeypatch):
    monkeypatch.setattr(liveness, "_unfit", functools.cache(liveness._unfit.__wrapped__))
    causes = [FaceModelsUnavailable(reason="no weights"), OSError("out of memory")]

    def ends_badly():
        raise causes.pop(0)

    monkeypatch.setattr(liveness, "self_test", ends_badly)
    liveness.warm()
    assert len(causes) == 1
    for _ in range(2):
        with pytest.raises(liveness.LivenessUnfit, match="OSError"):
            liveness.judge_burst([], liveness.draw(session_id="s", device_thumbprint="d"))


@pytest.mark.slow
@pytest.mark.parametrize(("species", "decision"), [(None, "live"), ("screen", "not_live")])
async def test_a_drawn_head_answers_by_itself_or_from_a_screen(city, monkeypatch, species, decision):
    """The models of service in the pool of the house; only that a card was read is written down instead."""
    monkeypatch.setattr(liveness, "draw", functools.partial(liveness.draw, chance=random.Random(1)))
    applicant = Applicant(city)
    await applicant.open()
    head = io.BytesIO()
    Image.fromarray(drawn_face()).save(head, "JPEG")
    portrait = crypto.seal(city.house.keys.key("faces"), head.getvalue(), f"{applicant.id}/portrait".encode())
    async with city.house.db.begin() as conn:
        await conn.execute(
            text("update proofing_sessions set card_at = now(), portrait_sealed = :portrait where id = :id"),
            {"id": applicant.id, "portrait": portrait},
        )
    asked = await ask(applicant)
    async with city.house.db.connect() as conn:
        row = await conn.scalar(
            text("select liveness_asked from proofing_sessions where id = :id"), {"id": applicant.id}
        )
    challenge = msgspec.convert(row, liveness.Challenge)
    face = drawn_face()
    (marks,) = dlib_eye.find_landmarks(face, detection_side_px=320)
    sitter = simulated.Sitter(face, marks, random.Random(3))
    if species is None:
        frames = simulated.bona_fide(sitter, challenge, 5)
    else:
        frames = simulated.attack(species, sitter, challenge, challenge, 5)
    times = ",".join(str(frame.at_ms) for frame in frames)
    told = await answer(applicant, asked["id"], [frame.jpeg for frame in frames], times)
    assert told["decision"] == decision, told
    assert all(tip["message"]["vi"] for tip in told["tips"])
    assert not {"score", "correlation", "grid"} & set(str(told).split())
    no_jpegs = [b"\x89PNG" + frame.jpeg for frame in frames]
    await answer(applicant, (await ask(applicant))["id"], no_jpegs, times, expect=422, code="bad-burst")

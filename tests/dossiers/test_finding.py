"""Finding without signing in: the same answer for a wrong guess and for what is not there."""

import asyncio
import base64
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import msgspec
import numpy as np
import pytest
from sqlalchemy import text

from dossiers import finding, live, store
from identity import faces as face_room
from identity import offices
from identity.faces import FIND_MY_DOSSIER, liveness
from identity.faces.calibration import default
from identity.faces.liveness import policy as lines
from identity.faces.liveness.policy import Code
from identity.faces.liveness.wording import TIPS
from identity.faces.messages import Consent, Description, Template
from kit import clock
from kit.actor import Actor
from kit.pool import InferencePool
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


async def test_a_wrong_guess_and_a_missing_dossier_cost_one_question_that_finds_nothing(
    city: CityPeople, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a wrong guess read and a missing dossier did not could be told by the clock."""
    dossier = await steps.submitted(await city.signed_in("parent"))
    asked: list[tuple[str, bool]] = []
    really = store.standings_by_code

    async def counted(line: Any, codes: Any) -> Any:
        found = await really(line, codes)
        asked.extend((code, one is not None) for (code, _), one in zip(codes, found, strict=True))
        return found

    monkeypatch.setattr(store, "standings_by_code", counted)
    for code, born in ((dossier["receipt_code"], "1992-05-21"), (MISSING, BORN), ("no code at all", BORN)):
        await ask(city, code, born, expect=404, code="lookup-failed")
    assert [found for _, found in asked] == [False, False, False]
    await ask(city, dossier["receipt_code"], BORN, expect=200)
    assert asked[3:] == [(dossier["receipt_code"], True)]


class Seen(InferencePool):
    """An inference pool that has seen this face, and what it makes of bursts."""

    def __init__(
        self, description: Description, burst: liveness.Verdict | None = None, ahead: liveness.Ownership = "match"
    ) -> None:
        self.description = description
        self.burst = burst or verdict("live")
        self.ahead = ahead
        self.fit: Exception | None = None
        self.ran: list[tuple[Any, tuple[Any, ...]]] = []

    async def run(self, function: Any, *args: Any) -> Any:
        self.ran.append((function, args))
        if function is liveness.refuse_unfit and self.fit is not None:
            raise self.fit
        answers: dict[Any, Any] = {
            face_room.describe: self.description,
            liveness.refuse_unfit: None,
            liveness.judge_burst: self.burst,
            liveness.compare_selfie: liveness.Owner(self.ahead),
        }
        return answers[function]


def verdict(decision: liveness.Decision, *codes: Code) -> liveness.Verdict:
    return liveness.Verdict(decision, tuple(liveness.Reason(code, TIPS[code]) for code in codes), "liveness-test")


def face(fill: int) -> Description:
    rng = np.random.default_rng(fill)
    dlib, sface = (rng.normal(size=128).astype(np.float32) for _ in range(2))
    dlib, sface = dlib / np.linalg.norm(dlib), sface / np.linalg.norm(sface)
    template = Template(default().model, {"dlib": dlib.tobytes(), "sface": sface.tobytes()})
    return Description(template=template, picture=0, image_sha256=bytes(32))


KIOSK = Actor(
    kind="kiosk", client_id="kiosk-sai-gon", scopes=frozenset({"dossiers:find-by-face"}), office_id="off_ubnd_sai_gon"
)


def at_kiosk(city: CityPeople, seen: Description, office_id: str = "off_ubnd_sai_gon") -> Any:
    """What `by_face` is given when this face stands at a kiosk of that office."""
    house = city.house
    return (
        house.stand,
        house.faces,
        Seen(seen),
        house.limits,
        house.valkey,
        msgspec.structs.replace(KIOSK, office_id=office_id),
        b"selfie",
    )


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
        await finding.by_face(*args[:2], Seen(face(8)), *args[3:])


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


async def test_no_officer_searches_by_face(city: CityPeople) -> None:
    files = {"selfie": ("me.jpg", b"x", "image/jpeg")}
    await city.nobody.post("/v1/lookups/by-face", files=files, expect=401)
    await (await city.signed_in("civil_status")).post("/v1/lookups/by-face", files=files, expect=404)


CHALLENGE = "/v1/lookups/by-face/challenge"


@pytest.fixture
async def seen(city: CityPeople) -> AsyncIterator[Seen]:
    """The house's pool is exchanged for the length of a test; whoever stands at the kiosk agreed to be found."""
    parent = await city.signed_in("parent")
    await steps.submitted(parent)
    me = await parent.get("/v1/me", expect=200)
    pool, found = city.house.pool, Seen(face(12))
    consent = Consent(purpose=FIND_MY_DOSSIER, wording="face-lookup-1", given_at=clock.now())
    await city.house.faces.enrol(me["account_id"], found.description, consent)
    await city.house.valkey.forget_everything()
    city.house.pool = found
    yield found
    city.house.pool = pool


async def look(city: CityPeople, challenge: str | None = None, frames: int = 8, **expected: Any) -> Any:
    """At the kiosk, as it sends them; without a burst unless a challenge is given."""
    files = [("selfie", ("me.jpg", b"selfie", "image/jpeg"))]
    data: dict[str, str] = {}
    if challenge is not None:
        files += [("frames", (f"{at}.jpg", b"\xff\xd8 frame %d" % at, "image/jpeg")) for at in range(frames)]
        data = {"challenge": challenge, "times": ",".join(str(250 * at) for at in range(frames))}
    kiosk = await city.signed_in("kiosk")
    return await kiosk.post("/v1/lookups/by-face", files=files, data=data, **({"expect": 200} | expected))


async def drawn(city: CityPeople) -> str:
    return (await (await city.signed_in("kiosk")).post(CHALLENGE, expect=201))["challenge"]


async def logged(city: CityPeople) -> list[tuple[Any, ...]]:
    """The newest line of the faces' log."""
    async with city.house.faces_db.connect() as conn:
        newest = "select purpose, outcome, ref, score, calibration from face_searches order by id desc limit 1"
        return [tuple(row) for row in await conn.execute(text(newest))]


async def test_whoever_does_as_asked_is_looked_for(city: CityPeople, seen: Seen) -> None:
    asked = await (await city.signed_in("kiosk")).post(CHALLENGE, expect=201)
    assert all(step["words"]["vi"] != step["words"]["en"] for step in asked["steps"])
    assert (asked["least_frames"], asked["most_frames"]) == (8, 40)
    assert (await look(city, asked["challenge"]))["dossiers"]
    fit, described, (judged, (frames, challenge)), (compared, same) = seen.ran
    assert (fit[0], described[0]) == (liveness.refuse_unfit, face_room.describe)
    assert (judged, compared) == (liveness.judge_burst, liveness.compare_selfie)
    assert same == (seen.description, frames, challenge)
    assert [frame.at_ms for frame in frames] == [250 * at for at in range(8)]
    assert list(challenge.steps) == [step["name"] for step in asked["steps"]]


async def test_of_what_is_not_live_nobody_is_looked_for_and_the_log_says_why(city: CityPeople, seen: Seen) -> None:
    seen.burst = verdict("not_live", "moves-flat")
    problem = await look(city, await drawn(city), expect=422, code="not-live")
    assert "receipt code" in problem["message"]["en"]
    assert "mã hồ sơ" in problem["message"]["vi"]
    assert [fault["code"] for fault in problem["faults"]] == ["moves-flat"]
    assert await logged(city) == [(FIND_MY_DOSSIER, "not_live", None, None, "liveness-test")]


async def test_a_doubt_turns_nobody_away(city: CityPeople, seen: Seen) -> None:
    seen.burst = verdict("unsure", "light-unanswered")
    assert (await look(city, await drawn(city)))["dossiers"]


@pytest.mark.parametrize(
    ("ahead", "found"), [("match", True), ("copy", True), ("no_match", False), ("unsure", False), ("no_face", False)]
)
async def test_the_selfie_is_of_whoever_looked_ahead(
    city: CityPeople, seen: Seen, ahead: liveness.Ownership, found: bool
) -> None:
    """One person could move before the camera, live, and another's picture be the selfie."""
    seen.ahead = ahead
    if found:
        assert (await look(city, await drawn(city)))["dossiers"]
    else:
        await look(city, await drawn(city), expect=422, code="selfie-of-another")
        assert await logged(city) == [(FIND_MY_DOSSIER, "another_person", None, None, "liveness-test")]


async def test_a_challenge_is_good_once_even_for_many_at_a_time(city: CityPeople, seen: Seen) -> None:
    asked = await drawn(city)
    answers = await asyncio.gather(*(look(city, asked, expect=None) for _ in range(4)))
    assert sorted(one.get("code", "") for one in answers) == ["", *["liveness-challenge-stale"] * 3]


async def test_nobody_asks_of_themselves_what_suits_their_film(city: CityPeople, seen: Seen) -> None:
    # What was asked comes back from the kiosk; not one step of it may be another.
    asked = msgspec.json.decode(base64.urlsafe_b64decode(await drawn(city)))
    asked["steps"] = ["turn_left", "turn_right", "blink"] if asked["steps"][0] != "turn_left" else ["turn_right"]
    altered = base64.urlsafe_b64encode(msgspec.json.encode(asked)).decode()
    nested = base64.urlsafe_b64encode(b'{"x":' + b"[" * 100_000).decode()
    for text_ in (altered, nested, "", "ế", "e30=", "null"):
        await look(city, text_, expect=409, code="liveness-challenge-stale")
    assert seen.ran == [(liveness.refuse_unfit, ())]


async def test_another_kiosk_s_challenge_and_an_old_one_are_none(city: CityPeople, seen: Seen) -> None:
    house, scopes = city.house, frozenset({"dossiers:find-by-face"})
    other = Actor(kind="kiosk", client_id="kiosk-elsewhere", scopes=scopes, office_id="off_ubnd_sai_gon")
    theirs = await live.draw(house.valkey, house.pool, house.limits, other)
    await look(city, theirs.challenge, expect=409, code="liveness-challenge-stale")
    asked = await drawn(city)
    with clock.shifted(timedelta(minutes=2)):
        city._known.pop("kiosk")
        await look(city, asked, expect=409, code="liveness-challenge-stale")
    city._known.pop("kiosk")


async def test_a_burst_that_is_none_uses_its_challenge_up(city: CityPeople, seen: Seen) -> None:
    asked = await drawn(city)
    await look(city, asked, frames=3, expect=422, code="bad-burst")
    await look(city, asked, expect=409, code="liveness-challenge-stale")


async def test_unfit_to_judge_nobody_is_asked_to_perform(city: CityPeople, seen: Seen) -> None:
    seen.fit = liveness.LivenessUnfit(reason="the spoof sample is live")
    kiosk = await city.signed_in("kiosk")
    await kiosk.post(CHALLENGE, expect=503, code="liveness-self-test-failed")
    assert (await look(city))["dossiers"]


async def test_who_draws_until_one_suits_runs_dry(city: CityPeople, seen: Seen) -> None:
    for _ in range(20):
        await drawn(city)
    await (await city.signed_in("kiosk")).post(CHALLENGE, expect=429, code="too-many-requests")


async def test_no_officer_is_asked(city: CityPeople) -> None:
    await city.nobody.post(CHALLENGE, expect=401)
    await (await city.signed_in("civil_status")).post(CHALLENGE, expect=404)


async def test_a_burst_is_required_in_production_once_liveness_is_measured(
    city: CityPeople, seen: Seen, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (await look(city))["dossiers"]
    measured = msgspec.structs.replace(lines.default(), status="measured")
    for environment, status, asks in [
        ("production", "assumption", "asked"),
        ("development", "measured", "asked"),
        ("production", "measured", "required"),
    ]:
        with monkeypatch.context() as patch:
            if status == "measured":
                patch.setattr(liveness, "default", lambda: measured)
            patch.setattr(city.house, "settings", msgspec.structs.replace(city.house.settings, environment=environment))
            assert live.asks(city.house.settings.environment, KIOSK) == asks
            expected = {"expect": 422, "code": "live-selfie-missing"} if asks == "required" else {"expect": 200}
            await look(city, **expected)


async def test_an_ordinary_question_and_an_odd_one_are_answered_alike(city: CityPeople) -> None:
    """The one before the framework, the other by it: what is wrong with a question is said in one place."""
    dossier = await steps.submitted(await city.signed_in("parent"))
    body = msgspec.json.encode({"receipt_code": dossier["receipt_code"], "date_of_birth": BORN})
    ordinary = {"Content-Type": "application/json"}

    async def asked(sent: bytes, **headers: str) -> httpx.Response:
        return await city.client.post("/v1/lookups", content=sent, headers=ordinary | headers)

    plain = await asked(body)
    by_the_framework = await asked(body, **{"Content-Type": "application/json; charset=utf-8"})
    assert plain.status_code == by_the_framework.status_code == 200
    assert plain.json() == by_the_framework.json()
    assert set(plain.headers) == set(by_the_framework.headers)
    wrong = body.replace(dossier["receipt_code"].encode(), MISSING.encode())
    refused = [await asked(wrong), await asked(wrong, **{"Content-Type": "application/json; charset=utf-8"})]
    assert [one.status_code for one in refused] == [404, 404]
    assert len({(one.headers["content-type"], one.json()["code"], one.json()["detail"]) for one in refused}) == 1
    assert (await asked(wrong, **{"Accept-Language": "en"})).json()["detail"].isascii()
    malformed = await asked(b'{"receipt_code": 7')
    assert (malformed.status_code, malformed.json()["code"]) == (400, "malformed-request")
    # A token that is none is refused here as everywhere.
    assert (await asked(body, Authorization="Bearer nobody's")).status_code == 401

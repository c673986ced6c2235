"""The population register asked about a card: its word is evidence, a no goes to a person, silence is none."""

from datetime import date

import msgspec
import pytest

from api.wiring import population_register, refuse_unfit
from identity import accounts
from identity.proofing import policy
from kit.settings import BadSetting
from tests.identity.proofing import cards
from tests.identity.proofing.test_session import events, held
from wires.population import RegisterAway, Registered, SandboxRegister

pytestmark = pytest.mark.anyio

LOCKED = {"residence": "Số 9 đường Sổ Gốc", "ethnicity": "Kinh"}


class Away:
    development_only = True

    async def confirm(self, **_):
        raise RegisterAway


@pytest.fixture
def register(city, photos):
    """Puts a register in the place of the house's, which knows the applicant's number as somebody's."""
    before = city.house.population

    def put(full_name=cards.FULL_NAME, born=date(1989, 1, 15)):
        number = photos.card.reading.fields["number"].value
        city.house.population = SandboxRegister([Registered(number, full_name, born, LOCKED)])

    yield put
    city.house.population = before


async def asked(city, applicant):
    return [evidence for kind, evidence in await events(city, applicant.id) if kind == "register-asked"]


async def test_a_yes_is_evidence_with_its_source_and_no_level(city, applicant, register):
    await applicant.up_to("account")
    register()
    assert (await applicant.account())["level"] == 1
    assert await asked(city, applicant) == [
        {"answer": "yes", "source": "register:sandbox", "locked": ["residence", "ethnicity"]}
    ]
    code = (await applicant.authorization())["authorization_code"]
    applicant.token = await city.token(applicant.device, "citizen-app", code, applicant.pkce.verifier)
    me = (await applicant.get("/v1/me", expect=200))["account_id"]
    async with city.house.db.connect() as conn:
        known = await accounts.prefill(conn, city.house.keys, me)
    assert (known["residence"].value, known["residence"].sources) == (LOCKED["residence"], ("register:sandbox",))
    assert known["ethnicity"].sources == ("register:sandbox",)
    assert known["full_name"].sources[0].startswith("card:")


@pytest.mark.parametrize("other", [{"full_name": "Nguyễn Văn Khác"}, {"born": date(1989, 1, 16)}])
async def test_a_no_opens_nothing_and_an_officer_is_told(city, applicant, register, other):
    await applicant.up_to("account")
    register(**other)
    problem = await applicant.account(expect=409, code="register-disagrees")
    assert "Khác" not in str(problem)
    assert (await applicant.get(applicant.path()))["next"] == "account"
    officer = await city.signed_in("identity_checker")
    assert "register_disagrees" in [one["kind"] for one in await officer.get("/v1/proofing/alarms", expect=200)]
    assert (await asked(city, applicant))[0]["locked"] == []
    # Put right there, it opens.
    register()
    await applicant.account()


@pytest.mark.parametrize(("population", "answer"), [(Away(), "away"), (SandboxRegister([]), "unknown"), (None, "none")])
async def test_silence_is_no_answer_and_the_account_opens_by_what_was_proven(
    city, applicant, register, population, answer
):
    await applicant.up_to("account")
    register()
    city.house.population = population
    assert (await applicant.account())["level"] == 1
    assert [one["answer"] for one in await asked(city, applicant)] == [answer]


async def test_policy_says_whether_it_is_asked_and_what_goes_to_a_person(city, applicant, register, monkeypatch):
    usual = policy.current()
    await applicant.up_to("account")
    strict = msgspec.structs.replace(usual, register=policy.RegisterRule(ask=True, to_a_person=("no", "away")))
    monkeypatch.setattr(policy, "current", lambda: strict)
    register()
    city.house.population = Away()
    await applicant.account(expect=409, code="register-disagrees")
    assert "contact_sealed" in await held(city, applicant.id)
    silent = msgspec.structs.replace(usual, register=policy.RegisterRule(ask=False, to_a_person=("no",)))
    monkeypatch.setattr(policy, "current", lambda: silent)
    register("Somebody Else")
    await applicant.account()
    assert len(await asked(city, applicant)) == 1


async def test_nobody_is_asked_about_before_face_and_phone_are_proven(applicant, city, register):
    await applicant.up_to("contact")
    register("Somebody Else")
    await applicant.account(expect=409, code="wrong-state")
    assert await asked(city, applicant) == []


def test_production_refuses_the_stand_in(settings):
    unfit = msgspec.structs.replace(settings, environment="production", sandbox=False, officer_passkeys="required")
    with pytest.raises(BadSetting, match="SandboxRegister"):
        refuse_unfit(unfit, [population_register(unfit)])
    assert population_register(msgspec.structs.replace(unfit, population_register="none")) is None

"""The table of the lifecycle over the API: every action by everybody in every state, done or refused by name, and nothing else."""

import functools
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

import procedures
from api.caller import Device
from dossiers import supplementing
from identity import offices
from kit import clock
from procedures import bundles
from tests.dossiers import steps
from tests.people import CityPeople, Person

pytestmark = pytest.mark.anyio

BRANCH = "residence"
WHY = "Giấy tờ gửi kèm không đọc được, đề nghị gửi lại bản rõ hơn."
HEAD = {"residence.household_head_name": "Hoàng Văn Đức", "residence.household_head_pin": "079089000012"}

Walk = Callable[[CityPeople], Awaitable[dict[str, Any]]]


async def shown(city: CityPeople, dossier: dict[str, Any]) -> dict[str, Any]:
    return await (await city.signed_in("parent")).get(f"/v1/dossiers/{dossier['id']}", expect=200)


async def begun(city: CityPeople, *, invited: bool, birth: str | None = "approve") -> dict[str, Any]:
    """A dossier of birth and residence; the head of the household is the parent, or somebody who is invited."""
    parent = await city.signed_in("parent")
    options = {"branches": ["birth", BRANCH]}
    draft = await parent.post("/v1/dossiers", json={"procedure": steps.GROUP, "options": options}, expect=201)
    path = f"/v1/dossiers/{draft['id']}"
    fields = {k: v for k, v in steps.child().items() if not k.startswith("insurance.")} | (HEAD if invited else {})
    await parent.patch(f"{path}/form", json={"fields": fields}, headers={"If-Match": "*"}, expect=200)
    await parent.put(f"{path}/documents/birth_notification", json={"upload_id": await steps.upload(parent)}, expect=200)
    await steps.submit(parent, draft["id"])
    dossier = await shown(city, draft)
    if birth is not None:
        await steps.decide(city, dossier, "birth", refuse=WHY if birth == "refuse" else None)
    return await shown(city, dossier)


def desk(dossier: dict[str, Any]) -> str:
    return f"/v1/desk/branches/{steps.branch(dossier, BRANCH)['id']}"


def at(dossier: dict[str, Any], verb: str) -> str:
    return f"/v1/dossiers/{dossier['id']}/branches/{BRANCH}/{verb}"


# --- a branch in each state, by the verbs alone -------------------------------------------------------------------------


async def waiting(city: CityPeople) -> dict[str, Any]:
    return await begun(city, invited=True, birth=None)


async def unconfirmed(city: CityPeople) -> dict[str, Any]:
    return await begun(city, invited=True)


async def submitted(city: CityPeople) -> dict[str, Any]:
    return await begun(city, invited=False)


async def not_started(city: CityPeople) -> dict[str, Any]:
    return await begun(city, invited=False, birth="refuse")


async def _then(city: CityPeople, before: Walk, officer: bool, verb: str, body: Any = None) -> dict[str, Any]:
    dossier = await before(city)
    who = await city.signed_in("residence" if officer else "parent")
    await who.post(f"{desk(dossier)}/{verb}" if officer else at(dossier, verb), json=body)
    return await shown(city, dossier)


received: Walk = functools.partial(_then, before=submitted, officer=True, verb="receipt")
in_review: Walk = functools.partial(_then, before=submitted, officer=True, verb="claim")
supplement_requested: Walk = functools.partial(
    _then,
    before=in_review,
    officer=True,
    verb="supplement-request",
    body={"reason": WHY, "fields": ["residence.address"]},
)
payment_requested: Walk = functools.partial(
    _then, before=in_review, officer=True, verb="payment-request", body={"channel": "counter"}
)
stopped: Walk = functools.partial(_then, before=in_review, officer=True, verb="stop", body={"reason": WHY})
approved: Walk = functools.partial(
    _then,
    before=in_review,
    officer=True,
    verb="decision",
    body={"outcome": "approved", "result": steps.RESULTS[BRANCH]},
)
refusal_proposed: Walk = functools.partial(
    _then, before=in_review, officer=True, verb="decision", body={"outcome": "refused", "reason": WHY}
)
delivered: Walk = functools.partial(_then, before=approved, officer=True, verb="delivery", body={"by": "counter"})
correcting: Walk = functools.partial(_then, before=approved, officer=False, verb="correction", body={"reason": WHY})


async def refused(city: CityPeople) -> dict[str, Any]:
    dossier = await refusal_proposed(city)
    await steps.confirm_refusal(city, dossier, BRANCH)
    return await shown(city, dossier)


async def withdrawn(city: CityPeople) -> dict[str, Any]:
    dossier = await submitted(city)
    parent = await city.signed_in("parent")
    return await parent.post(f"/v1/dossiers/{dossier['id']}/withdrawal", json={"branches": [BRANCH]}, expect=200)


async def declined(city: CityPeople) -> dict[str, Any]:
    dossier = await unconfirmed(city)
    await answer(city, "other_parent", dossier, "decline")
    return await shown(city, dossier)


async def lapsed(city: CityPeople) -> dict[str, Any]:
    dossier = await supplement_requested(city)
    await lapse(city)
    return await shown(city, dossier)


STATES: dict[str, Walk] = {
    "waiting": waiting,
    "unconfirmed": unconfirmed,
    "submitted": submitted,
    "received": received,
    "in_review": in_review,
    "refusal_proposed": refusal_proposed,
    "supplement_requested": supplement_requested,
    "payment_requested": payment_requested,
    "stopped": stopped,
    "delivered": delivered,
    "correcting": correcting,
    "approved": approved,
    "refused": refused,
    "not_started": not_started,
    "withdrawn": withdrawn,
    "lapsed": lapsed,
    "declined": declined,
}


# --- every action ---------------------------------------------------------------------------------------------------------


async def lapse(city: CityPeople, *, after: timedelta = timedelta(days=60)) -> int:
    with clock.shifted(after):
        return await supplementing.lapse(city.house.stand)


class DeviceOfThatDay(Device):
    """A phone whose clock is moved with ours: its proofs are of the moment."""

    def proof(self, method: str, url: str, token: str | None = None, **claims: Any) -> str:
        return super().proof(method, url, token, **{"iat": int(clock.now().timestamp())} | claims)


@asynccontextmanager
async def later(city: CityPeople, by: timedelta) -> AsyncGenerator[CityPeople]:
    """The same people on another day, signed in anew: their tokens of today have ended by then."""
    then = CityPeople(city.app, city.client, city.furnished)
    then.device_kind = DeviceOfThatDay
    with clock.shifted(by):
        yield then


async def invitation_of(city: CityPeople, dossier: dict[str, Any]) -> str:
    """The newest one's id, whoever asks; `none` where there is none."""
    async with city.house.db.connect() as conn:
        query = text("select id from invitations where dossier_id = :id order by id desc limit 1")
        return (await conn.execute(query, {"id": dossier["id"]})).scalar() or "none"


async def answer(city: CityPeople, key: str, dossier: dict[str, Any], said: str) -> Any:
    who = city.nobody if key == "nobody" else await city.signed_in(key)
    path = f"/v1/me/invitations/{await invitation_of(city, dossier)}/answer"
    return await who.post(path, json={"answer": said})


async def other_police(city: CityPeople) -> str:
    """The police of another ward."""
    async with city.house.db.begin() as conn:
        here = await offices.all_offices(conn, agency="cong_an_xa", ward_code="26743")
        if here:
            return here[0].id
        made = {"ward_code": "26743", "name_vi": "Công an phường Hư Cấu", "name_en": "Police of Hư Cấu", "address": ""}
        return (await offices.create_office(conn, agency="cong_an_xa", **made)).id


async def act(city: CityPeople, who: Person, dossier: dict[str, Any], action: str) -> Any:
    """The call by which a person does this action; a refusal is confirmed by another than who proposed it."""
    if action == "refuse" and who.name == "residence":
        who = await city.signed_in(steps.HEADS[BRANCH])
    decision = {"outcome": "approved", "result": steps.RESULTS[BRANCH]}
    documents = {"ct01": await steps.upload(who)} if action == "confirm_on_paper" and who.name == "parent" else {}
    by_desk = {
        "receive": ("receipt", None),
        "claim": ("claim", None),
        "give_back": ("return-to-queue", {}),
        "escalate": ("escalation", {"reason": WHY}),
        "forward": ("forwarding", {"office_id": await other_police(city), "reason": WHY}),
        "ask_payment": ("payment-request", {"channel": "counter"}),
        "waive_fee": ("fee-waiver", {"channel": "counter", "reason": WHY}),
        "extend": ("extension", {"reason": WHY}),
        "stop": ("stop", {"reason": WHY}),
        "resume": ("resumption", None),
        "deliver": ("delivery", {"by": "post"}),
        "ask_supplement": ("supplement-request", {"reason": WHY, "fields": ["residence.address"]}),
        "approve": ("decision", decision),
        "propose_refusal": ("decision", {"outcome": "refused", "reason": WHY}),
        "send_back": ("refusal-verdict", {"verdict": "send_back", "reason": WHY}),
        "refuse": ("refusal-verdict", {"verdict": "confirm"}),
        "reopen": ("reopening", {"reason": WHY}),
        "correct": ("corrected-result", {"reason": WHY, "result": {"number": "153/TB-CAP"}}),
        "uphold": ("upheld-result", {"reason": WHY}),
    }
    by_owner = {
        "supplement": ("supplement", {"fields": {"residence.address": steps.HOME}}),
        "refile": ("refiling", {}),
        "ask_correction": ("correction", {"reason": WHY}),
        "confirm_on_paper": ("consent-on-paper", {"upload_id": documents.get("ct01", "upl_none")}),
    }
    if action in by_desk:
        verb, body = by_desk[action]
        return await who.post(f"{desk(dossier)}/{verb}", json=body)
    if action in by_owner:
        verb, body = by_owner[action]
        return await who.post(at(dossier, verb), json=body)
    if action == "pay":
        return await pay(city, who, dossier)
    if action == "withdraw":
        return await who.post(f"/v1/dossiers/{dossier['id']}/withdrawal", json={"branches": [BRANCH]})
    return await answer(city, who.name, dossier, "agree" if action == "confirm" else "decline")


async def pay(city: CityPeople, who: Person, dossier: dict[str, Any]) -> Any:
    """Asks where to pay, and pays there; the provider tells it. A fee that is not waited for has no such place."""
    asked = await who.get(at(dossier, "payment"))
    if "code" in asked:
        return asked
    if asked["pay_at"] is None:
        return {"code": "nothing-to-pay-now"}
    paid = await city.client.post(asked["pay_at"].removeprefix(city.house.settings.public_url))
    assert paid.status_code == 200, paid.text
    return asked


PERSONS = {
    "nobody": None,
    "stranger": None,
    "parent": "citizen",
    "other_parent": "invited",
    "residence": "officer",
    "civil_status": None,  # an officer of another agency
}
SYSTEM = {"submit", "start", "not_start", "wait_again", "hold", "lapse"}
WIRE = {"refuse_by_wire"}
CODES = {
    "action-not-allowed",
    "already-decided",
    "branch-unknown",
    "claimed-by-another",
    "dossier-unknown",
    "invitation-unknown",
    "not-claimed",
    "not-found",
    "not-signed-in",
    "nothing-to-pay-now",
    "payment-unknown",
}


async def test_every_state_and_action_is_walked() -> None:
    lifecycle = procedures.load().lifecycle
    assert set(STATES) == {state.name for state in lifecycle.states} - {"draft"}
    for action in lifecycle.actions:
        assert (set(action.by) == {"system"}) == (action.name in SYSTEM - {"submit"})
        assert (set(action.by) == {"agency"}) == (action.name in WIRE)


@pytest.mark.parametrize("state", STATES)
async def test_every_action_by_everybody_in(city: CityPeople, state: str) -> None:
    lifecycle = city.house.catalogue.lifecycle
    # Signed in anew for each state: all of them together may take longer than a token lives.
    await city.house.valkey.forget_everything()
    city = CityPeople(city.app, city.client, city.furnished)
    dossier = await STATES[state](city)
    assert steps.branch(dossier, BRANCH)["state"] == lifecycle.told(state).name
    for action in lifecycle.actions:
        if action.name in SYSTEM | WIRE:
            continue
        for key, kind in PERSONS.items():
            who = city.nobody if key == "nobody" else await city.signed_in(key)
            before = await shown(city, dossier)
            told = await act(city, who, dossier, action.name)
            after = await shown(city, dossier)
            what = f"{key}: {action.name} in {state}: {told}"
            if kind in action.by and state in action.since:
                assert "code" not in told, what
                assert steps.branch(after, BRANCH)["state"] == _leads_to(city, state, action.name), what
                dossier = await STATES[state](city)
            elif (key, state, action.name) == ("other_parent", "waiting", "confirm"):
                # Said before its turn, it is kept: the branch then begins without waiting for it.
                assert told == {"answer": "agreed"}
                await steps.decide(city, dossier, "birth")
                assert steps.branch(await shown(city, dossier), BRANCH)["state"] == "submitted"
                dossier = await STATES[state](city)
            elif _changes_nothing(state, action.name, key):
                assert "code" not in told, what
                assert after == before
            else:
                assert told["code"] in CODES, what
                assert after == before, "what is refused changes nothing"
    told = await shown(city, dossier)
    assert steps.branch(told, BRANCH)["actions"] == bundles.allowed(lifecycle, state, "citizen")


async def test_what_lapsed_before_any_office_had_it_is_filed_again_and_not_reopened(city: CityPeople) -> None:
    """It never began, so no desk knows it: to an officer it is as a missing one, and the household is asked once more."""
    dossier = await unconfirmed(city)
    await lapse(city)
    assert steps.branch(await shown(city, dossier), BRANCH)["state"] == "lapsed"
    officer, parent = await city.signed_in("residence"), await city.signed_in("parent")
    await officer.post(f"{desk(dossier)}/reopening", json={"reason": WHY}, expect=404, code="branch-unknown")
    await parent.post(at(dossier, "refiling"), json={}, expect=200)
    assert steps.branch(await shown(city, dossier), BRANCH)["state"] == "unconfirmed"


def _changes_nothing(state: str, action: str, key: str) -> bool:
    """Said again, it is so already."""
    if key == "residence":
        return action == "claim" and state in (
            "in_review", "refusal_proposed", "supplement_requested", "payment_requested", "stopped",
        )  # fmt: skip
    return (key, state, action) == ("other_parent", "declined", "decline")


def _leads_to(city: CityPeople, state: str, action: str) -> str:
    """As the table says and a citizen is told; and where a consent is still missing, the branch waits for it once more."""
    if (state, action) == ("declined", "refile"):
        return "unconfirmed"
    lifecycle = city.house.catalogue.lifecycle
    return lifecycle.told(lifecycle.action(action).to).name

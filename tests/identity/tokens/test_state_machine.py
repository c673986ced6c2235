"""Codes, refreshes, revocations, log-outs and crashes in any order: a small model says what is legal, and nothing else ever happens."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime, timedelta
from typing import Any
from unittest import mock

import httpx
import psycopg
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from api import sandbox
from api.app import create_app
from api.caller import Pkce
from api.wiring import House
from identity import accounts, tokens
from identity.tokens import browser, issuer, logging_out, many, refreshing, rfc9068
from kit import clock
from kit.db import Database, raw
from kit.pool import InferencePool
from kit.settings import Settings
from tests.identity.tokens.browsing import PARENT, TOKEN

STEPS = 2_000

APPS = ("one-app", "two-app")
SCOPES = ("openid profile", "openid")


class City:
    """The whole application in process, for callers that are not asynchronous."""

    def __init__(
        self, house: House, http: httpx.AsyncClient, runner: asyncio.Runner, secrets: dict[str, str], account_id: str
    ) -> None:
        self.house, self.http, self.runner, self.secrets, self.account_id = house, http, runner, secrets, account_id

    def post(self, path: str, app: str, **form: str) -> httpx.Response:
        return self.runner.run(self.http.post(path, data=form, auth=(app, self.secrets[app])))


@pytest.fixture(scope="module")
def quiet_city(settings: Settings, pool: InferencePool) -> Iterator[City]:
    with asyncio.Runner() as runner:
        loop = runner.get_loop()
        opened, closing = loop.create_future(), asyncio.Event()
        # One task opens and closes it: what it stands on is tied to the task.
        living = loop.create_task(_live(opened, closing, runner, settings, pool))
        yield runner.run(asyncio.wait_for(opened, 120))
        closing.set()
        runner.run(asyncio.wait_for(living, 60))


async def _live(
    opened: "asyncio.Future[City]", closing: asyncio.Event, runner: asyncio.Runner, made: Settings, pool: InferencePool
) -> None:
    async with AsyncExitStack() as stack:
        try:
            opened.set_result(await _open(stack, runner, made, pool))
        except Exception as error:
            opened.set_exception(error)
            raise
        await closing.wait()


async def _open(stack: AsyncExitStack, runner: asyncio.Runner, made: Settings, pool: InferencePool) -> City:
    await sandbox.furnish(made)
    app = create_app(made, pool=pool)
    await stack.enter_async_context(app.lifespan())
    house: House = app.state.house
    house.limits._scale = 1_000_000  # pyright: ignore[reportPrivateUsage]
    secrets: dict[str, str] = {}
    phone = accounts.contact.parse(PARENT)
    assert phone is not None
    async with house.db.begin() as conn:
        for name in APPS:
            secrets[name] = await tokens.register_client(
                conn, client_id=name, name=name, kind="confidential", grants=["authorization_code", "refresh_token"],
                scopes=["openid", "profile"], redirect_uris=[f"https://{name}.test/cb"], first_party=True,
            ) or ""  # fmt: skip
        parent = await accounts.by_login(conn, house.keys, phone)
    assert parent is not None
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    http = await stack.enter_async_context(httpx.AsyncClient(transport=transport, base_url=made.public_url))
    return City(house, http, runner, secrets, parent.id)


class Session:
    def __init__(self, cookie: str, session_id: str) -> None:
        self.cookie, self.id, self.over = cookie, session_id, False


class Family:
    """What one sign-in came to."""

    def __init__(self, app: str, session: Session) -> None:
        self.app, self.session, self.dead = app, session, False
        self.accesses: list[tuple[str, datetime]] = []
        self.refreshes: list[Refresh] = []

    def take(self, reply: dict[str, Any]) -> None:
        self.accesses.append((reply["access_token"], clock.now()))
        self.refreshes.append(Refresh(self, reply["refresh_token"]))


class Refresh:
    def __init__(self, family: Family, token: str) -> None:
        self.family, self.token = family, token
        self.used_at: datetime | None = None
        self.used_for, self.answer = "", dict[str, Any]()


class Code:
    def __init__(self, app: str, session: Session, code: str, pkce: Pkce) -> None:
        self.app, self.session, self.code, self.pkce, self.born = app, session, code, pkce, clock.now()
        self.family: Family | None = None
        self.void = False


@asynccontextmanager
async def _cut(db: Database) -> AsyncIterator[AsyncConnection]:
    """A transaction that does all its work and is never committed."""
    async with db.engine.begin() as conn:
        yield conn
        raise psycopg.OperationalError("cut before commit")


async def _written_and_cut(*args: Any, **values: Any) -> None:
    await _CHANGE(*args, **values)
    raise psycopg.OperationalError("cut before commit")


_CHANGE = many.change_refresh_tokens

picks = st.integers(min_value=0, max_value=10_000)
apps = st.sampled_from(APPS)
mostly = st.sampled_from((True, True, True, False))


class Tokens(RuleBasedStateMachine):
    city: City
    steps = 0

    @initialize()
    def begin(self) -> None:
        self.sessions: list[Session] = []
        self.codes: list[Code] = []
        self.families: list[Family] = []
        self.shift = clock.shifted(timedelta())
        self.shift.__enter__()
        self.sign_in()

    def teardown(self) -> None:
        if hasattr(self, "shift"):
            for family in self.families:
                self._look(family, len(family.accesses) - 1)
            self.shift.__exit__(None, None, None)

    # What people and their apps do

    @rule()
    def sign_in(self) -> None:
        async def signed_in() -> tuple[str, str]:
            async with self.city.house.db.begin() as conn:
                who = browser.Authenticated(account_id=self.city.account_id, amr=("otp",), authenticator_id=None)
                cookie = await browser.sign_in(conn, browser.new_cookie(), who)
                session = await browser.session(conn, cookie)
            assert session is not None
            return cookie, session.id

        self.sessions.append(Session(*self.city.runner.run(signed_in())))

    @rule(app=apps, pick=picks)
    def ask_for_code(self, app: str, pick: int) -> None:
        session = self.sessions[pick % len(self.sessions)]
        if session.over:
            return
        pkce = Pkce()

        async def asked() -> str:
            async with self.city.house.db.begin() as conn:
                return await self.city.house.issuer.add_code(
                    conn, client_id=app, account_id=self.city.account_id, code_challenge=pkce.challenge, jkt=None, scope=SCOPES[0],
                    amr=("otp",), auth_time=clock.now(), nonce=None, browser_session_id=session.id,
                )  # fmt: skip

        self.codes.append(Code(app, session, self.city.runner.run(asked()), pkce))

    @precondition(lambda self: self.codes)
    @rule(pick=picks, stranger=mostly, right=mostly, cut=mostly)
    def redeem(self, pick: int, stranger: bool, right: bool, cut: bool) -> None:
        code = self.codes[-1 - pick % min(4, len(self.codes))]
        app = code.app if stranger else APPS[code.app == APPS[0]]
        form = {"code": code.code, "code_verifier": code.pkce.verifier if right else "w" * 43}
        if not cut:
            with mock.patch.object(Database, "begin", _cut):
                self._not_given(self.city.post(TOKEN, app, grant_type="authorization_code", **form))
            return
        answer = self.city.post(TOKEN, app, grant_type="authorization_code", **form)
        in_time = clock.now() < code.born + issuer.CODE_LIFETIME
        if app == code.app and right and in_time and code.family is None and not code.void:
            code.family = Family(app, code.session)
            code.family.take(_given(answer))
            self.families.append(code.family)
            return
        _refused(answer, "invalid_grant")
        if app == code.app and code.family is not None:
            code.family.dead = True

    def _any_refresh(self, pick: int) -> Refresh:
        """The newest ones more often than the old."""
        family = self.families[-1 - pick % min(4, len(self.families))]
        return family.refreshes[-1 - pick // 4 % min(3, len(family.refreshes))]

    @precondition(lambda self: self.families)
    @rule(pick=picks, own=mostly, scope=st.sampled_from(SCOPES), lost=st.booleans(), cut=mostly)
    def refresh(self, pick: int, own: bool, scope: str, lost: bool, cut: bool) -> None:
        held = self._any_refresh(pick)
        family = held.family
        app = family.app if own else APPS[family.app == APPS[0]]
        form = {"refresh_token": held.token, "scope": scope}
        if not cut:
            with (
                mock.patch.object(Database, "begin", _cut),
                mock.patch.object(many, "change_refresh_tokens", _written_and_cut),
            ):
                self._not_given(self.city.post(TOKEN, app, grant_type="refresh_token", **form))
            return
        answer, now = self.city.post(TOKEN, app, grant_type="refresh_token", **form), clock.now()
        if app != family.app or family.dead:
            _refused(answer, "invalid_grant")
        elif held.used_at is None:
            held.used_at, held.used_for, held.answer = now, scope, _given(answer)
            # Lost or not, the issuer gave it; an app that lost it can only ask again.
            family.take(held.answer)
            if lost:
                again = self.city.post(TOKEN, app, grant_type="refresh_token", **form)
                assert _given(again) == held.answer
        elif now < held.used_at + refreshing.SAME_ANSWER and scope == held.used_for:
            assert _given(answer) == held.answer
        else:
            _refused(answer, "invalid_grant")
            family.dead = True

    @precondition(lambda self: self.families)
    @rule(pick=picks, own=mostly, access=st.booleans())
    def give_back(self, pick: int, own: bool, access: bool) -> None:
        held = self._any_refresh(pick)
        family = held.family
        app = family.app if own else APPS[family.app == APPS[0]]
        token = family.accesses[pick % len(family.accesses)][0] if access else held.token
        assert self.city.post("/v1/oauth/revoke", app, token=token).status_code == 200
        family.dead = family.dead or app == family.app

    @rule(pick=picks)
    def sign_out(self, pick: int) -> None:
        session = self.sessions[pick % len(self.sessions)]
        house, csrf = self.city.house, browser.form_token(session.cookie, logging_out.FORM)
        self.city.runner.run(
            logging_out.log_out_here(house.db, house.jobs, house.issuer, cookie=session.cookie, token=csrf)
        )
        session.over = True
        for family in self.families:
            family.dead = family.dead or family.session is session
        for code in self.codes:
            code.void = code.void or code.session is session

    @rule(seconds=st.sampled_from((1, 11, 61)))
    def time_passes(self, seconds: int) -> None:
        clock._offset += timedelta(seconds=seconds)

    @precondition(lambda self: self.families)
    @rule(pick=picks)
    def look(self, pick: int) -> None:
        family = self.families[pick % len(self.families)]
        self._look(family, pick // 7 % len(family.accesses))

    def _look(self, family: Family, number: int) -> None:
        token, born = family.accesses[number]
        told = self.city.post("/v1/oauth/introspect", family.app, token=token).json()
        # A second is the finest a token's `exp` tells.
        left = (born + rfc9068.LIFETIME - clock.now()).total_seconds()
        if abs(left) > 2:
            assert told["active"] is (not family.dead and left > 0), told

    # What is always so

    @invariant()
    def one_chain_per_family(self) -> None:
        Tokens.steps += 1

        async def counted() -> Any:
            async with self.city.house.db.connect() as conn:
                rows = await (await raw(conn)).execute(
                    "select grant_id from refresh_tokens where used_at is null group by grant_id having count(*) > 1"
                )
                return await rows.fetchall()

        if hasattr(self, "families"):
            assert self.city.runner.run(counted()) == []

    @staticmethod
    def _not_given(answer: httpx.Response) -> None:
        assert answer.status_code in (400, 503), answer.text
        assert answer.json()["error"] in ("temporarily_unavailable", "invalid_grant")


def _given(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    return answer.json()


def _refused(answer: httpx.Response, error: str) -> None:
    assert (answer.status_code, answer.json().get("error")) == (400, error), answer.text


def test_no_illegal_state_in_two_thousand_steps(quiet_city: City) -> None:
    Tokens.city = quiet_city
    hurried = settings(
        max_examples=10, stateful_step_count=50, deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )
    while Tokens.steps < STEPS:
        run_state_machine_as_test(Tokens, settings=hurried)

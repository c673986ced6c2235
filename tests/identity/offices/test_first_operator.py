"""`motcua operator create` makes the first operator, once; the machine is the second person until there are two."""

import asyncio
import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from identity import offices
from identity.offices.staff import service
from identity.offices.staff.messages import Appointment, OfficerRequest
from kit import clock
from kit import keys as kit_keys
from kit.actor import Actor
from kit.db import Database, raw
from kit.engines import Urls
from kit.keys import FileKeys
from kit.refusal import Refusal


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> FileKeys:
    home: Path = tmp_path_factory.mktemp("keys")
    kit_keys.create(home)
    return FileKeys(home)


async def make_first(db: Database, keys: FileKeys) -> str:
    async with db.begin() as conn:
        made = await service.first_operator(
            conn, keys, full_name="Nguyễn Văn Đầu", email="first@motcua.test", agency="ubnd_xa", ward_code="26740",
            office_name="UBND phường Sài Gòn",
        )  # fmt: skip
    return made.id


async def test_one_then_two_then_by_two_persons(db: Database, keys: FileKeys) -> None:
    first = await make_first(db, keys)
    with pytest.raises(Refusal) as refused:
        await make_first(db, keys)
    assert refused.value.code == "operator-exists"
    async with db.connect() as conn:
        office = (await offices.all_offices(conn))[0]
    assert office.name.vi == "UBND phường Sài Gòn"

    def asked(mail: str) -> OfficerRequest:
        today: date = clock.today()
        return OfficerRequest(mail, mail, Appointment(office_id=office.id, roles=["operator"], from_on=today))

    by = Actor(kind="officer", account_id=first, office_id=office.id)
    second = await service.create_officer(db, keys, by, asked("second@motcua.test"))
    async with db.begin() as conn:
        done = await service.approve_at_the_machine(conn, keys, second.id)
    assert (done.verdict, done.decided_by, done.reason) == ("approved", None, "at the machine")
    third = await service.create_officer(db, keys, by, asked("third@motcua.test"))
    async with db.begin() as conn:
        with pytest.raises(Refusal) as refused:
            await service.approve_at_the_machine(conn, keys, third.id)
    assert refused.value.code == "operator-exists"
    # Once is once: not even when the first has gone.
    await service.end_now(db, first)
    with pytest.raises(Refusal) as refused:
        await make_first(db, keys)
    assert refused.value.code == "operator-exists"


def _motcua(arguments: list[str], environ: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "api", *arguments]
    return subprocess.run(command, env=environ, capture_output=True, text=True, check=False, timeout=120)


async def test_the_command_makes_the_first_once(
    engines: Urls, database_url: str, faces_database_url: str, tmp_path: Path, db: Database
) -> None:
    async with db.begin() as conn:
        await (await raw(conn)).execute("truncate officers, appointment_changes, oauth_grants cascade")
    kit_keys.create(tmp_path / "keys")
    environ = os.environ | {
        "DATABASE_URL": database_url,
        "FACES_DATABASE_URL": faces_database_url,
        "REDIS_URL": engines.redis,
        "MOTCUA_HOME": str(tmp_path),
        "MOTCUA_KEYS": str(tmp_path / "keys"),
    }
    said: list[tuple[int, str]] = []
    for mail in ("cli@motcua.test", "cli2@motcua.test"):
        command = [
            "operator",
            "create",
            "--name",
            "Lê Vận Hành",
            "--email",
            mail,
            "--ward",
            "26740",
            "--office",
            "UBND",
        ]
        done = await asyncio.to_thread(_motcua, command, environ)
        said.append((done.returncode, done.stdout + done.stderr))
    assert (said[0][0], said[1][0]) == (0, 1), said
    assert "cli@motcua.test is an operator" in said[0][1]
    assert said[1][1].startswith("motcua: operator-exists")

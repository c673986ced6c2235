"""What can be known of the container files without an engine: they parse, and name what exists."""

import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from api.wiring import refuse_unfit
from kit import settings as kit_settings
from kit.settings import BadSetting

ROOT = Path(__file__).parents[1]

SOUND = {
    "MOTCUA_ENVIRONMENT": "production",
    "DATABASE_URL": "postgresql://motcua:w1nd0w-s3at@db/motcua",
    "FACES_DATABASE_URL": "postgresql://motcua_faces:4isle-s3at@db/faces",
    "REDIS_URL": "redis://valkey:6379/0",
    "MOTCUA_KEYS": "/run/motcua/keys",
    "MOTCUA_PUBLIC_URL": "https://motcua.example.vn",
}


def _compose() -> dict[str, Any]:
    return msgspec.yaml.decode((ROOT / "compose.yaml").read_text(encoding="utf-8"))


def test_compose_has_the_shape_of_production() -> None:
    services = _compose()["services"]
    # The examples at the far end of a wire are started by who asks for them.
    for example in ("agency", "portal"):
        assert services.pop(example)["profiles"] == [example]
    assert set(services) == {"migrate", "api", "worker", "postgres", "valkey"}
    assert services["api"]["deploy"]["replicas"] == 2
    assert "pgvector" in services["postgres"]["image"]
    for name in ("postgres", "valkey"):
        assert "ports" not in services[name], "engines are not for the outside"


def test_compose_sets_only_settings_that_exist() -> None:
    known = {kit_settings.variable(field.name) for field in msgspec.structs.fields(kit_settings.Settings)}
    given = set(_compose()["x-motcua"]["environment"])
    assert given <= known, given - known


def test_every_file_the_container_files_name_exists() -> None:
    compose, dockerfile = (ROOT / "compose.yaml").read_text(), (ROOT / "Dockerfile").read_text()
    for name in re.findall(r"\./(scripts/[\w.-]+)", compose) + re.findall(
        r"COPY ((?:pyproject|uv)[\w. ]+) \./", dockerfile
    ):
        assert all((ROOT / part).exists() for part in name.split())
    assert "USER motcua" in dockerfile
    assert "HEALTHCHECK" in dockerfile


def test_the_container_installs_the_system_libraries_of_set_up() -> None:
    wanted = {
        line
        for line in (ROOT / "requirements-debian.txt").read_text().splitlines()
        if line and not line.startswith("#")
    }
    # For the tests alone: a browser, a foreign client, faults in system calls, a reader of signatures, a security module.
    wanted -= {"chromium", "oidc-agent-cli", "strace", "poppler-utils", "softhsm2"}
    assert all(package in (ROOT / "Dockerfile").read_text() for package in wanted)


class ConsoleSms:
    development_only = True


def test_sound_production_settings_pass() -> None:
    refuse_unfit(kit_settings.load(SOUND)[0], [object()])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"MOTCUA_SANDBOX": "true"}, "MOTCUA_SANDBOX"),
        ({"DATABASE_URL": ""}, "DATABASE_URL"),
        ({"DATABASE_URL": "postgresql://motcua@db/motcua"}, "trusts every caller"),
        ({"FACES_DATABASE_URL": "postgresql://motcua:postgres@db/x"}, "default password"),
        ({"MOTCUA_PUBLIC_URL": "http://motcua.example.vn"}, "https"),
        ({"MOTCUA_KEYS": ""}, "KEYS"),
        ({"REDIS_URL": ""}, "REDIS_URL"),
    ],
)
def test_production_refuses_by_name(change: dict[str, str], said: str) -> None:
    with pytest.raises(BadSetting, match=said):
        refuse_unfit(kit_settings.load(SOUND | change)[0], [])


def test_production_refuses_a_development_adapter_by_its_name() -> None:
    with pytest.raises(BadSetting, match="ConsoleSms"):
        refuse_unfit(kit_settings.load(SOUND)[0], [ConsoleSms()])
    refuse_unfit(kit_settings.load({})[0], [ConsoleSms()])

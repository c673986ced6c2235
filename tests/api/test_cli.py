"""The command: help everywhere, one line on stderr when it fails, a documented exit status."""

import json
import os
import subprocess
import sys
from pathlib import Path

import click
import pytest
from PIL import Image

from api.cli import command
from ocr.training import camera
from tests.ocr.conftest import FACTS, card


def _motcua(*arguments: str, environ: dict[str, str] | None = None) -> "subprocess.CompletedProcess[str]":
    clean = {
        k: v for k, v in os.environ.items() if not k.startswith("MOTCUA_") and k not in ("DATABASE_URL", "REDIS_URL")
    }
    return subprocess.run(
        [sys.executable, "-m", "api", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env=clean | (environ or {}),
    )


def _all_commands(group: click.Command, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    if not isinstance(group, click.Group):
        return [path]
    return [path, *(found for name, sub in group.commands.items() for found in _all_commands(sub, (*path, name)))]


def test_every_command_explains_itself() -> None:
    paths = _all_commands(command)
    assert {path[0] for path in paths if path} >= {
        "serve", "worker", "demo", "sandbox", "db", "openapi", "settings", "keys", "read-card", "compare-faces", "faces",
        "stop",
    }  # fmt: skip
    for path in paths:
        context = click.Context(command)
        found: click.Command = command
        for name in path:
            assert isinstance(found, click.Group)
            found = found.commands[name]
        assert found.get_short_help_str(), path
        assert len(found.get_help(context)) > 60, path


def test_wrong_use_is_two_and_one_line() -> None:
    done = _motcua("serve", "--port", "nine")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "--help" in done.stderr


def test_wrong_settings_are_two_and_say_which() -> None:
    done = _motcua("settings", environ={"MOTCUA_INFERENCE_WORKERS": "many"})
    assert done.returncode == 2
    assert "inference_workers" in done.stderr
    assert done.stderr.count("\n") == 1


def test_production_without_engines_says_what_to_state(tmp_path: Path) -> None:
    environ = {"MOTCUA_ENVIRONMENT": "production", "MOTCUA_HOME": str(tmp_path)}
    for arguments in (("db", "upgrade"), ("worker",)):
        done = _motcua(*arguments, environ=environ)
        assert done.returncode == 2, done.stderr
        assert "DATABASE_URL" in done.stderr
        assert done.stderr.count("\n") == 1


def test_settings_show_meaning_and_source() -> None:
    done = _motcua("settings", "--json", environ={"MOTCUA_CITY": "Thành phố Hư Cấu"})
    lines = {line["variable"]: line for line in json.loads(done.stdout)}
    assert lines["MOTCUA_CITY"]["source"] == "MOTCUA_CITY"
    assert all(line["meaning"] for line in lines.values())


def test_keys_are_made_once(tmp_path: Path) -> None:
    first, second = _motcua("keys", "create", str(tmp_path / "k")), _motcua("keys", "create", str(tmp_path / "k"))
    assert first.returncode == second.returncode == 0
    assert "uploads.key" in first.stdout
    assert "nothing was missing" in second.stdout


def test_a_signing_key_is_followed_by_the_next(tmp_path: Path) -> None:
    folder = tmp_path / "k"
    assert _motcua("keys", "rotate", str(folder)).returncode == 2, "there is nothing to follow"
    _motcua("keys", "create", str(folder))
    (first,) = (folder / "signing").glob("*.pem")
    done = _motcua("keys", "rotate", str(folder))
    assert done.returncode == 0, done.stderr
    files = sorted((folder / "signing").glob("*.pem"))
    assert files[0] == first, "the newest sorts last, and the old one stays"
    assert len(files) == 2
    assert files[1].stat().st_mode & 0o077 == 0
    assert files[1].name in done.stdout


def test_a_photo_that_is_none_is_refused_in_one_line(tmp_path: Path) -> None:
    photo = tmp_path / "x.jpg"
    photo.write_bytes(b"no photo")
    done = _motcua("read-card", str(photo), environ={"MOTCUA_HOME": str(tmp_path)})
    assert done.returncode == 1
    assert done.stdout == ""
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr


def test_a_refused_photo_is_json_for_who_asked_for_json(tmp_path: Path) -> None:
    photo, explained = tmp_path / "x.png", tmp_path / "out.png"
    Image.new("RGB", (800, 600), "white").save(photo)
    done = _motcua(
        "read-card", str(photo), "--json", "--explain", str(explained), environ={"MOTCUA_HOME": str(tmp_path)}
    )
    assert done.returncode == 1
    told = json.loads(done.stdout)
    assert (told["code"], told["side"]) == ("card-not-found", "front")
    assert set(told["message"]) == {"vi", "en"}
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    assert not explained.exists()


def test_a_card_is_read_and_explained(tmp_path: Path) -> None:
    sides: list[str] = []
    for name, image in (("front", card("can_cuoc_2024").front), ("back", card("can_cuoc_2024").back)):
        sides.append(str(tmp_path / f"{name}.jpg"))
        Path(sides[-1]).write_bytes(camera.photograph(image, camera.GOOD))
    explained, environ = tmp_path / "out.png", {"MOTCUA_HOME": str(tmp_path)}
    done = _motcua("read-card", *sides, "--json", "--explain", str(explained), environ=environ)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["fields"]["number"]["value"] == FACTS.number
    with Image.open(explained) as picture:
        assert picture.format == "PNG"
        assert picture.width > 1280
        assert picture.height > 2 * 800
    done = _motcua("read-card", *sides, "--explain", str(tmp_path / "nowhere" / "out.png"), environ=environ)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "nowhere" in done.stderr


@pytest.mark.parametrize("name", ["--version", "--help"])
def test_version_and_help_end_well(name: str) -> None:
    assert _motcua(name).returncode == 0

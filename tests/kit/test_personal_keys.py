"""Keys of single people: made once, found again, gone for ever."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from kit import keys
from kit.keys import FileKeys
from kit.settings import BadSetting


@pytest.fixture
def held(tmp_path: Path) -> FileKeys:
    keys.create(tmp_path / "keys")
    return FileKeys(tmp_path / "keys", tmp_path / "personal")


def test_made_once_and_found_by_another_process(held: FileKeys, tmp_path: Path) -> None:
    assert held.personal("face/an") is None
    made = held.make_personal("face/an")
    assert (len(made), held.make_personal("face/an"), held.personal("face/an")) == (32, made, made)
    assert FileKeys(tmp_path / "keys", tmp_path / "personal").personal("face/an") == made
    assert held.make_personal("face/binh") != made
    files = [file for file in (tmp_path / "personal").rglob("*") if file.is_file()]
    assert len(files) == 2
    assert all(file.stat().st_mode & 0o077 == 0 for file in files)


def test_twenty_at_once_make_one(held: FileKeys) -> None:
    with ThreadPoolExecutor(20) as crowd:
        assert len(set(crowd.map(held.make_personal, ["face/an"] * 20))) == 1


def test_destroyed_is_gone_and_made_again_is_another(held: FileKeys, tmp_path: Path) -> None:
    made = held.make_personal("face/an")
    held.destroy_personal("face/an")
    held.destroy_personal("face/an")
    held.destroy_personal("face/never-there")
    assert held.personal("face/an") is None
    assert not list((tmp_path / "personal").rglob("*.key"))
    assert held.make_personal("face/an") != made


def test_a_key_others_can_read_is_refused(held: FileKeys, tmp_path: Path) -> None:
    held.make_personal("face/an")
    (file,) = (tmp_path / "personal").rglob("*.key")
    file.chmod(0o644)
    with pytest.raises(BadSetting, match="chmod 600"):
        held.personal("face/an")


def test_they_lie_beside_the_others_unless_told_where(tmp_path: Path) -> None:
    keys.create(tmp_path / "keys")
    FileKeys(tmp_path / "keys").make_personal("face/an")
    assert (tmp_path / "personal-keys").is_dir()
    assert not list((tmp_path / "keys").glob("**/??/*"))

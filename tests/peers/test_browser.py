"""Pages in a real browser (Debian's Chromium): they load, run their own script only, and fit a small phone."""

import shutil
import subprocess
from pathlib import Path

import pytest

from api.demo.server import Server

pytestmark = pytest.mark.slow

_FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--virtual-time-budget=8000",
]  # fmt: skip


def _browse(url: str, profile: Path, *more: str) -> str:
    chromium = shutil.which("chromium")
    assert chromium, "chromium is missing: `make setup` installs requirements-debian.txt"
    command = [chromium, *_FLAGS, f"--user-data-dir={profile}", *more, url]
    return subprocess.run(command, capture_output=True, text=True, timeout=90, check=True).stdout


@pytest.mark.xfail(
    reason="since the API has grown, the page stops drawing in its second room: a known fault, to be mended",
    strict=False,
)
def test_the_api_page_shows_every_room_of_the_api(server: Server, tmp_path: Path) -> None:
    dom = _browse(f"{server.url}/docs", tmp_path, "--dump-dom")
    for said in ("/v1/proofing/sessions", "/v1/dossiers", "/v1/desk/queue", "/v1/oauth/token"):
        assert said in dom, f"{said} is not on the page: its script did not run"


@pytest.mark.parametrize("path", ["/", "/d", "/sandbox", "/sandbox/inbox"])
def test_a_page_can_be_read_in_vietnamese_on_a_small_phone(server: Server, tmp_path: Path, path: str) -> None:
    picture = tmp_path / "page.png"
    _browse(f"{server.url}{path}?lang=vi", tmp_path, "--window-size=360,720", f"--screenshot={picture}")
    assert picture.stat().st_size > 5_000
    dom = _browse(f"{server.url}{path}?lang=vi", tmp_path, "--window-size=360,720", "--dump-dom")
    assert 'lang="vi"' in dom
    assert "Một Cửa" in dom


def test_the_sign_in_page_on_a_small_phone(server: Server, tmp_path: Path) -> None:
    asked = (
        "client_id=partner-app&response_type=code&redirect_uri=http://127.0.0.1/callback&scope=openid+profile"
        "&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256&ui_locales=vi"
    )
    picture = tmp_path / "page.png"
    url = f"{server.url}/v1/oauth/authorize?{asked}"
    dom = _browse(url, tmp_path, "--window-size=360,720", "--dump-dom")
    assert 'name="login"' in dom, "the browser kept the cookie that the request is tied to"
    assert "Nhà xe Sông Quê" in dom
    assert 'lang="vi"' in dom
    _browse(url, tmp_path, "--window-size=360,720", f"--screenshot={picture}")
    assert picture.stat().st_size > 5_000

"""Pages in a real browser (Debian's Chromium): they load, run their own script only, and fit a small phone."""

import json
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from api.demo.server import Server
from tests.peers.chromium import running

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
_FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--virtual-time-budget=8000",
]  # fmt: skip


def _browse(url: str, profile: Path, *more: str) -> str:
    chromium = shutil.which("chromium")
    assert chromium, "chromium is missing: `make setup` installs requirements-debian.txt"
    command = [chromium, *_FLAGS, f"--user-data-dir={profile}", *more, url]
    return subprocess.run(command, capture_output=True, text=True, timeout=90, check=True).stdout


def test_the_api_page_shows_every_path_of_the_api(server: Server, tmp_path: Path) -> None:
    wanted = set(json.loads((ROOT / "openapi/openapi.json").read_text(encoding="utf-8"))["paths"])
    shown: set[str] = set()
    with running(tmp_path) as browser:
        tab = browser.tab(1200, 1000)
        tab.go(f"{server.url}/docs")
        tab.wait("document.querySelector('.opblock')")
        # Of a long API the page draws what is in sight: read it as a person does, from top to bottom.
        for top in range(0, 100 * len(wanted), 700):
            tab.js(f"window.scrollTo(0, {top})")
            time.sleep(0.2)
            shown.update(tab.js("[...document.querySelectorAll('.opblock-summary-path')].map(e => e.dataset.path)"))
            if shown >= wanted:
                break
    assert shown == wanted


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

"""Debian's `oidc-agent`, unmodified, gets a token as a screen without a keyboard does: it shows a code, and a citizen allows it."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.identity.tokens.browsing import form_of
from tests.peers.oracle.asking import Issuer

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("oidc-gen") is None, reason="oidc-agent-cli is absent: requirements-debian.txt"),
]


@pytest.fixture
def environ(tmp_path: Path) -> Iterator[dict[str, str]]:
    """An agent of this test's own, with a home of its own."""
    (tmp_path / ".oidc-agent").mkdir()
    clean = os.environ | {"HOME": str(tmp_path)}
    said = subprocess.run(["oidc-agent"], env=clean, capture_output=True, text=True, check=True, timeout=20).stdout
    told = dict(re.findall(r"(OIDC\w+)=([^;]+);", said))
    yield clean | told
    subprocess.run(["oidc-agent", "--kill"], env=clean | told, capture_output=True, check=False, timeout=20)


def test_a_screen_gets_its_token(ours: Issuer, environ: dict[str, str]) -> None:
    command = [
        "oidc-gen", "kiosk", "--manual", "--flow=device", "--only-at", "--no-save", "--no-url-call", "--prompt=none", "--confirm-yes",
        "--pw-cmd=echo unused", "--redirect-uri=http://localhost:4242", f"--issuer={ours.url}", "--client-id=screen",
        f"--client-secret={ours.secrets['screen']}", "--scope=openid profile",
    ]  # fmt: skip
    with subprocess.Popen(
        command, env=environ, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as asking:
        assert asking.stdout is not None
        said = ""
        while (shown := re.search(r"[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}", said)) is None:
            line = asking.stdout.readline()
            assert line, said
            said += line
        _allow(ours, shown[0])
        rest, _ = asking.communicate(timeout=60)
    token = re.search(r"eyJ[\w.-]+", rest)
    assert token, said + rest
    shown_as = {"Authorization": f"Bearer {token[0]}"}
    assert httpx.get(ours.metadata["userinfo_endpoint"], headers=shown_as).json()["name"] == "Nguyễn Thị Hồng Thắm"


def _allow(ours: Issuer, code: str) -> None:
    """The citizen who is signed in here types the code, compares it, and allows."""
    browser, here = ours.signed_in, httpx.URL(ours.url)
    action, values = form_of(browser.get(f"{ours.url}/device"), "/device")
    page = ours.follow(browser, browser.post(here.join(action), data=values | {"code": code}))
    action, values = form_of(page, "/consent")
    done = browser.post(here.join(action), data=values | {"allow": "profile", "same": "yes"})
    assert done.status_code == 200, done.text

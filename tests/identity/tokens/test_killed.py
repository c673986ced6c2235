"""The program is killed between using up a refresh token and giving its answer: the token is as good as before."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psycopg
import pytest

from api.demo.people import Caller
from api.demo.server import Server
from kit.engines import Engines

pytestmark = pytest.mark.slow

_PARENT = "+84900000011"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    running = Server(Path(".motcua/killed-tokens"))
    running.wipe()
    running.start()
    yield running
    running.stop()


def _refresh(caller: Caller, token: str) -> dict[str, str]:
    caller.token = None
    return caller.post(
        "/v1/oauth/token",
        data={"grant_type": "refresh_token", "client_id": "citizen-app", "refresh_token": token},
    )


def test_REF_8_killed_between_consume_and_issue(server: Server) -> None:
    """No row of the successor can be written while its grant is locked: so the program stands exactly between the two."""
    caller = Caller(server.url, "citizen-app")
    started = caller.post(
        "/v1/sign-ins",
        json={
            "client_id": "citizen-app",
            "login": _PARENT,
            "code_challenge": caller.pkce.challenge,
            "code_challenge_method": "S256",
        },
    )
    done = caller.post(f"/v1/sign-ins/{started['id']}/code", json={"code": caller.code_sent_to(_PARENT)})
    held = caller.redeem(done["authorization_code"])["refresh_token"]
    lost: list[BaseException] = []

    def refresh_and_lose() -> None:
        try:
            _refresh(caller, held)
        except (httpx.TransportError, AssertionError) as error:
            lost.append(error)

    engines = Engines(server.home)
    url = engines.start().database
    with psycopg.connect(url) as other, psycopg.connect(url, autocommit=True) as watch:
        other.execute("select id from oauth_grants for update")
        asking = threading.Thread(target=refresh_and_lose)
        asking.start()
        waiting = (
            "select query, pid from pg_stat_activity where wait_event_type = 'Lock' and application_name = 'motcua'"
        )
        for _ in range(400):
            found = watch.execute(waiting).fetchone()
            if found is not None:
                break
            time.sleep(0.01)
        assert found is not None
        # The beginning of it is all that the server tells; the grant's row is asked for when the successor's is written.
        assert "from refresh_tokens r where r.digest = s.digest and r.used_at is null for update" in found[0]
        server.kill()
        asking.join()
        # Who waits for a lock does not notice that nobody listens any more, and would go on once it has it: to its end, and the same request
        # has the same answer for ten seconds (`test_refresh.py`). Here it ends where it stands.
        watch.execute("select pg_terminate_backend(%s, 5000)", (found[1],))
    assert lost, "no answer came"
    server.start()
    caller.again_after_restart()
    new = _refresh(caller, held)
    assert new["refresh_token"] != held
    assert _refresh(caller, new["refresh_token"])["access_token"]

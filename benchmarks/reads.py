"""What it costs to write down who read what: the same calls by the city's own app, which is not recorded, and by a partner's, which is.

uv run python benchmarks/reads.py [--quick] [--json OUT]
"""

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
from rich.progress import Progress

from api.caller import Pkce
from api.wiring import House
from benchmarks import in_process
from benchmarks.reporting import Row, arguments, tell
from identity import accounts, tokens
from identity.consents import reads
from identity.tokens import clients, redeeming
from kit import clock
from kit.actor import Actor
from kit.db import raw
from kit.refusal import Words

_URL = in_process.URL
_PURPOSE = Words(vi="Đo thử.", en="Measure.")


async def _token(house: House, client_id: str, *, own: bool) -> str:
    """An unbound token of the sandbox's parent, by way of a code like any other."""
    pkce, phone = Pkce(), accounts.contact.parse("+84900000011")
    assert phone is not None
    async with house.db.begin() as conn:
        await tokens.register_client(
            conn, client_id=client_id, name=client_id, kind="public", grants=["authorization_code"], dpop_required=False,
            scopes=["openid", "profile", "dossiers:read"], first_party=own, redirect_uris=["https://app.test/cb"], purpose=_PURPOSE,
        )  # fmt: skip
        parent = await accounts.by_login(conn, house.keys, phone)
        client = await clients.client(conn, client_id)
        assert parent is not None
        assert client is not None
        code = await house.issuer.add_code(
            conn, client_id=client_id, account_id=parent.id, code_challenge=pkce.challenge, jkt=None,
            scope="openid profile dossiers:read", amr=["otp"], auth_time=clock.now(), nonce=None,
        )  # fmt: skip
        reply = await redeeming.redeem(conn, house.issuer, client, code=code, verifier=pkce.verifier, jkt=None)
    assert not isinstance(reply, Exception)
    return reply.access_token


async def _milliseconds(
    ways: dict[str, Callable[[], Awaitable[Any]]], times: int, progress: Progress
) -> dict[str, float]:
    """Median of each, taken in turns, so that whatever else the machine does meets all alike."""
    took: dict[str, list[float]] = {name: [] for name in ways}
    for _ in progress.track(range(times), description="calling"):
        for name, way in ways.items():
            began = time.perf_counter()
            await way()
            took[name].append((time.perf_counter() - began) * 1000)
    return {name: statistics.median(each) for name, each in took.items()}


async def _rows(house: House, client: httpx.AsyncClient, times: int, progress: Progress) -> list[Row]:
    own = {"Authorization": f"Bearer {await _token(house, 'own', own=True)}"}
    partner = {"Authorization": f"Bearer {await _token(house, 'partner', own=False)}"}
    officer = Actor(kind="officer", account_id="acc_x", client_id="desk-app", office_id="off_ubnd_sai_gon")

    async def get(path: str, headers: dict[str, str]) -> None:
        answer = await client.get(path, headers=headers)
        assert answer.status_code == 200, answer.text

    async with house.db.connect() as conn:
        beneath = await raw(conn)

        async def nothing() -> None:
            await beneath.execute("select 1", prepare=True)

        async def recorded() -> None:
            await reads.record(conn, officer, "branch", reads.OfDossier("dos_x", "acc_y", "H29-X"))

        took = await _milliseconds(
            {
                "user info, by the city's own app": lambda: get("/v1/oauth/userinfo", own),
                "user info, by a partner's app": lambda: get("/v1/oauth/userinfo", partner),
                "list of dossiers, by the city's own app": lambda: get("/v1/dossiers", own),
                "list of dossiers, by a partner's app": lambda: get("/v1/dossiers", partner),
                "a statement that does nothing": nothing,
                "the row of a read, in the reader's transaction": recorded,
            },
            times,
            progress,
        )
    names = list(took)
    return [
        Row(
            name=f"{slow} (floor: {floor})",
            value=took[slow],
            unit="ms",
            floor=took[floor],
            ratio=took[slow] / took[floor],
        )
        for floor, slow in zip(names[::2], names[1::2], strict=True)
    ]


async def _measure(quick: bool) -> list[Row]:
    with Progress() as progress:
        async with in_process.city() as (house, client):
            return await _rows(house, client, 200 if quick else 1500, progress)


def main() -> None:
    options = arguments(__doc__ or "").parse_args()
    tell("reads", asyncio.run(_measure(options.quick)), options.json)


if __name__ == "__main__":
    main()

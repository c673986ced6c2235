"""The desk at a city's size: a page of the queue, the next claim and a head's figures, with half a million open dossiers.

uv run python benchmarks/desk.py [--quick] [--json OUT]

A fifth of them waits in one office, the largest. Floors are the same statements alone, without the application around them.
"""

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import msgspec
from psycopg.types.json import Jsonb
from rich.progress import Progress

from api.caller import Pkce
from api.wiring import House
from benchmarks import in_process
from benchmarks.reporting import Row, arguments, tell
from dossiers import queueing, store_desk
from identity import accounts, offices, tokens
from identity.tokens import clients, redeeming
from kit import clock
from kit.actor import Actor
from kit.db import raw
from kit.refusal import Words

_URL = in_process.URL
_OFFICE = "off_ubnd_sai_gon"
_PROCEDURES = ("birth_registration", "marriage_registration", "marital_status_certificate", "civil_status_extract")
_ROLES = ["civil_status", "social_affairs", "business"]

_FILL = """
with made as (
  insert into dossiers (id, account_id, receipt_code, procedure, procedure_version, options, status, form, ward_code, opened_at,
    changed_at, submitted_at, promised_at, promise)
  select 'dos_' || n, 'acc_' || n, 'B' || n, p.code, p.version, p.options, 'open', p.form, '26740', now() - n * interval '1 second',
    now(), now() - n * interval '1 second', now(), '{"steps": []}'
  from generate_series(%(first)s::int, %(last)s::int) n
  join jsonb_to_recordset(%(procedures)s) as p (place int, code text, version text, options jsonb, form jsonb)
    on p.place = n %% %(kinds)s
  returning id, procedure, submitted_at
)
insert into branches (id, dossier_id, name, position, procedure, office_id, officer_role, needs, state, started_at, due_at)
select 'bra_' || substr(id, 5), id, p.key, 0, procedure, case when substr(id, 5)::int %% 5 = 0 then %(office)s else 'off_' || substr(id, 5)::int %% 300 end,
  %(role)s, '{}', 'submitted', submitted_at, submitted_at + interval '3 days'
from made join jsonb_to_recordset(%(procedures)s) as p (code text, key text) on p.code = made.procedure
"""


async def _fill(house: House, count: int, progress: Progress) -> None:
    today = clock.today()
    kinds: list[dict[str, Any]] = []
    for place, name in enumerate(_PROCEDURES):
        item = house.catalogue.procedure(name, today)
        example = next(iter(item.form.examples.values()))
        form = {
            f"{section}.{path}": {"value": value, "source": "citizen", "locked": False}
            for section, fields in msgspec.to_builtins(example).items()
            for path, value in fields.items()
        }
        options = {"branches": [item.key], "ward": "26740", "relation": None, "of_marriage": True}
        kinds.append(
            {
                "place": place,
                "code": item.code,
                "key": item.key,
                "version": item.version,
                "options": options,
                "form": form,
            }
        )
    step = 10_000
    for first in progress.track(range(1, count + 1, step), description="filling"):
        async with house.db.begin() as conn:
            await (await raw(conn)).execute(
                _FILL,
                {"first": first, "last": first + step - 1, "procedures": Jsonb(kinds), "kinds": len(kinds), "office": _OFFICE,
                 "role": _ROLES[0]},
            )  # fmt: skip
    async with house.db.connect() as conn:
        await (await raw(conn)).execute("analyze dossiers, branches")


async def _officers(house: House, count: int) -> list[Actor]:
    made: list[Actor] = []
    async with house.db.begin() as conn:
        for n in range(count):
            contact = accounts.contact.parse(f"bench{n}@motcua.test")
            assert contact is not None
            account = await accounts.open_officer(conn, house.keys, full_name=f"Cán Bộ {n}", contact=contact)
            await offices.appoint(conn, account_id=account.id, office_id=_OFFICE, roles=[*_ROLES, "head"])
            roles = frozenset(_ROLES)
            made.append(Actor(kind="officer", account_id=account.id, office_id=_OFFICE, roles=roles))
    return made


async def _token(house: House, account_id: str) -> str:
    pkce = Pkce()
    async with house.db.begin() as conn:
        await tokens.register_client(
            conn, client_id="bench-desk", name="bench", kind="public", grants=["authorization_code"], dpop_required=False,
            scopes=["openid", "desk"], first_party=True, redirect_uris=["https://app.test/cb"],
            purpose=Words(vi="Đo thử.", en="Measure."),
        )  # fmt: skip
        client = await clients.client(conn, "bench-desk")
        assert client is not None
        code = await house.issuer.add_code(
            conn, client_id="bench-desk", account_id=account_id, code_challenge=pkce.challenge, jkt=None,
            scope="openid desk", amr=["otp"], auth_time=clock.now(), nonce=None,
        )  # fmt: skip
        reply = await redeeming.redeem(conn, house.issuer, client, code=code, verifier=pkce.verifier, jkt=None)
    assert not isinstance(reply, Exception)
    return reply.access_token


async def _took(
    ways: dict[str, Callable[[], Awaitable[Any]]], times: int, progress: Progress
) -> dict[str, list[float]]:
    """Milliseconds of each call, in turns, so that whatever else the machine does meets all alike."""
    took: dict[str, list[float]] = {name: [] for name in ways}
    for _ in progress.track(range(times), description="calling"):
        for name, way in ways.items():
            began = time.perf_counter()
            await way()
            took[name].append((time.perf_counter() - began) * 1000)
    return took


def _p95(values: list[float]) -> float:
    return statistics.quantiles(values, n=20)[-1]


async def _rows(house: House, client: httpx.AsyncClient, count: int, times: int, progress: Progress) -> list[Row]:
    await _fill(house, count, progress)
    ten = await _officers(house, 10)
    me = ten[0]
    assert me.account_id is not None
    headers = {"Authorization": f"Bearer {await _token(house, me.account_id)}"}

    async def get(path: str) -> Any:
        answer = await client.get(path, headers=headers)
        assert answer.status_code == 200, answer.text
        return answer.json()

    deep = (await get("/v1/desk/queue?limit=50"))["next"]
    asked: dict[str, Any] = {
        "office_id": _OFFICE, "roles": list(offices.ROLES), "mine": [me.account_id], "head": True, "states": None, "procedures": None,
        "due_from": None, "due_before": None, "escalated": None, "after": None, "limit": 51,
    }  # fmt: skip

    async def queue_alone() -> None:
        async with house.db.begin() as conn:
            await store_desk.queue(conn, **asked)

    async def claim_alone() -> None:
        async with house.db.connect() as conn:
            taken = await store_desk.claim_next(
                conn, office_id=_OFFICE, roles=_ROLES, head=False, account_id="acc_x", procedures=None,
                states=["submitted", "received", "in_review"], to="in_review", but=[], at=clock.now(),
            )  # fmt: skip
            assert taken is not None
            await conn.rollback()

    async def claim() -> None:
        answer = await client.post("/v1/desk/claims", headers=headers)
        assert answer.status_code == 201, answer.text

    took = await _took(
        {
            "page": lambda: get("/v1/desk/queue?limit=50"),
            "next page": lambda: get(f"/v1/desk/queue?limit=50&after={deep}"),
            "everybody's, one procedure": lambda: get(
                "/v1/desk/queue?limit=50&all=true&procedure=marriage_registration"
            ),
            "queue alone": queue_alone,
            "claim": claim,
            "claim alone": claim_alone,
        },
        times,
        progress,
    )
    figures = await _took({"figures": lambda: get("/v1/desk/figures")}, max(3, times // 20), progress)
    began = time.perf_counter()

    async def works(one: Actor) -> list[str]:
        made = [await queueing.claim_next(house.stand, one) for _ in range(times // 10)]
        return [branch.branch.id for branch in made]

    taken = [branch_id for share in await asyncio.gather(*map(works, ten)) for branch_id in share]
    seconds = time.perf_counter() - began
    size = f"{count:,} open"
    rows = [
        Row(
            name=f"queue, {name}, p95 at {size} (floor: the statement alone)",
            value=_p95(took[name]),
            unit="ms",
            floor=_p95(took["queue alone"]),
            ratio=_p95(took[name]) / _p95(took["queue alone"]),
            goal="≤ 50 ms",
            holds=_p95(took[name]) <= 50,
        )
        for name in ("page", "next page", "everybody's, one procedure")
    ]
    rows.append(
        Row(
            name=f"claim the next, p95 at {size} (floor: the statement alone)",
            value=_p95(took["claim"]),
            unit="ms",
            floor=_p95(took["claim alone"]),
            ratio=_p95(took["claim"]) / _p95(took["claim alone"]),
        )
    )
    rows.append(
        Row(
            name=f"figures of the largest office, median at {size}",
            value=statistics.median(figures["figures"]),
            unit="ms",
        )
    )
    rows.append(Row(name="ten officers at once: claims", value=len(taken) / seconds, unit="/s"))
    rows.append(
        Row(
            name="ten officers at once: taken twice",
            value=len(taken) - len(set(taken)),
            unit="branches",
            goal="0",
            holds=len(taken) == len(set(taken)),
        )
    )
    return rows


async def _measure(quick: bool) -> list[Row]:
    with Progress() as progress:
        async with in_process.city() as (house, client):
            count, times = (20_000, 40) if quick else (500_000, 400)
            return await _rows(house, client, count, times, progress)


def main() -> None:
    options = arguments(__doc__ or "").parse_args()
    tell("desk", asyncio.run(_measure(options.quick)), options.json)


if __name__ == "__main__":
    main()

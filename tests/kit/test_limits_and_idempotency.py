"""Counting attempts, and one effect per key."""

import asyncio
from datetime import timedelta
from types import SimpleNamespace

import pytest

from kit import clock, ids, limits
from kit.db import Database, raw
from kit.engines import Urls
from kit.idempotency import KeyMissing, KeyReused, KeyTooLong, StillWorking, checked, forget, once
from kit.limits import Limits, LimitsUnavailable, TooMany
from kit.valkey import Valkey


@pytest.mark.anyio
async def test_the_last_allowed_passes_and_the_next_is_told_when(engines: Urls) -> None:
    valkey = Valkey(engines.redis)
    counting, who = Limits(valkey), ids.new_id("t")
    allowed = limits.LIMITS["one-time-code"].times
    for _ in range(allowed):
        await counting.hit("one-time-code", who)
    with pytest.raises(TooMany) as told:
        await counting.hit("one-time-code", who)
    assert 0 < (told.value.retry_after_seconds or 0) <= limits.LIMITS["one-time-code"].seconds
    await counting.hit("one-time-code", ids.new_id("somebody else"))
    await valkey.close()


@pytest.mark.anyio
async def test_without_valkey_attempts_are_refused_not_allowed() -> None:
    gone = Valkey("unix:///tmp/motcua-there-is-no-valkey.sock")
    with pytest.raises(LimitsUnavailable):
        await Limits(gone).hit("sign-in", "anybody")
    await gone.close()


async def _effect(db: Database, key: str, body: bytes, *, hold: asyncio.Event | None = None) -> object:
    async with db.begin() as conn, once(await raw(conn), scope="acc", route="r", key=key, body_digest=body) as slot:
        if slot.reply is not None:
            return slot.reply
        if hold is not None:
            await hold.wait()
        slot.keep({"n": ids.new_id("x")})
        return slot.reply


@pytest.mark.anyio
async def test_one_effect_per_key(db: Database) -> None:
    first = await _effect(db, "k1", b"body")
    assert await _effect(db, "k1", b"body") == first
    assert await _effect(db, "k2", b"body") != first
    with pytest.raises(KeyReused):
        await _effect(db, "k1", b"other body")


@pytest.mark.anyio
async def test_a_concurrent_twin_hears_409_and_then_the_same_reply(db: Database) -> None:
    hold = asyncio.Event()
    slow = asyncio.create_task(_effect(db, "k3", b"body", hold=hold))
    await asyncio.sleep(0.2)
    with pytest.raises(StillWorking):
        await _effect(db, "k3", b"body")
    hold.set()
    assert await slow == await _effect(db, "k3", b"body")


@pytest.mark.anyio
async def test_an_effect_that_failed_keeps_no_reply(db: Database) -> None:
    with pytest.raises(RuntimeError):
        async with (
            db.begin() as conn,
            once(await raw(conn), scope="acc", route="r", key="k4", body_digest=b"b") as slot,
        ):
            slot.keep({"n": 1})
            raise RuntimeError
    assert (await _effect(db, "k4", b"b")) != {"n": 1}


@pytest.mark.anyio
async def test_replies_are_forgotten_after_seven_days(db: Database) -> None:
    """Kept for seven days, it was said; nothing ever removed them."""

    async def kept() -> int:
        async with db.connect() as conn:
            row = await (
                await (await raw(conn)).execute("select count(*) from idempotency_keys where key = 'k5'")
            ).fetchone()
        assert row is not None
        return row[0]

    await _effect(db, "k5", b"b")
    with clock.shifted(timedelta(days=6, hours=23)):
        await forget(SimpleNamespace(db=db))
    assert await kept() == 1
    with clock.shifted(timedelta(days=7)):
        await forget(SimpleNamespace(db=db))
    assert await kept() == 0


def test_the_key_itself_is_checked() -> None:
    with pytest.raises(KeyMissing):
        checked(None)
    with pytest.raises(KeyTooLong):
        checked("x" * 201)
    with pytest.raises(KeyTooLong):
        checked("khóa")

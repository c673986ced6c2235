"""Challenges: drawn by chance, for one session and one device, good once and for two minutes."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta
from itertools import pairwise

import msgspec
import pytest

from identity.faces.liveness import STEPS, Challenge, draw, keep, take
from identity.faces.liveness.challenge import GOOD_FOR
from identity.faces.liveness.refusals import ChallengeStoreUnavailable, LivenessChallengeStale
from kit import clock
from kit.engines import Urls
from kit.valkey import Valkey


@pytest.fixture
async def valkey(engines: Urls) -> AsyncIterator[Valkey]:
    valkey = Valkey(engines.redis)
    yield valkey
    await valkey.close()


def drawn() -> Challenge:
    return draw(session_id="prf_1", device_thumbprint="thumb")


def test_three_or_four_different_steps_with_a_turn_of_the_head() -> None:
    seen: Counter[str] = Counter()
    for _ in range(300):
        steps = drawn().steps
        assert len(set(steps)) == len(steps) in {3, 4}
        assert {"turn_left", "turn_right"} & set(steps)
        seen.update(steps)
    assert set(seen) == set(STEPS)


def test_a_colour_for_every_second_and_none_twice_in_a_row() -> None:
    challenge = drawn()
    assert len(challenge.colours) * challenge.colour_ms >= challenge.length_ms
    assert all(one != after for one, after in pairwise(challenge.colours))
    # No more than three changes a second (WCAG 2.3.1).
    assert challenge.colour_ms >= 334
    assert challenge.colour_at(-5) == 0
    assert challenge.colour_at(challenge.length_ms + 9999) == len(challenge.colours) - 1


def test_no_two_challenges_are_alike_and_none_lives_longer_than_two_minutes() -> None:
    assert len({(one.steps, one.colours) for one in (drawn() for _ in range(50))}) == 50
    assert drawn().expires_at <= clock.now() + timedelta(seconds=120)


def test_every_step_is_said_in_both_languages() -> None:
    assert all(words.vi != words.en for words in drawn().words())


async def test_it_is_taken_once_even_by_many_at_a_time(valkey: Valkey) -> None:
    challenge = drawn()
    await keep(valkey, challenge)

    async def attempt() -> bool:
        try:
            await take(valkey, challenge, session_id="prf_1", device_thumbprint="thumb")
        except LivenessChallengeStale:
            return False
        return True

    assert sum(await asyncio.gather(*(attempt() for _ in range(20)))) == 1


async def test_another_session_or_device_cannot_use_it_up(valkey: Valkey) -> None:
    challenge = drawn()
    await keep(valkey, challenge)
    for session_id, thumbprint in (("prf_2", "thumb"), ("prf_1", "other")):
        with pytest.raises(LivenessChallengeStale):
            await take(valkey, challenge, session_id=session_id, device_thumbprint=thumbprint)
    await take(valkey, challenge, session_id="prf_1", device_thumbprint="thumb")


async def test_easier_steps_than_were_asked_are_not_the_challenge(valkey: Valkey) -> None:
    challenge = drawn()
    await keep(valkey, challenge)
    with pytest.raises(LivenessChallengeStale):
        await take(
            valkey,
            msgspec.structs.replace(challenge, steps=("smile",)),
            session_id="prf_1",
            device_thumbprint="thumb",
        )


async def test_after_two_minutes_it_is_stale(valkey: Valkey) -> None:
    challenge = drawn()
    await keep(valkey, challenge)
    with clock.shifted(GOOD_FOR), pytest.raises(LivenessChallengeStale):
        await take(valkey, challenge, session_id="prf_1", device_thumbprint="thumb")


async def test_without_valkey_nobody_is_asked_and_nobody_passes() -> None:
    gone = Valkey("unix:///tmp/motcua-there-is-no-valkey.sock")
    try:
        with pytest.raises(ChallengeStoreUnavailable):
            await keep(gone, drawn())
        with pytest.raises(ChallengeStoreUnavailable):
            await take(gone, drawn(), session_id="prf_1", device_thumbprint="thumb")
    finally:
        await gone.close()

"""Calls that go together: each gets its own answer, one failure reaches whom it concerns, and nobody waits for company."""

import asyncio

import pytest

from kit.together import Together

pytestmark = pytest.mark.anyio


class Slow:
    """Doubles numbers, a batch at a time, when it is told to go on."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.go_on = asyncio.Event()

    async def double(self, numbers: list[int]) -> list[int]:
        self.batches.append(numbers)
        await self.go_on.wait()
        if 13 in numbers:
            raise LookupError("no thirteen")
        return [2 * number for number in numbers]


async def test_what_comes_meanwhile_goes_together() -> None:
    slow = Slow()
    together: Together[int, int] = Together(slow.double)
    first = asyncio.create_task(together.ask(1))
    await asyncio.sleep(0.01)
    rest = [asyncio.create_task(together.ask(number)) for number in range(2, 6)]
    await asyncio.sleep(0.01)
    slow.go_on.set()
    assert await asyncio.gather(first, *rest) == [2, 4, 6, 8, 10]
    assert slow.batches == [[1], [2, 3, 4, 5]]
    assert await together.ask(7) == 14, "and the next one alone"


async def test_no_batch_is_larger_than_it_may_be() -> None:
    slow = Slow()
    slow.go_on.set()
    together: Together[int, int] = Together(slow.double, most=3)
    assert await asyncio.gather(*(together.ask(number) for number in range(7))) == [0, 2, 4, 6, 8, 10, 12]
    assert max(map(len, slow.batches)) == 3


async def test_a_failure_reaches_all_it_held_and_no_others() -> None:
    slow = Slow()
    slow.go_on.set()
    together: Together[int, int] = Together(slow.double)
    answers = await asyncio.gather(together.ask(13), together.ask(1), return_exceptions=True)
    assert [type(answer) for answer in answers] == [LookupError, LookupError]
    assert await together.ask(2) == 4


async def test_who_gave_up_takes_nobody_along() -> None:
    slow = Slow()
    together: Together[int, int] = Together(slow.double)
    gone, stays = asyncio.create_task(together.ask(1)), asyncio.create_task(together.ask(2))
    await asyncio.sleep(0.01)
    gone.cancel()
    slow.go_on.set()
    assert await stays == 4
    with pytest.raises(asyncio.CancelledError):
        await gone


async def test_behind_several_the_next_wait_until_they_are_as_many() -> None:
    slow = Slow()
    together: Together[int, int] = Together(slow.double, company=30)
    first = [asyncio.create_task(together.ask(number)) for number in (1, 2, 3)]
    await asyncio.sleep(0.01)
    slow.go_on.set()
    await asyncio.gather(*first)
    second = [asyncio.create_task(together.ask(number)) for number in (4, 5)]
    await asyncio.sleep(0.05)
    assert slow.batches == [[1, 2, 3]], "two of three have come back"
    assert await asyncio.gather(*second, together.ask(6)) == [8, 10, 12]
    assert slow.batches == [[1, 2, 3], [4, 5, 6]]


async def test_nobody_waits_long_for_company_that_does_not_come() -> None:
    slow = Slow()
    slow.go_on.set()
    together: Together[int, int] = Together(slow.double, company=0.01)
    assert await asyncio.gather(together.ask(1), together.ask(2)) == [2, 4]
    assert await asyncio.wait_for(together.ask(3), 5) == 6
    assert await asyncio.wait_for(together.ask(4), 5) == 8


async def test_who_comes_one_after_the_other_is_waited_for() -> None:
    """A batch that left after a fixed time took the one that had come, and the others stood behind it: one and fifteen, in turns."""
    slow = Slow()
    slow.go_on.set()
    together: Together[int, int] = Together(slow.double, company=0.1)
    assert len(await asyncio.gather(*(together.ask(number) for number in range(4)))) == 4
    coming = list[asyncio.Task[int]]()
    for number in range(4, 8):
        coming.append(asyncio.create_task(together.ask(number)))
        await asyncio.sleep(0.06)
    await asyncio.gather(*coming)
    assert slow.batches == [[0, 1, 2, 3], [4, 5, 6, 7]]


async def test_several_asked_together_stay_together() -> None:
    slow = Slow()
    together: Together[int, int] = Together(slow.double, most=4)
    asked = [asyncio.create_task(together.ask_all(numbers)) for numbers in ([1], [2, 3], [4, 5, 6, 7, 8], [9])]
    await asyncio.sleep(0.01)
    slow.go_on.set()
    assert await asyncio.gather(*asked) == [[2], [4, 6], [8, 10, 12, 14, 16], [18]]
    assert slow.batches == [[1, 2, 3], [4, 5, 6, 7, 8], [9]], "a group that is too large goes alone, and whole"

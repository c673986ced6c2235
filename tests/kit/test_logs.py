"""Lines of the log: in order, whole, and in as few pieces as may be."""

import asyncio
import io
import json
import logging
import threading

import pytest

from kit import logs

pytestmark = pytest.mark.anyio


class Pieces(io.StringIO):
    """What was written, piece by piece."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[list[str]] = []

    def write(self, s: str) -> int:
        self.pieces.append([json.loads(line)["message"] for line in s.splitlines()])
        return len(s)


@pytest.fixture
def said() -> Pieces:
    return Pieces()


@pytest.fixture
def logger(said: Pieces) -> logging.Logger:
    made = logging.Logger("test", logging.INFO)
    handler = logs._Lines(said)  # pyright: ignore[reportPrivateUsage]
    handler.setFormatter(logs.JsonLines())
    made.addHandler(handler)
    return made


async def test_one_turn_one_piece(said: Pieces, logger: logging.Logger) -> None:
    for n in range(3):
        logs.say(logger, f"line {n}", {"n": n})
    assert said.pieces == []
    await asyncio.sleep(0)
    logs.say(logger, "next", {})
    await asyncio.sleep(0)
    assert said.pieces == [["line 0", "line 1", "line 2"], ["next"]]


async def test_what_is_worse_and_what_stands_before_it_come_at_once(said: Pieces, logger: logging.Logger) -> None:
    logger.info("before")
    logger.error("worse")
    assert said.pieces == [["before", "worse"]]
    for n in range(300):
        logger.info("many %d", n)
    assert len(said.pieces[1]) == 256, "and so do too many"
    logger.handlers[0].flush()
    assert sum(map(len, said.pieces)) == 302


async def test_outside_a_loop_at_once(said: Pieces, logger: logging.Logger) -> None:
    thread = threading.Thread(target=logger.info, args=("from a thread",))
    thread.start()
    thread.join()
    assert said.pieces == [["from a thread"]]


def test_a_line_said_has_its_fields_and_their_masks() -> None:
    record: list[logging.LogRecord] = []
    logger = logging.Logger("test", logging.INFO)
    handler = logging.Handler()
    handler.emit = record.append  # type: ignore[method-assign]
    logger.addHandler(handler)
    logs.say(logger, "m", {"path": "/x/079303000001", "ms": 1.5})
    line = json.loads(logs.JsonLines().format(record[0]))
    assert (line["path"], line["ms"], line["level"], line["logger"]) == ("/x/079*******01", 1.5, "INFO", "test")
    assert "fields" not in line
    assert line["at"].endswith("+00:00")
    assert line["at"][19] == "."

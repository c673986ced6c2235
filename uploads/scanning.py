"""Whether a stranger's file carries something harmful: a seam for the city's scanner, asked before a file is kept."""

import asyncio
import struct
from typing import ClassVar, Final, Protocol

from uploads.refusals import FileInfected, ScannerAway

# The file every scanner agrees to find (EICAR, 2003), in two halves: whole, it would be found in this file.
EICAR: Final = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"

_CHUNK: Final = 64 * 1024
_SECONDS: Final = 30


class Scanner(Protocol):
    """Looks at whole files."""

    async def refuse_harmful(self, data: bytes) -> None:
        """Raises FileInfected; ScannerAway when nobody can tell: what was not scanned is not kept."""
        ...


class SandboxScanner:
    """Finds the scanners' common test file and nothing else."""

    development_only: ClassVar[bool] = True

    async def refuse_harmful(self, data: bytes) -> None:
        if EICAR in data:
            raise FileInfected


class ClamdScanner:
    """ClamAV's daemon over TCP, by its INSTREAM command (clamd(8)): nothing is laid on a disk on the way."""

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port

    async def refuse_harmful(self, data: bytes) -> None:
        try:
            async with asyncio.timeout(_SECONDS):
                said = await self._ask(data)
        except (OSError, TimeoutError, asyncio.IncompleteReadError) as error:
            raise ScannerAway(retry_after_seconds=60) from error
        if said.endswith(b" FOUND"):
            raise FileInfected
        if said != b"stream: OK":
            raise ScannerAway(retry_after_seconds=60)

    async def _ask(self, data: bytes) -> bytes:
        reader, writer = await asyncio.open_connection(self._host, self._port)
        try:
            writer.write(b"zINSTREAM\0")
            for at in range(0, len(data), _CHUNK):
                chunk = data[at : at + _CHUNK]
                writer.write(struct.pack("!L", len(chunk)) + chunk)
                await writer.drain()
            writer.write(struct.pack("!L", 0))
            await writer.drain()
            return (await reader.readuntil(b"\0"))[:-1].strip()
        finally:
            writer.close()

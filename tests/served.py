"""An application behind the server's own door, in this process: what goes through the hatch goes only there."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import uvicorn
from uvicorn.server import ServerState

from api import serving


@asynccontextmanager
async def served(app: Any) -> AsyncGenerator[tuple[int, ServerState]]:
    """The port on loopback, and what the server knows of its connections."""
    config = uvicorn.Config(
        app, http=serving.Door, ws="none", lifespan="off", access_log=False, log_config=None, proxy_headers=False
    )
    config.load()
    state = ServerState()
    state.default_headers = [(b"date", b"Fri, 27 Nov 2026 00:00:00 GMT")]
    server = await asyncio.get_running_loop().create_server(
        lambda: serving.Door(config=config, server_state=state, app_state={}), "127.0.0.1", 0
    )
    async with server:
        yield server.sockets[0].getsockname()[1], state
        for open_door in list(state.connections):
            open_door.shutdown()


async def told(port: int, *pieces: bytes, pause: float = 0, patience: float = 0.5) -> bytes:
    """All that comes back until the other side closes, or so many seconds pass in silence."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    said = b""
    try:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(pause)
        while more := await asyncio.wait_for(reader.read(65536), patience):
            said += more
        said += b"<closed>"
    except TimeoutError:
        pass
    except ConnectionError:
        said += b"<closed>"
    finally:
        writer.close()
    return said


class OverSocket(httpx.AsyncBaseTransport):
    """One path to that port, whatever port the address names; the others in process, where a header may be what no client sends."""

    def __init__(self, app: Any, port: int, path: str) -> None:
        self._port, self._path = port, path
        self._socket = httpx.AsyncHTTPTransport(limits=httpx.Limits(max_connections=100))
        self._process = httpx.ASGITransport(app=app, raise_app_exceptions=False)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path != self._path:
            return await self._process.handle_async_request(request)
        request.url = request.url.copy_with(port=self._port)
        return await self._socket.handle_async_request(request)

    async def aclose(self) -> None:
        await self._socket.aclose()

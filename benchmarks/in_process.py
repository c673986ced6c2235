"""A sandbox city in the process that measures it: engines of its own, no photo processes, no worker."""

import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final, cast

import httpx

import migrations
from api import sandbox
from api.app import create_app
from api.wiring import House
from kit import keys
from kit import settings as kit_settings
from kit.engines import Engines
from kit.pool import InferencePool

URL: Final = "http://127.0.0.1:8000"


@asynccontextmanager
async def city() -> AsyncGenerator[tuple[House, httpx.AsyncClient]]:
    """The house and a client of its app; everything is gone afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        keys.create(home / "keys")
        engines = Engines(home)
        urls = engines.start()
        try:
            migrations.upgrade(urls.database, "city")
            migrations.upgrade(urls.faces_database, "faces")
            made, _ = kit_settings.load(
                {}, **sandbox.settings("127.0.0.1", 8000) | {"work_in_process": False}, home=home, keys=home / "keys",
                database_url=urls.database, faces_database_url=urls.faces_database, redis_url=urls.redis,
            )  # fmt: skip
            await sandbox.furnish(made)
            # No photo comes: its processes never start.
            idle = InferencePool(workers=1, queue=0)
            app = create_app(made, pool=idle, files=idle)
            async with app.lifespan():
                transport = httpx.ASGITransport(app=cast(Any, app))
                async with httpx.AsyncClient(transport=transport, base_url=URL) as client:
                    yield app.state.house, client
        finally:
            engines.stop()

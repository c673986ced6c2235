"""Is the process alive, is it ready, how is it doing, what does it promise."""

import asyncio
from typing import Literal

import msgspec
from litestar import MediaType, Response, get
from sqlalchemy.exc import SQLAlchemyError

from api.backlogs import Backlogs
from api.metrics import metrics as told
from identity import faces
from kit.actor import ANYONE
from kit.db import Database
from kit.pool import InferencePool
from kit.valkey import Valkey, ValkeyGone
from openapi import PROMISED


class Health(msgspec.Struct, frozen=True):
    status: Literal["ok"] = "ok"


class Ready(msgspec.Struct, frozen=True):
    """`parts` says `ok` or what is wrong with each engine; `faces` says when they are compared by one eye only, and nobody found by face."""

    status: Literal["ready", "not-ready"]
    parts: dict[str, str]


@get("/health", who=ANYONE, tags=["operations"], summary="The process is alive")
async def health() -> Health:
    return Health()


@get("/ready", who=ANYONE, tags=["operations"], summary="The engines answer")
async def ready(db: Database, faces_db: Database, valkey: Valkey) -> Response[Ready]:
    parts: dict[str, str] = {}
    for name, database in (("database", db), ("faces_database", faces_db)):
        try:
            async with database.connect() as conn:
                await conn.exec_driver_sql("select 1")
            parts[name] = "ok"
        except (SQLAlchemyError, OSError):
            parts[name] = "does not answer"
    try:
        await valkey.ping()
        parts["valkey"] = "ok"
    except ValkeyGone:
        parts["valkey"] = "does not answer"
    well = all(state == "ok" for state in parts.values())
    # Told, and no reason to send nobody here: all else serves.
    parts["faces"] = "ok" if await asyncio.to_thread(faces.has_both_eyes) else "one eye only"
    return Response(Ready("ready" if well else "not-ready", parts), status_code=200 if well else 503)


@get("/metrics", who=ANYONE, tags=["operations"], summary="Prometheus metrics", media_type=MediaType.TEXT)
async def metrics(pool: InferencePool, backlogs: Backlogs) -> Response[bytes]:
    try:
        found = await backlogs.now()
    except (SQLAlchemyError, OSError):
        # What the process itself counts is wanted most while the database is away.
        found = {}
    return Response(told().page(pool, found), media_type=told().media_type)


@get("/openapi.json", who=ANYONE, include_in_schema=False, sync_to_thread=True)
def promise() -> Response[bytes]:
    """The file that is promised, byte for byte; a test holds the app to it."""
    return Response(PROMISED.read_bytes(), media_type="application/vnd.oai.openapi+json")


route_handlers = [health, ready, metrics, promise]

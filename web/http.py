"""Pages: the front page, the API's page, and the sandbox's two."""

from pathlib import Path
from typing import Any

import msgspec
from litestar import MediaType, Request, Response, get
from litestar.static_files import create_static_files_router

from kit import clock
from kit.actor import ANYONE
from kit.db import Database
from kit.refusal import NotFound
from kit.settings import Settings
from notifications import SandboxMessage, sandbox_messages
from web.pages import page
from web.sandbox import people

_STATIC = Path(__file__).with_name("static")


def _only_in_the_sandbox(settings: Settings) -> None:
    if not settings.sandbox:
        raise NotFound


@get("/", who=ANYONE, include_in_schema=False, media_type=MediaType.HTML)
async def home(request: Request[Any, Any, Any], settings: Settings) -> Response[str]:
    return page(request, "home.html", sandbox=settings.sandbox)


@get("/docs", who=ANYONE, include_in_schema=False, media_type=MediaType.HTML)
async def docs(request: Request[Any, Any, Any]) -> Response[str]:
    return page(request, "docs.html")


@get("/sandbox", who=ANYONE, include_in_schema=False, media_type=MediaType.HTML)
async def sandbox(request: Request[Any, Any, Any], settings: Settings) -> Response[str]:
    _only_in_the_sandbox(settings)
    city = people()
    names = {office.id: office.name_vi for office in city.offices}
    return page(
        request,
        "sandbox.html",
        sandbox=True,
        citizens=[{"name": c.full_name, "login": c.phone, "pin": c.pin} for c in city.citizens],
        officers=[
            {"name": o.full_name, "login": o.email, "roles": o.roles, "office": names[o.office]} for o in city.officers
        ],
        clients=city.clients,
    )


@get("/sandbox/inbox", who=ANYONE, include_in_schema=False, media_type=MediaType.HTML)
async def inbox(request: Request[Any, Any, Any], settings: Settings, db: Database) -> Response[str]:
    _only_in_the_sandbox(settings)
    return page(request, "inbox.html", sandbox=True, messages=[_shown(letter) for letter in await _letters(db)])


@get("/sandbox/inbox.json", who=ANYONE, include_in_schema=False)
async def inbox_json(settings: Settings, db: Database) -> list[SandboxMessage]:
    _only_in_the_sandbox(settings)
    return await _letters(db)


async def _letters(db: Database) -> list[SandboxMessage]:
    async with db.connect() as conn:
        return await sandbox_messages(conn)


def _shown(letter: SandboxMessage) -> dict[str, Any]:
    local = letter.at.astimezone(clock.CITY).strftime("%H:%M:%S %d/%m/%Y")
    return {**msgspec.structs.asdict(letter), "shown_at": local}


route_handlers = [
    home,
    docs,
    sandbox,
    inbox,
    inbox_json,
    create_static_files_router(
        path="/static", directories=[_STATIC], opt={"who": ANYONE}, include_in_schema=False, name="static"
    ),
]

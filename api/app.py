"""Assembles the application: collects each room's routes, nothing else."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import fields
from typing import Any

from litestar import Litestar, Request
from litestar.di import Provide
from litestar.exceptions import HTTPException
from litestar.openapi import OpenAPIConfig
from litestar.openapi.spec import Components, Contact, License, SecurityScheme, Tag

import dossiers.http
import identity.accounts.authenticators.http
import identity.accounts.http
import identity.accounts.leaving.http
import identity.accounts.passkeys.http
import identity.accounts.recovery.http
import identity.consents.http
import identity.faces.http
import identity.mandates.http
import identity.offices.breaches.http
import identity.offices.http
import identity.offices.kiosks.http
import identity.offices.staff.http
import identity.partners.http
import identity.proofing.http
import identity.tokens.http
import notifications.http
import ocr.http
import uploads.http
import web.account
import web.acting
import web.catalogue
import web.desk
import web.desk_branch
import web.desk_brought
import web.desk_buttons
import web.desk_counter
import web.desk_figures
import web.desk_first_day
import web.desk_kiosks
import web.desk_takings
import web.desk_wires
import web.developers
import web.device
import web.filing
import web.http
import web.invitations
import web.kiosk
import web.kiosk_card
import web.later
import web.my_data
import web.my_dossiers
import web.paper_uploads
import web.paying
import web.rating
import web.signed_in
import web.signing_in
import web.signing_out
import web.stopping
import web.ways_in
import wires.http
from api import access, health, in_front, refusals, uploaded
from api.hatch import Hatch
from api.origins import let_in
from api.watch import Watch, around
from api.wiring import House, open_house
from identity.tokens import asgi
from kit import settings as kit_settings
from kit.actor import Actor
from kit.pool import InferencePool
from kit.refusal import Refusal
from kit.settings import Settings

ROOMS = (
    health,
    identity.tokens.http,
    identity.accounts.http,
    identity.accounts.authenticators.http,
    identity.accounts.passkeys.http,
    identity.consents.http,
    identity.accounts.recovery.http,
    identity.accounts.leaving.http,
    identity.mandates.http,
    identity.offices.http,
    identity.offices.staff.http,
    identity.offices.kiosks.http,
    identity.offices.breaches.http,
    identity.partners.http,
    identity.proofing.http,
    identity.faces.http,
    notifications.http,
    ocr.http,
    uploads.http,
    dossiers.http,
    wires.http,
    web.http,
    web.catalogue,
    web.filing,
    web.paper_uploads,
    web.my_dossiers,
    web.later,
    web.invitations,
    web.rating,
    web.paying,
    web.signed_in,
    web.signing_in,
    web.device,
    web.kiosk,
    web.kiosk_card,
    web.signing_out,
    web.account,
    web.ways_in,
    web.my_data,
    web.stopping,
    web.acting,
    web.developers,
    web.desk,
    web.desk_branch,
    web.desk_brought,
    web.desk_buttons,
    web.desk_counter,
    web.desk_figures,
    web.desk_takings,
    web.desk_first_day,
    web.desk_wires,
    web.desk_kiosks,
)

VERSION = "0.1.0"

# Photos come by multipart, whose routes state their own limit; everything else is small.
_BODY_BYTES = 1_000_000
# For the jobs under way at shutdown; what is cut off then is tried again by another worker.
_WORKER_SECONDS = 10

_TAGS = [
    Tag("operations", "Is it alive, is it ready, how is it doing"),
    Tag("tokens", "OAuth 2.1 and OpenID Connect"),
    Tag("accounts", "One account per person; signing in"),
    Tag("consents", "What people allowed which app"),
    Tag("partners", "Apps of others: registering them, their secrets and keys"),
    Tag("mandates", "Acting for an enterprise, a child or a ward"),
    Tag("offices", "Agencies and their desks"),
    Tag("operators", "Officers, their roles, and the register of breaches"),
    Tag("proofing", "Card and selfie in, verified claims and a level out"),
    Tag("faces", "Consent to be found by face"),
    Tag("cards", "A photographed identity card in, its fields with their evidence out"),
    Tag("messages", "What people are told"),
    Tag("uploads", "Files as they arrive"),
    Tag("procedures", "What may be asked for"),
    Tag("dossiers", "What was asked for"),
    Tag("desk", "The officers' side"),
    Tag("wires", "Agencies at the far end: signed messages in the linked software's words"),
    Tag("webhooks", "Partners are told what happens to dossiers they may see"),
    Tag("pages", "Pages people see"),
]


def create_app(
    settings: Settings,
    *,
    pool: InferencePool | None = None,
    files: InferencePool | None = None,
    described: bool = False,
) -> Litestar:
    """The whole application on the engines the settings name.

    `pool` and `files` let tests share one set of warmed models and one worker for files. `described` is for the script that writes `openapi/openapi.json`:
    a serving app gives that file out as it is and has no pages that load scripts from elsewhere.
    """

    @asynccontextmanager
    async def lifespan(app: Litestar) -> AsyncGenerator[None]:
        async with open_house(settings, pool=pool, files=files) as house:
            app.state.house = house
            beside = [asyncio.create_task(house.faces.warm())]
            if files is None:
                beside.append(asyncio.create_task(house.files.warm_up()))
            if settings.work_in_process:
                beside.append(await house.jobs.work_in_background())
            try:
                yield
            finally:
                # Waited for: what they hold is closed with the house.
                for task in beside:
                    task.cancel()
                await asyncio.wait(beside, timeout=_WORKER_SECONDS)

    uploaded.keep_in_memory()
    app = Litestar(
        route_handlers=[handler for room in ROOMS for handler in room.route_handlers],
        dependencies=_dependencies(),
        guards=[access.guard],
        lifespan=[lifespan],
        exception_handlers={Refusal: refusals.respond, HTTPException: refusals.respond, Exception: refusals.respond},
        openapi_config=_description() if described else None,
        request_max_body_size=_BODY_BYTES,
        logging_config=None,
        pdb_on_exception=False,
        debug=False,
    )
    watch = Watch(settings)
    tokens = asgi.Endpoint(
        busy=lambda: app.state.house.busy, limits=lambda: app.state.house.limits, refusal_of=refusals.refusal_of
    )
    app.state.hatch = Hatch(watch, {asgi.PATH: tokens.answer_all})
    # Around the router too: an address that leads nowhere is answered, counted and logged like the others.
    tokens_in_front = asgi.before(
        in_front.before(app.asgi_handler, lambda: app.state.house), tokens, address=access.address_of
    )
    app.asgi_handler = around(let_in(tokens_in_front, app, settings), watch)
    return app


def _description() -> OpenAPIConfig:
    return OpenAPIConfig(
        title="Một Cửa",
        version=VERSION,
        description="One door to a city's services: a card and a selfie become an account, one submission starts several procedures.",
        contact=Contact(name="Một Cửa"),
        license=License(name="Apache-2.0", identifier="Apache-2.0"),
        tags=_TAGS,
        components=Components(
            security_schemes={
                "token": SecurityScheme(
                    type="http",
                    scheme="bearer",
                    bearer_format="JWT",
                    description="RFC 9068 token; DPoP-bound (RFC 9449) for apps",
                )
            }
        ),
        path="/openapi",
        create_examples=False,
    )


def from_environment() -> Litestar:
    """What the server calls in each of its processes."""
    from kit import logs

    settings, _ = kit_settings.load()
    logs.install(settings.log_level)
    return create_app(settings)


def _dependencies() -> dict[str, Provide]:
    """Handlers receive what the house holds by the field's name, the `stand` of the dossiers, and the caller as `actor` and `address`."""

    def part(name: str) -> Callable[[Request[Any, Any, Any]], Any]:
        def give(request: Request[Any, Any, Any]) -> Any:
            return getattr(request.app.state.house, name)

        return give

    def actor(request: Request[Any, Any, Any]) -> Actor:
        return request.scope["state"]["actor"]

    def address(request: Request[Any, Any, Any]) -> str:
        return access.address_of(request.scope)

    given: dict[str, Callable[..., Any]] = {field.name: part(field.name) for field in fields(House)}
    given |= {"stand": part("stand"), "actor": actor, "address": address}
    return {name: Provide(give, sync_to_thread=False) for name, give in given.items()}

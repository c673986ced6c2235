"""Our public key, the dead-letter desk of the wires, and partners' webhooks."""

import base64
from typing import Annotated, Any

from litestar import delete, get, post, put
from litestar.params import Parameter

from kit.actor import ANYONE, Actor, client, officer
from kit.db import Database
from wires.messages import DeadMessage, Keys, PartnerEvents, ReplayRequest, Webhook, WebhookRequest
from wires.service import WireOffice
from wires.webhooks import PAGE, Webhooks

_OPERATOR = officer("operator", scope="desk")
_PARTNER = client("webhooks")

MessageId = Annotated[str, Parameter(pattern="^wmg_[0-9a-z]{26}$", description="the id of a message")]


@get("/v1/wires/keys", who=ANYONE, summary="The key our messages are signed with", tags=["wires"])
async def our_keys(wires: WireOffice) -> Keys:
    """Ed25519 (RFC 8037); agencies and partners check our signatures (RFC 9421) with it."""
    public = base64.urlsafe_b64encode(wires.signer.public).rstrip(b"=").decode()
    return Keys(
        keys=[{"kty": "OKP", "crv": "Ed25519", "x": public, "kid": wires.signer.key_id, "use": "sig", "alg": "EdDSA"}]
    )


@get("/v1/wires/dead-letters", who=_OPERATOR, summary="Messages that did not get over", tags=["operators"])
async def dead_letters(
    db: Database,
    wires: WireOffice,
    before: Annotated[
        str | None, Parameter(pattern="^wmg_[0-9a-z]{26}$", description="the id of the last message seen")
    ] = None,
    limit: Annotated[int, Parameter(ge=1, le=200)] = 50,
) -> list[DeadMessage]:
    """Newest first, each with how many of its dossier wait behind it."""
    return await wires.dead(db, before=before, limit=limit)


@post("/v1/wires/dead-letters/{message_id:str}/attempts", who=_OPERATOR, summary="Send again", tags=["operators"])
async def send_again(message_id: MessageId, db: Database, wires: WireOffice) -> None:
    """With all its attempts before it; those behind it follow in their order."""
    await wires.send_again(db, message_id)


@delete("/v1/wires/dead-letters/{message_id:str}", who=_OPERATOR, summary="Settled another way", tags=["operators"])
async def set_aside(message_id: MessageId, db: Database, wires: WireOffice) -> None:
    """By telephone or on paper: its content is forgotten, and those behind it go on without it."""
    await wires.set_aside(db, message_id)


@get("/v1/webhook", who=_PARTNER, summary="My webhook", tags=["webhooks"])
async def show(db: Database, webhooks: Webhooks, actor: Actor) -> Webhook:
    return await webhooks.show(db, _client(actor))


@put("/v1/webhook", who=_PARTNER, summary="Tell me here", tags=["webhooks"])
async def register(data: WebhookRequest, db: Database, webhooks: Webhooks, actor: Actor) -> Webhook:
    """Events of dossiers whose owners let this app see them (`dossiers:read`) are posted here in order, signed (RFC 9421).

    A page counts as taken when it is answered with 2xx within fifteen seconds; a redirect is not followed. After fifteen attempts
    the webhook is parked until it is registered or replayed again.
    """
    return await webhooks.register(db, _client(actor), data.url)


@delete("/v1/webhook", who=_PARTNER, summary="No longer", tags=["webhooks"])
async def remove(db: Database, webhooks: Webhooks, actor: Actor) -> None:
    await webhooks.remove(db, _client(actor))


@post("/v1/webhook/replay", who=_PARTNER, summary="Deliver again from a cursor", tags=["webhooks"], status_code=200)
async def replay(data: ReplayRequest, db: Database, webhooks: Webhooks, actor: Actor) -> Webhook:
    """Events are kept thirty days."""
    return await webhooks.replay(db, _client(actor), data.after)


@get("/v1/webhook/events", who=_PARTNER, summary="The events, fetched", tags=["webhooks"])
async def events(
    db: Database,
    webhooks: Webhooks,
    actor: Actor,
    after: Annotated[int, Parameter(ge=0, le=2**62, description="the cursor of the last event seen")] = 0,
    limit: Annotated[int, Parameter(ge=1, le=PAGE)] = PAGE,
) -> PartnerEvents:
    """What a webhook would be told, for whoever missed some or has no address to be called at."""
    return await webhooks.events(db, _client(actor), after, limit)


def _client(actor: Actor) -> str:
    assert actor.client_id is not None
    return actor.client_id


route_handlers: list[Any] = [
    our_keys,
    dead_letters,
    send_again,
    set_aside,
    show,
    register,
    remove,
    replay,
    events,
]

"""A person's inbox and choices under /v1/me, receipts of the providers, and the dead letters of operators."""

from typing import Annotated, Any

from litestar import Request, delete, get, post, put
from litestar.params import Parameter

from kit.actor import ANYONE, Actor, citizen, officer
from kit.db import Database
from kit.keys import Keys
from kit.settings import Settings
from notifications import preferences, receipts
from notifications.inbox import PAGE, inbox_of
from notifications.messages import DeadLetter, DeviceRequest, Inbox, Preferences, PushDevice
from notifications.receipts import NotFromProvider
from notifications.service import PostOffice

_OPERATOR = officer("operator", scope="desk")
_RECEIPT_BYTES = 16_000

DeliveryId = Annotated[str, Parameter(pattern="^dlv_[0-9a-z]{26}$", description="the id of a letter")]


@get("/v1/me/messages", who=citizen("messages:read"), summary="My messages", tags=["messages"])
async def my_messages(
    db: Database,
    actor: Actor,
    before: Annotated[
        str | None, Parameter(pattern="^msg_[0-9a-z]{26}$", description="the id of the last message seen")
    ] = None,
    limit: Annotated[int, Parameter(ge=1, le=PAGE)] = PAGE,
) -> Inbox:
    """Newest first."""
    assert actor.account_id is not None
    async with db.connect() as conn:
        return await inbox_of(conn, actor.account_id, before=before, limit=limit)


@get("/v1/me/message-preferences", who=citizen("messages:read", own=True), summary="How I am told", tags=["messages"])
async def my_preferences(db: Database, actor: Actor) -> Preferences:
    assert actor.account_id is not None
    async with db.connect() as conn:
        return await preferences.of(conn, actor.account_id)


@put(
    "/v1/me/message-preferences",
    who=citizen("messages:read", own=True),
    summary="Choose how I am told",
    tags=["messages"],
)
async def choose_preferences(data: Preferences, db: Database, actor: Actor) -> Preferences:
    """The ways to try, in order, and the hours in which nothing rings. Warnings about the account itself go every way at any hour."""
    assert actor.account_id is not None
    return await preferences.choose(db, actor.account_id, data)


@get("/v1/me/push-devices", who=citizen("messages:read", own=True), summary="My push devices", tags=["messages"])
async def my_devices(db: Database, actor: Actor) -> list[PushDevice]:
    assert actor.account_id is not None
    return await preferences.devices(db, actor.account_id)


@post(
    "/v1/me/push-devices",
    who=citizen("messages:read", own=True),
    summary="Tell me on this device",
    tags=["messages"],
)
async def add_device(data: DeviceRequest, db: Database, keys: Keys, actor: Actor) -> PushDevice:
    """The token the app was given by Google or Apple; sent again, it is the same device."""
    assert actor.account_id is not None
    return await preferences.add_device(db, keys.key("contacts"), actor.account_id, data)


@delete(
    "/v1/me/push-devices/{device_id:str}",
    who=citizen("messages:read", own=True),
    summary="No longer on this device",
    tags=["messages"],
)
async def drop_device(
    device_id: Annotated[str, Parameter(pattern="^dev_[0-9a-z]{26}$", description="the id of a device")],
    db: Database,
    actor: Actor,
) -> None:
    assert actor.account_id is not None
    await preferences.drop_device(db, actor.account_id, device_id)


@get(
    "/v1/messages/receipts/esms/{shown:str}", who=ANYONE, summary="eSMS tells what became of an SMS", tags=["messages"]
)
async def esms_receipt(
    shown: Annotated[str, Parameter(max_length=80, description="the last part of the address we gave")],
    request: Request[Any, Any, Any],
    db: Database,
    keys: Keys,
    post_office: PostOffice,
) -> None:
    """A GET, for that is how eSMS calls back; the address itself is the proof, and the effect happens once."""
    receipt = receipts.of_esms(keys.key("contacts"), shown, dict(request.query_params.items()))
    if receipt is not None:
        await post_office.receive(db, receipt)


@post(
    "/v1/messages/receipts/zalo",
    who=ANYONE,
    summary="Zalo tells what became of a message",
    tags=["messages"],
    status_code=200,
    request_max_body_size=_RECEIPT_BYTES,
)
async def zalo_receipt(
    request: Request[Any, Any, Any], db: Database, keys: Keys, settings: Settings, post_office: PostOffice
) -> None:
    """Signed by Zalo (`X-ZEvent-Signature`)."""
    secret = keys.secret("zalo-webhook")
    if secret is None or settings.zalo_app_id is None:
        raise NotFromProvider
    receipt = receipts.of_zalo(
        settings.zalo_app_id, secret, await request.body(), request.headers.get("x-zevent-signature", "")
    )
    if receipt is not None:
        await post_office.receive(db, receipt)


@get("/v1/dead-letters", who=_OPERATOR, summary="Messages that did not leave", tags=["operators"])
async def dead_letters(
    db: Database,
    post_office: PostOffice,
    before: Annotated[
        str | None, Parameter(pattern="^dlv_[0-9a-z]{26}$", description="the id of the last letter seen")
    ] = None,
    limit: Annotated[int, Parameter(ge=1, le=PAGE)] = PAGE,
) -> list[DeadLetter]:
    """Newest first; kept two weeks. Neither address nor text is shown."""
    return await post_office.dead_letters(db, before=before, limit=limit)


@post(
    "/v1/dead-letters/{delivery_id:str}/attempts", who=_OPERATOR, summary="Send a dead letter again", tags=["operators"]
)
async def send_again(delivery_id: DeliveryId, db: Database, post_office: PostOffice) -> None:
    """With all its attempts before it."""
    await post_office.send_again(db, delivery_id)


route_handlers: list[Any] = [
    my_messages,
    my_preferences,
    choose_preferences,
    my_devices,
    add_device,
    drop_device,
    esms_receipt,
    zalo_receipt,
    dead_letters,
    send_again,
]

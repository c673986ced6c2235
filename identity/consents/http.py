"""/v1/me/consents: whom one allowed what, and taking it back."""

from typing import Any

from litestar import delete, get

from identity.consents import withdrawing
from identity.consents.messages import MyConsents
from kit.actor import Actor, citizen
from kit.db import Database

# A partner's app must not read what others are allowed.
_OWNER = citizen("consents", own=True)


@get("/v1/me/consents", who=_OWNER, summary="Whom I allowed what, and until when", tags=["consents"])
async def my_consents(db: Database, actor: Actor) -> MyConsents:
    """Newest first, ended ones among them."""
    assert actor.account_id is not None
    async with db.connect() as conn:
        return MyConsents(await withdrawing.all_of(conn, actor.account_id))


@delete("/v1/me/consents/{consent_id:str}", who=_OWNER, summary="Take a consent back", tags=["consents"])
async def withdraw(db: Database, actor: Actor, consent_id: str) -> None:
    """The app's tokens stop with the next call; what it was told before, it was told."""
    assert actor.account_id is not None
    await withdrawing.withdraw(db, actor.account_id, consent_id)


route_handlers: list[Any] = [my_consents, withdraw]

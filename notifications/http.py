"""GET /v1/me/messages: the person's own inbox."""

from typing import Annotated, Any

from litestar import get
from litestar.params import Parameter

from kit.actor import Actor, citizen
from kit.db import Database
from notifications.inbox import PAGE, inbox_of
from notifications.messages import Inbox


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


route_handlers: list[Any] = [my_messages]

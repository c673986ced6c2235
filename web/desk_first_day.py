"""`/desk/passkey`: an officer's first day. The code let them in once, to register the passkey they sign in by from then on.

The one page of the desk that needs JavaScript: a browser makes a passkey for a script alone.
"""

from typing import Annotated, Any

import msgspec
from litestar import MediaType, Response, get, post
from litestar.enums import RequestEncodingType
from litestar.params import Body

from identity import accounts
from identity.accounts.passkeys import by_browser
from identity.accounts.passkeys import service as passkeys
from identity.accounts.passkeys.http import ways
from identity.accounts.passkeys.messages import CeremonyReply
from identity.accounts.passkeys.service import Ways
from identity.tokens import own_pages
from identity.tokens.refusals import InvalidToken
from kit.actor import ANYONE, Actor, officer
from kit.refusal import Refusal
from web.at_desk import FIRST_DAY, HERE, QUEUE, SMALL, AtDesk
from web.sent import Sent

_ONESELF = officer(scope="account")
_WAYS: dict[str, Any] = {**HERE, "ways": ways}


class Asks(msgspec.Struct):
    csrf: Annotated[str, msgspec.Meta(max_length=100)] = ""


@get(FIRST_DAY, who=ANYONE, include_in_schema=False, media_type=MediaType.HTML, dependencies=HERE)
async def show(here: AtDesk) -> Response[str]:
    actor = await here.let_in(who=_ONESELF)
    if isinstance(actor, Response):
        return actor
    if accounts.is_stale(actor.auth_at, "ways_in"):
        return await here.at.sign_in_first(door=own_pages.DESK, again=True)
    return here.page("desk_first_day.html", actor)


@post(
    f"{FIRST_DAY}-options",
    who=ANYONE,
    include_in_schema=False,
    status_code=200,
    request_max_body_size=SMALL,
    dependencies=_WAYS,
)
async def options(
    here: AtDesk, ways: Ways, data: Annotated[Asks, Body(media_type=RequestEncodingType.URL_ENCODED)]
) -> CeremonyReply:
    """For the page's script."""
    here.at.refuse_strange(data.csrf)
    actor = await here.at.officer()
    if actor is None:
        raise InvalidToken
    return await passkeys.begin_registration(ways, actor)


@post(
    FIRST_DAY,
    who=ANYONE,
    include_in_schema=False,
    media_type=MediaType.HTML,
    status_code=303,
    request_max_body_size=SMALL,
    dependencies=_WAYS,
)
async def register(here: AtDesk, ways: Ways) -> Response[str]:
    """What the passkey signed; then in by it, at the queue."""

    async def verb(actor: Actor, sent: Sent) -> str:
        made = by_browser.registration(sent.one("credential"), sent.one("name"))
        await passkeys.finish_registration(ways, actor, sent.one("challenge"), made)
        return here.address(QUEUE)

    async def refused(actor: Actor, sent: Sent, refusal: Refusal) -> Response[str]:
        return here.page("desk_first_day.html", actor, problem=refusal)

    return await here.pressed(FIRST_DAY, verb, refused, who=_ONESELF)


route_handlers: list[Any] = [show, options, register]

"""`/desk/passkey`: an officer's first day. The code let them in once, to register the passkey they sign in by from then on.

The one page of the desk that needs JavaScript: a browser makes a passkey for a script alone.
"""

from typing import Annotated, Any

import msgspec
from litestar import MediaType, Response, get, post
from litestar.enums import RequestEncodingType
from litestar.params import Body

from identity import accounts
from identity.accounts.passkeys import service as passkeys
from identity.accounts.passkeys.http import ways
from identity.accounts.passkeys.messages import CeremonyReply, RegistrationAnswer
from identity.accounts.passkeys.refusals import PasskeyNotAccepted
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
        await passkeys.finish_registration(ways, actor, sent.one("challenge"), _answer(sent))
        return here.address(QUEUE)

    async def refused(actor: Actor, sent: Sent, refusal: Refusal) -> Response[str]:
        return here.page("desk_first_day.html", actor, problem=refusal)

    return await here.pressed(FIRST_DAY, verb, refused, who=_ONESELF)


def _answer(sent: Sent) -> RegistrationAnswer:
    """Refuses PasskeyNotAccepted for what is no JSON object, BadName for a name of other than one plain line."""
    try:
        credential = msgspec.json.decode(sent.one("credential"), type=dict[str, Any])
    except (msgspec.MsgspecError, RecursionError) as error:
        raise PasskeyNotAccepted from error
    try:
        return msgspec.convert({"credential": credential, "name": sent.one("name").strip()}, RegistrationAnswer)
    except msgspec.ValidationError as error:
        raise accounts.BadName from error


route_handlers: list[Any] = [show, options, register]

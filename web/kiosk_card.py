"""At the kiosk by card, face and code: for whoever has a card and a telephone that only rings."""

from dataclasses import dataclass, field
from typing import Annotated, Any

import msgspec
from litestar import MediaType, Response, get, post
from litestar.datastructures import UploadFile
from litestar.enums import RequestEncodingType
from litestar.params import Body

from dossiers import live
from dossiers.messages import LookupChallenge
from identity.proofing import card_sign_in
from identity.proofing.card_sign_in import CodeSent
from identity.proofing.http import desk
from identity.proofing.sessions import Desk
from identity.tokens import visiting, words_of
from identity.tokens.refusals import KioskVisitOver
from kit.actor import ANYONE
from kit.db import Database
from kit.settings import Settings
from web.kiosk import cookie_of, page_of, seconds_until
from web.signing_in import HttpRequest, to

_SMALL = 8_000
# Two photos of a card and forty small frames.
_PHOTO_BYTES = 25_000_000


@dataclass
class CardForm:
    """Both sides of the card, and the film that answers the challenge."""

    front: UploadFile
    back: UploadFile
    challenge: str = ""
    times: str = ""
    frames: list[UploadFile] = field(default_factory=list[UploadFile])


class Typed(msgspec.Struct, frozen=True):
    code: Annotated[str, msgspec.Meta(max_length=20)]
    allow: Annotated[list[Annotated[str, msgspec.Meta(max_length=60)]], msgspec.Meta(max_length=20)] = []


class Lent(msgspec.Struct, frozen=True):
    state: str = "in"


@get("/kiosk/card", who=ANYONE, include_in_schema=False, media_type=MediaType.HTML)
async def card(request: HttpRequest, settings: Settings, db: Database) -> Response[str]:
    """The steps; only while the kiosk waits for somebody."""
    try:
        async with db.begin() as conn:
            visit = await visiting.undecided(conn, cookie_of(request, settings))
    except KioskVisitOver:
        return to("/kiosk/visit")
    left = seconds_until(visit.expires_at)
    items = [(item, words_of(item)) for item in visit.items if item != "openid"]
    return page_of(request, settings, "kiosk_card.html", items=items, idle=left, left=left)


@post(
    "/kiosk/card/challenge",
    who=ANYONE,
    include_in_schema=False,
    status_code=200,
    dependencies={"desk": desk},
    request_max_body_size=_SMALL,
)
async def challenge(request: HttpRequest, settings: Settings, desk: Desk) -> LookupChallenge:
    """Good once and for two minutes, for this visit alone."""
    return live.told(await card_sign_in.draw(desk, cookie_of(request, settings)))


@post(
    "/kiosk/card",
    who=ANYONE,
    include_in_schema=False,
    status_code=200,
    dependencies={"desk": desk},
    request_max_body_size=_PHOTO_BYTES,
)
async def shown(
    request: HttpRequest,
    data: Annotated[CardForm, Body(media_type=RequestEncodingType.MULTI_PART, multipart_form_part_limit=50)],
    settings: Settings,
    desk: Desk,
) -> CodeSent:
    """A code is on its way if the card's holder has an account."""
    return await card_sign_in.show(
        desk,
        cookie_of(request, settings),
        front=await data.front.read(),
        back=await data.back.read(),
        challenge=data.challenge,
        frames=[await frame.read() for frame in data.frames],
        times=data.times,
    )


@post(
    "/kiosk/card/code",
    who=ANYONE,
    include_in_schema=False,
    status_code=200,
    dependencies={"desk": desk},
    request_max_body_size=_SMALL,
)
async def typed(request: HttpRequest, data: Typed, settings: Settings, desk: Desk) -> Lent:
    """What was ticked is lent to the screen."""
    await card_sign_in.enter(desk, cookie_of(request, settings), data.code, ticked=data.allow)
    return Lent()


route_handlers: list[Any] = [card, challenge, shown, typed]

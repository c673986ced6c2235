"""`/account/data`: what is known of a citizen, to take along, to have put right or erased, and to leave. Without JavaScript."""

from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, get_args

import msgspec
from litestar import MediaType, Response, get, post
from litestar.enums import RequestEncodingType
from litestar.params import Body

from dossiers.standing import Stand
from identity.accounts.authenticators.service import holder_of
from identity.accounts.leaving import service as leaving
from identity.accounts.leaving.messages import AskedKind, NewRequest
from identity.faces import FaceStore
from identity.mandates import Mandates
from kit import clock
from kit.actor import ANYONE, Actor
from kit.refusal import Refusal
from notifications import PostOffice
from web.pages import page
from web.signed_in import AT, AtBrowser

PAGE = "/account/data"
# Four thousand letters with their marks, as a form writes them: nine bytes each.
_SMALL = 50_000


class NothingSaid(Refusal):
    status = 422
    code = "nothing-said"
    vi = "Hãy chọn điều bạn yêu cầu và viết vài câu, tối đa 4.000 ký tự."
    en = "Choose what you ask for and write a few sentences, at most 4,000 characters."


class NotAgreed(Refusal):
    status = 422
    code = "closing-not-confirmed"
    vi = "Hãy đánh dấu rằng bạn đã đọc điều gì còn lại sau khi đóng tài khoản."
    en = "Tick that you have read what stays after the account is closed."


class Form(msgspec.Struct):
    """What the page's forms send; each sends some of it."""

    csrf: Annotated[str, msgspec.Meta(max_length=100)] = ""
    kind: Annotated[str, msgspec.Meta(max_length=20)] = ""
    said: Annotated[str, msgspec.Meta(max_length=8_000)] = ""
    read: Annotated[str, msgspec.Meta(max_length=10)] = ""


Sent = Annotated[Form, Body(media_type=RequestEncodingType.URL_ENCODED)]


@dataclass(frozen=True, slots=True)
class AtData:
    """Who asks for the page, and what its verbs stand on."""

    at: AtBrowser
    ways: leaving.Ways
    faces: FaceStore
    mandates: Mandates

    async def shown(self, actor: Actor, problem: Refusal | None = None, *, typed: Form | None = None) -> Response[str]:
        """The page, with what stands against what was asked."""
        told = page(
            self.at.request,
            "my_data.html",
            sandbox=self.at.settings.sandbox,
            here=PAGE,
            csrf=self.at.form_token(),
            problem=problem and problem.message,
            typed=typed or Form(),
            kinds=get_args(AskedKind),
            requests=await leaving.requests_of(self.ways.db, actor),
            face=await self.faces.kept(holder_of(actor)),
            stays=leaving.STAYS,
        )
        told.status_code = problem.status if problem else 200
        return told


async def at_data(at: AtBrowser, stand: Stand, post_office: PostOffice, faces: FaceStore, mandates: Mandates) -> AtData:
    ways = leaving.Ways(
        db=stand.db, keys=stand.keys, settings=at.settings, post_office=post_office, catalogue=stand.catalogue
    )
    return AtData(at, ways, faces, mandates)


_HERE: dict[str, Any] = {**AT, "here": at_data}

_button: Any = partial(
    post,
    who=ANYONE,
    include_in_schema=False,
    media_type=MediaType.HTML,
    status_code=303,
    request_max_body_size=_SMALL,
    dependencies=_HERE,
)
"""A route that a button of the page is sent to."""


@get(PAGE, who=ANYONE, include_in_schema=False, media_type=MediaType.HTML, dependencies=_HERE)
async def show(here: AtData) -> Response[str]:
    actor = await here.at.citizen()
    return await here.at.sign_in_first() if actor is None else await here.shown(actor)


@post(
    f"{PAGE}/export",
    who=ANYONE,
    include_in_schema=False,
    status_code=200,
    request_max_body_size=_SMALL,
    dependencies=_HERE,
)
async def export(here: AtData, data: Sent) -> Response[Any]:
    """One file, for a person and for machines."""
    given: list[bytes] = []

    async def verb(actor: Actor) -> None:
        told = await leaving.export(here.ways, here.faces, here.mandates, actor)
        given.append(msgspec.json.format(msgspec.json.encode(told)))

    done = await here.at.pressed(data.csrf, PAGE, verb, here.shown)
    if not given:
        return done
    name = f"motcua-{clock.today().isoformat()}.json"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(given[0], media_type="application/json", headers=headers)


@_button(f"{PAGE}/requests")
async def ask(here: AtData, data: Sent) -> Response[str]:
    """To correct, to object, to restrict or to delete; an operator answers."""

    async def verb(actor: Actor) -> None:
        try:
            # A browser ends lines as MIME does.
            said = data.said.replace("\r\n", "\n").strip()
            asked = msgspec.convert({"kind": data.kind, "said": said}, NewRequest)
        except msgspec.ValidationError as error:
            raise NothingSaid from error
        await leaving.ask(here.ways, actor, asked)

    async def refused(actor: Actor, refusal: Refusal) -> Response[str]:
        return await here.shown(actor, refusal, typed=data)

    return await here.at.pressed(data.csrf, PAGE, verb, refused)


@_button(f"{PAGE}/face-withdrawal")
async def withdraw_face(here: AtData, data: Sent) -> Response[str]:
    """Erased at once."""

    async def verb(actor: Actor) -> None:
        await here.faces.withdraw(holder_of(actor))

    return await here.at.pressed(data.csrf, PAGE, verb, here.shown)


@_button(f"{PAGE}/face-guard-withdrawal")
async def withdraw_face_guard(here: AtData, data: Sent) -> Response[str]:
    """The face stays for what else was agreed to."""

    async def verb(actor: Actor) -> None:
        await here.faces.end_guard(holder_of(actor))

    return await here.at.pressed(data.csrf, PAGE, verb, here.shown)


@post(
    f"{PAGE}/closure",
    who=ANYONE,
    include_in_schema=False,
    media_type=MediaType.HTML,
    status_code=200,
    request_max_body_size=_SMALL,
    dependencies=_HERE,
)
async def close(here: AtData, data: Sent) -> Response[str]:
    """For good; what stays is said before and after."""
    closed: list[Any] = []

    async def verb(actor: Actor) -> None:
        if data.read != "yes":
            raise NotAgreed
        closed.append(await leaving.close(here.ways, here.faces, here.mandates, actor))

    done = await here.at.pressed(data.csrf, PAGE, verb, here.shown)
    if not closed:
        return done
    return page(here.at.request, "account_over.html", sandbox=here.at.settings.sandbox, closed=closed[0])


route_handlers: list[Any] = [show, export, ask, withdraw_face, withdraw_face_guard, close]

"""`/account/ways`: a citizen's ways in, added, locked, unlocked, removed, reported lost; the whole account locked. Only a passkey needs JavaScript."""

from functools import partial
from typing import Annotated, Any, get_args

import msgspec
from litestar import MediaType, Response, get, post
from litestar.enums import RequestEncodingType
from litestar.params import Body, Parameter

from dossiers.standing import Stand
from identity.accounts.authenticators import service as authenticators
from identity.accounts.passkeys import by_browser
from identity.accounts.passkeys import service as passkeys
from identity.accounts.passkeys.http import ways as passkey_ways
from identity.accounts.passkeys.messages import CeremonyReply
from identity.accounts.passkeys.service import Ways as PasskeyWays
from identity.accounts.recovery import service as recovering
from identity.accounts.recovery.messages import RecoveryReason, RecoveryRequest
from identity.accounts.refusals import WrongCode
from identity.http import PathId
from identity.tokens.refusals import InvalidToken
from kit.actor import ANYONE, Actor
from kit.jobs import Jobs
from kit.refusal import Refusal
from notifications import PostOffice
from web.pages import page
from web.signed_in import AT, AtBrowser, Verb, in_language
from web.signing_in import to, trouble

PAGE = "/account/ways"
_SMALL = 16_000


class NothingLost(Refusal):
    status = 422
    code = "nothing-chosen"
    vi = "Hãy chọn điều đã xảy ra và ít nhất một cách đăng nhập bị mất."
    en = "Choose what happened, and at least one way in that is lost."


class Form(msgspec.Struct):
    """What the page's forms send; each sends some of it."""

    csrf: Annotated[str, msgspec.Meta(max_length=100)] = ""
    contact: Annotated[str, msgspec.Meta(max_length=254)] = ""
    code: Annotated[str, msgspec.Meta(max_length=20)] = ""
    reason: Annotated[str, msgspec.Meta(max_length=40)] = ""
    name: Annotated[str, msgspec.Meta(max_length=60)] = ""
    challenge: Annotated[str, msgspec.Meta(max_length=60)] = ""
    credential: Annotated[str, msgspec.Meta(max_length=12_000)] = ""
    # A form's one tick arrives as a text, two as a list.
    lost: list[str] | str = []

    @property
    def ticked(self) -> list[str]:
        return [self.lost] if isinstance(self.lost, str) else self.lost


Sent = Annotated[Form, Body(media_type=RequestEncodingType.URL_ENCODED)]


class AtWays(msgspec.Struct, frozen=True):
    """Who asks for the page, and what its verbs stand on."""

    at: AtBrowser
    stand: Stand
    ways: authenticators.Ways
    recovering: recovering.Ways

    async def shown(
        self,
        actor: Actor,
        problem: Refusal | None = None,
        *,
        confirmation: str | None = None,
        typed: str = "",
    ) -> Response[str]:
        """The page; with what stands against what was asked, or with the field for a code that is on its way."""
        held = await authenticators.authenticators_of(self.ways, actor)
        recoveries = await recovering.recoveries_of(self.stand.db, actor)
        told = page(
            self.at.request,
            "ways_in.html",
            sandbox=self.at.settings.sandbox,
            here=PAGE,
            csrf=self.at.form_token(),
            problem=problem and problem.message,
            ways=held,
            came_in_by=actor.authenticator_id,
            waiting=[one for one in recoveries if one.state == "waiting"],
            over=[one for one in recoveries if one.state != "waiting"],
            reasons=get_args(RecoveryReason),
            confirmation=confirmation,
            typed=typed,
        )
        told.status_code = problem.status if problem else 200
        if problem is not None and problem.retry_after_seconds is not None:
            told.headers["Retry-After"] = str(problem.retry_after_seconds)
        return told

    async def pressed(self, data: Form, verb: Verb) -> Response[str]:
        """What every button does: what it says, and back to the page."""
        return await self.at.pressed(data.csrf, PAGE, verb, self.shown)


async def at_ways(at: AtBrowser, stand: Stand, post_office: PostOffice, jobs: Jobs) -> AtWays:
    on: dict[str, Any] = {
        "db": stand.db, "keys": stand.keys, "settings": at.settings, "post_office": post_office, "limits": at.limits,
    }  # fmt: skip
    return AtWays(at, stand, authenticators.Ways(**on), recovering.Ways(**on, jobs=jobs))


_HERE: dict[str, Any] = {**AT, "here": at_ways}
_WITH_PASSKEYS: dict[str, Any] = {**_HERE, "ways": passkey_ways}

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
async def show(
    here: AtWays, confirm: Annotated[str | None, Parameter(pattern="^cfm_[0-9a-z]{26}$")] = None
) -> Response[str]:
    """With the field for a code that is on its way."""
    actor = await here.at.citizen()
    return await here.at.sign_in_first() if actor is None else await here.shown(actor, confirmation=confirm)


@_button(f"{PAGE}/{{authenticator_id:str}}/lock")
async def lock(here: AtWays, data: Sent, authenticator_id: PathId) -> Response[str]:
    """A lost phone or key signs nobody in any more."""

    async def verb(actor: Actor) -> None:
        await authenticators.lock(here.ways, actor, authenticator_id)

    return await here.pressed(data, verb)


@_button(f"{PAGE}/{{authenticator_id:str}}/unlock")
async def unlock(here: AtWays, data: Sent, authenticator_id: PathId) -> Response[str]:
    """By who came in another way since."""

    async def verb(actor: Actor) -> None:
        await authenticators.unlock(here.ways, actor, authenticator_id)

    return await here.pressed(data, verb)


@_button(f"{PAGE}/{{authenticator_id:str}}/removal")
async def remove(here: AtWays, data: Sent, authenticator_id: PathId) -> Response[str]:
    """The one that one came in by, and never the last."""

    async def verb(actor: Actor) -> None:
        await authenticators.remove(here.ways, actor, authenticator_id)

    return await here.pressed(data, verb)


@_button(f"{PAGE}/contacts")
async def begin_contact(here: AtWays, data: Sent) -> Response[str]:
    """A code goes to the phone or address; the page asks for it."""

    async def verb(actor: Actor) -> str:
        begun = await authenticators.begin_contact(here.ways, actor, data.contact)
        return f"confirm={begun.id}"

    async def refused(actor: Actor, refusal: Refusal) -> Response[str]:
        return await here.shown(actor, refusal, typed=data.contact)

    return await here.at.pressed(data.csrf, PAGE, verb, refused)


@_button(f"{PAGE}/contacts/{{confirmation_id:str}}/code")
async def confirm_contact(here: AtWays, data: Sent, confirmation_id: PathId) -> Response[str]:
    """From now on it signs in; after a wrong code the field is there again."""

    async def verb(actor: Actor) -> None:
        await authenticators.confirm_contact(here.ways, actor, confirmation_id, "".join(data.code.split()))

    async def refused(actor: Actor, refusal: Refusal) -> Response[str]:
        again = confirmation_id if isinstance(refusal, WrongCode) else None
        return await here.shown(actor, refusal, confirmation=again)

    return await here.at.pressed(data.csrf, PAGE, verb, refused)


@post(
    f"{PAGE}/passkey-options",
    who=ANYONE,
    include_in_schema=False,
    status_code=200,
    request_max_body_size=_SMALL,
    dependencies=_WITH_PASSKEYS,
)
async def passkey_options(here: AtWays, ways: PasskeyWays, data: Sent) -> CeremonyReply:
    """For the page's script."""
    here.at.refuse_strange(data.csrf)
    actor = await here.at.citizen()
    if actor is None:
        raise InvalidToken
    return await passkeys.begin_registration(ways, actor)


@post(
    f"{PAGE}/passkey",
    who=ANYONE,
    include_in_schema=False,
    media_type=MediaType.HTML,
    status_code=303,
    request_max_body_size=_SMALL,
    dependencies=_WITH_PASSKEYS,
)
async def add_passkey(here: AtWays, ways: PasskeyWays, data: Sent) -> Response[str]:
    """What the browser's new passkey signed."""

    async def verb(actor: Actor) -> None:
        made = by_browser.registration(data.credential, data.name)
        await passkeys.finish_registration(ways, actor, data.challenge, made)

    return await here.pressed(data, verb)


@_button(f"{PAGE}/loss")
async def report_loss(here: AtWays, data: Sent) -> Response[str]:
    """By who came in another way: it goes after a wait in which every old channel can stop it."""

    async def verb(actor: Actor) -> None:
        try:
            asked = msgspec.convert({"reason": data.reason, "lost": data.ticked}, RecoveryRequest)
        except msgspec.ValidationError as error:
            raise NothingLost from error
        await recovering.begin_by_second_factor(here.recovering, actor, asked)

    return await here.pressed(data, verb)


@_button(f"{PAGE}/recoveries/{{recovery_id:str}}/stop")
async def stop_recovery(here: AtWays, data: Sent, recovery_id: PathId) -> Response[str]:
    """Nothing changes then."""

    async def verb(actor: Actor) -> None:
        await recovering.cancel_signed_in(here.recovering, actor, recovery_id)

    return await here.pressed(data, verb)


@post(
    "/account/lock",
    who=ANYONE,
    include_in_schema=False,
    media_type=MediaType.HTML,
    status_code=200,
    request_max_body_size=_SMALL,
    dependencies=_HERE,
)
async def lock_account(here: AtWays, data: Sent) -> Response[str]:
    """Every session ends, this one too; an officer unlocks it."""
    try:
        here.at.refuse_strange(data.csrf)
    except Refusal as refusal:
        return trouble(here.at.request, here.at.settings, refusal)
    actor = await here.at.citizen()
    if actor is None:
        return to(in_language(here.at.request, PAGE))
    await authenticators.lock_account(here.ways, actor)
    return page(here.at.request, "account_over.html", sandbox=here.at.settings.sandbox, closed=None)


route_handlers: list[Any] = [
    show,
    lock,
    unlock,
    remove,
    begin_contact,
    confirm_contact,
    passkey_options,
    add_passkey,
    report_loss,
    stop_recovery,
    lock_account,
]

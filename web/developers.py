"""For partners: what there is to know, ready-made sandbox clients, and looking after apps of one's own."""

from typing import Annotated, Any

import msgspec
from litestar import MediaType, Response, get, post
from litestar.enums import RequestEncodingType
from litestar.params import Body

from identity.accounts.freshness import refuse_stale
from identity.accounts.refusals import SignInTooOld
from identity.http import PathId
from identity.partners import service as partners
from identity.partners.messages import NewSecret, Wanted
from identity.partners.service import Ways
from identity.tokens import SCOPES, Issuer, sandbox_errors, words_of
from kit.actor import ANYONE, Actor, InsufficientLevel
from kit.keys import Keys
from kit.refusal import Fault, Invalid, Refusal, fault
from kit.settings import Settings
from notifications import PostOffice
from web.account import Button
from web.pages import page
from web.sandbox import people
from web.signed_in import AT, AtBrowser
from web.signing_in import HttpRequest, to, trouble

_APPS = "/developers/apps"
_LEVEL = 2
_SCOPES = [name for name in SCOPES if name in partners.SCOPES]
_LONG = 4_000


class AppForm(msgspec.Struct):
    """The form of an app, as typed."""

    csrf: Annotated[str, msgspec.Meta(max_length=100)] = ""
    name: Annotated[str, msgspec.Meta(max_length=200)] = ""
    kind: Annotated[str, msgspec.Meta(max_length=20)] = ""
    purpose_vi: Annotated[str, msgspec.Meta(max_length=_LONG)] = ""
    purpose_en: Annotated[str, msgspec.Meta(max_length=_LONG)] = ""
    redirect_uris: Annotated[str, msgspec.Meta(max_length=_LONG)] = ""
    keys: Annotated[str, msgspec.Meta(max_length=_LONG)] = ""
    stays: Annotated[str, msgspec.Meta(max_length=10)] = ""
    # A form's one tick arrives as a text, two as a list.
    scope: list[str] | str = []

    @property
    def scopes(self) -> list[str]:
        return [self.scope] if isinstance(self.scope, str) else self.scope


Typed = Annotated[AppForm, Body(media_type=RequestEncodingType.URL_ENCODED)]


@get("/developers", who=ANYONE, include_in_schema=False, media_type=MediaType.HTML)
async def developers(request: HttpRequest, settings: Settings, issuer: Issuer) -> Response[str]:
    clients = [one for one in people().clients if not one.first_party] if settings.sandbox else []
    return page(
        request,
        "developers.html",
        sandbox=settings.sandbox,
        here="/developers",
        issuer=issuer.url,
        clients=clients,
        errors=list(sandbox_errors.every().values()) if settings.sandbox else [],
    )


@get(_APPS, who=ANYONE, include_in_schema=False, media_type=MediaType.HTML, dependencies=AT)
async def apps(at: AtBrowser) -> Response[str]:
    """One's own, and the form for another."""
    actor = await at.citizen()
    if actor is None or _stale(actor):
        return await at.sign_in_first(again=actor is not None)
    return await _shown(at, actor)


@post(
    _APPS,
    who=ANYONE,
    include_in_schema=False,
    media_type=MediaType.HTML,
    status_code=303,
    request_max_body_size=16_000,
    dependencies=AT,
)
async def ask(at: AtBrowser, data: Typed, keys: Keys, post_office: PostOffice) -> Response[str]:
    """Asks for an app; with what is wrong beside what was typed."""
    actor = await _allowed(at, data.csrf)
    if isinstance(actor, Response):
        return actor
    try:
        wanted = _wanted(data)
        await partners.apply(_ways(at, keys, post_office), actor, wanted)
    except Refusal as refusal:
        return await _shown(at, actor, problem=refusal, typed=data)
    return to(_here(at.request))


@post(
    f"{_APPS}/{{client_id:str}}/secret",
    who=ANYONE,
    include_in_schema=False,
    media_type=MediaType.HTML,
    status_code=200,
    dependencies=AT,
)
async def secret(at: AtBrowser, data: Button, keys: Keys, post_office: PostOffice, client_id: PathId) -> Response[str]:
    """A new one, on the page this once."""
    actor = await _allowed(at, data.csrf)
    if isinstance(actor, Response):
        return actor
    ways = _ways(at, keys, post_office)
    try:
        made = await partners.renew_secret(ways, actor, client_id)
    except Refusal as refusal:
        return await _shown(at, actor, problem=refusal)
    return await _shown(at, actor, made=made)


@post(
    f"{_APPS}/{{client_id:str}}/old-secret",
    who=ANYONE,
    include_in_schema=False,
    media_type=MediaType.HTML,
    status_code=303,
    dependencies=AT,
)
async def end_old_secret(
    at: AtBrowser, data: Button, keys: Keys, post_office: PostOffice, client_id: PathId
) -> Response[str]:
    """Only the newest is good from now on."""
    actor = await _allowed(at, data.csrf)
    if isinstance(actor, Response):
        return actor
    try:
        await partners.end_old_secret(_ways(at, keys, post_office), actor, client_id)
    except Refusal as refusal:
        return await _shown(at, actor, problem=refusal)
    return to(_here(at.request))


def _ways(at: AtBrowser, keys: Keys, post_office: PostOffice) -> Ways:
    return Ways(db=at.db, keys=keys, settings=at.settings, post_office=post_office)


async def _allowed(at: AtBrowser, token: str) -> Actor | Response[str]:
    """Who pressed the button; or the page that says why nobody did."""
    try:
        at.refuse_strange(token)
    except Refusal as refusal:
        return trouble(at.request, at.settings, refusal)
    actor = await at.citizen()
    if actor is None or _stale(actor):
        return to(_here(at.request))
    if actor.level < _LEVEL:
        return await _shown(at, actor)
    return actor


def _stale(actor: Actor) -> bool:
    try:
        refuse_stale(actor, "applications")
    except SignInTooOld:
        return True
    return False


def _here(request: HttpRequest) -> str:
    asked = request.query_params.get("lang")
    return f"{_APPS}?lang={asked}" if asked in ("vi", "en") else _APPS


def _wanted(form: AppForm) -> Wanted:
    """What was typed as the API takes it. Refuses Invalid, naming the fields."""
    lines = [line.strip() for line in form.redirect_uris.splitlines() if line.strip()]
    faults: list[Fault] = []
    try:
        keys = msgspec.json.decode(form.keys, type=dict[str, list[dict[str, Any]]])["keys"] if form.keys.strip() else []
    except (msgspec.DecodeError, KeyError):
        keys = []
        faults.append(fault("keys", "no-jwks", "Khoá phải là một JWK Set.", "The keys are a JWK Set."))
    if not form.scopes:
        faults.append(fault("scope", "missing", "Hãy chọn ít nhất một quyền.", "Choose at least one scope."))
    if not lines:
        faults.append(fault("redirect_uris", "missing", "Hãy nhập địa chỉ quay lại.", "Give a redirect address."))
    empty = [name for name in ("name", "purpose_vi", "purpose_en") if not getattr(form, name).strip()]
    faults += [fault(name, "missing", "Hãy điền đủ tên và mục đích.", "Fill in name and purpose.") for name in empty]
    if form.kind not in ("public", "confidential"):
        faults.append(fault("kind", "missing", "Hãy chọn loại ứng dụng.", "Choose the kind of app."))
    if faults:
        raise Invalid(faults=faults)
    try:
        return msgspec.convert(
            {
                "name": form.name.strip(),
                "kind": form.kind,
                "purpose": {"vi": form.purpose_vi.strip(), "en": form.purpose_en.strip()},
                "scopes": form.scopes,
                "redirect_uris": lines,
                "public_keys": keys,
                "stays_signed_in": form.stays == "yes",
            },
            Wanted,
        )
    except msgspec.ValidationError as error:
        raise Invalid(
            faults=[fault("form", "malformed", "Có mục quá dài hoặc có ký tự lạ.", str(error).partition(" - ")[0])]
        ) from error


async def _shown(
    at: AtBrowser,
    actor: Actor,
    *,
    problem: Refusal | None = None,
    typed: AppForm | None = None,
    made: NewSecret | None = None,
) -> Response[str]:
    if actor.level < _LEVEL:
        problem = InsufficientLevel.of(actor, _LEVEL)
    told = page(
        at.request,
        "developers_apps.html",
        sandbox=at.settings.sandbox,
        here=_APPS,
        csrf=at.form_token(),
        may=actor.level >= _LEVEL,
        problem=problem and problem.message,
        faults=[] if problem is None else problem.faults,
        typed=typed or AppForm(),
        made=made,
        mine=await partners.clients_of(at.db, actor),
        scopes=[(name, words_of(name)) for name in _SCOPES],
    )
    told.status_code = problem.status if problem else 200
    return told


route_handlers: list[Any] = [developers, apps, ask, secret, end_old_secret]

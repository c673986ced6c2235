"""For partners: what there is to know, ready-made sandbox clients, and looking after apps of one's own."""

from typing import Annotated, Any
from urllib.parse import urlencode

import msgspec
from litestar import MediaType, Response, get, post
from litestar.enums import RequestEncodingType
from litestar.params import Body, Parameter

from identity import mandates as acting
from identity.accounts.freshness import refuse_stale
from identity.accounts.refusals import SignInTooOld
from identity.http import PathId
from identity.mandates import MandateUnknown
from identity.partners import service as partners
from identity.partners.http import ways
from identity.partners.messages import NewSecret, Wanted
from identity.partners.service import Ways
from identity.tokens import SCOPES, Issuer, sandbox_errors, words_of
from identity.tokens.scopes import NOT_LENT
from kit.actor import ANYONE, Actor, InsufficientLevel
from kit.refusal import Fault, Invalid, Refusal, fault
from kit.settings import Settings
from web.pages import page
from web.sandbox import people
from web.signed_in import AT, AtBrowser
from web.signing_in import HttpRequest, to, trouble

_APPS = "/developers/apps"
_LEVEL = 2
_WITH = AT | {"ways": ways}
_SCOPES = [name for name in SCOPES if name in partners.SCOPES]
_LONG = 4_000


Behalf = Annotated[str, msgspec.Meta(max_length=60, pattern="^[0-9a-z_]*$")]
"""The mandate of who represents an enterprise whose apps these are; empty for one's own."""


class Pressed(msgspec.Struct):
    """A form with one button."""

    csrf: Annotated[str, msgspec.Meta(max_length=100)] = ""
    behalf: Behalf = ""


Button = Annotated[Pressed, Body(media_type=RequestEncodingType.URL_ENCODED)]


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
    resources: Annotated[str, msgspec.Meta(max_length=_LONG)] = ""
    # Of the form of a service.
    service_uri: Annotated[str, msgspec.Meta(max_length=_LONG)] = ""
    service_vi: Annotated[str, msgspec.Meta(max_length=_LONG)] = ""
    service_en: Annotated[str, msgspec.Meta(max_length=_LONG)] = ""
    what: Annotated[str, msgspec.Meta(max_length=10)] = ""
    behalf: Behalf = ""
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


@get(_APPS, who=ANYONE, include_in_schema=False, media_type=MediaType.HTML, dependencies=_WITH)
async def apps(
    at: AtBrowser,
    ways: Ways,
    behalf: Annotated[str, Parameter(query="for", pattern="^[0-9a-z_]{0,60}$")] = "",
) -> Response[str]:
    """One's own, or those of an enterprise one represents, and the forms for another."""
    actor = await at.citizen()
    if actor is None or _stale(actor):
        return await at.sign_in_first(again=actor is not None)
    return await _shown(at, ways, actor, behalf)


@post(
    _APPS,
    who=ANYONE,
    include_in_schema=False,
    media_type=MediaType.HTML,
    status_code=303,
    request_max_body_size=16_000,
    dependencies=_WITH,
)
async def ask(at: AtBrowser, data: Typed, ways: Ways) -> Response[str]:
    """Asks for an app or a service; with what is wrong beside what was typed."""
    actor = await _allowed(at, ways, data)
    if isinstance(actor, Response):
        return actor
    try:
        await partners.apply(ways, actor, _wanted(data), behalf=data.behalf or None)
    except Refusal as refusal:
        return await _shown(at, ways, actor, data.behalf, problem=refusal, typed=data)
    return to(_here(at.request, data.behalf))


@post(
    f"{_APPS}/{{client_id:str}}/secret",
    who=ANYONE,
    include_in_schema=False,
    media_type=MediaType.HTML,
    status_code=200,
    dependencies=_WITH,
)
async def secret(at: AtBrowser, data: Button, ways: Ways, client_id: PathId) -> Response[str]:
    """A new one, on the page this once."""
    actor = await _allowed(at, ways, data)
    if isinstance(actor, Response):
        return actor
    try:
        made = await partners.renew_secret(ways, actor, client_id, behalf=data.behalf or None)
    except Refusal as refusal:
        return await _shown(at, ways, actor, data.behalf, problem=refusal)
    return await _shown(at, ways, actor, data.behalf, made=made)


@post(
    f"{_APPS}/{{client_id:str}}/old-secret",
    who=ANYONE,
    include_in_schema=False,
    media_type=MediaType.HTML,
    status_code=303,
    dependencies=_WITH,
)
async def end_old_secret(at: AtBrowser, data: Button, ways: Ways, client_id: PathId) -> Response[str]:
    """Only the newest is good from now on."""
    actor = await _allowed(at, ways, data)
    if isinstance(actor, Response):
        return actor
    try:
        await partners.end_old_secret(ways, actor, client_id, behalf=data.behalf or None)
    except Refusal as refusal:
        return await _shown(at, ways, actor, data.behalf, problem=refusal)
    return to(_here(at.request, data.behalf))


async def _allowed(at: AtBrowser, ways: Ways, form: AppForm | Pressed) -> Actor | Response[str]:
    """Who pressed the button; or the page that says why nobody did."""
    try:
        at.refuse_strange(form.csrf)
    except Refusal as refusal:
        return trouble(at.request, at.settings, refusal)
    actor = await at.citizen()
    if actor is None or _stale(actor):
        return to(_here(at.request, form.behalf))
    if actor.level < _LEVEL:
        return await _shown(at, ways, actor, "")
    return actor


def _stale(actor: Actor) -> bool:
    try:
        refuse_stale(actor, "applications")
    except SignInTooOld:
        return True
    return False


def _here(request: HttpRequest, behalf: str) -> str:
    asked = request.query_params.get("lang")
    said = {"lang": asked if asked in ("vi", "en") else None, "for": behalf}
    query = urlencode({name: value for name, value in said.items() if value})
    return f"{_APPS}?{query}" if query else _APPS


def _wanted(form: AppForm) -> Wanted:
    """What was typed as the API takes it. Refuses Invalid, naming the fields."""
    lines, service = _lines(form.redirect_uris), form.what == "service"
    faults: list[Fault] = []
    try:
        keys = msgspec.json.decode(form.keys, type=dict[str, list[dict[str, Any]]])["keys"] if form.keys.strip() else []
    except (msgspec.DecodeError, KeyError):
        keys = []
        faults.append(fault("keys", "no-jwks", "Khoá phải là một JWK Set.", "The keys are a JWK Set."))
    if not form.scopes:
        faults.append(fault("scope", "missing", "Hãy chọn ít nhất một quyền.", "Choose at least one scope."))
    if not lines and not service:
        faults.append(fault("redirect_uris", "missing", "Hãy nhập địa chỉ quay lại.", "Give a redirect address."))
    empty = [name for name in ("name", "purpose_vi", "purpose_en") if not getattr(form, name).strip()]
    faults += [fault(name, "missing", "Hãy điền đủ tên và mục đích.", "Fill in name and purpose.") for name in empty]
    if service and not all(text.strip() for text in (form.service_uri, form.service_vi, form.service_en)):
        faults.append(
            fault(
                "service_uri",
                "missing",
                "Hãy điền địa chỉ và tên của dịch vụ.",
                "Fill in the service's address and names.",
            )
        )
    if form.kind not in ("public", "confidential") and not service:
        faults.append(fault("kind", "missing", "Hãy chọn loại ứng dụng.", "Choose the kind of app."))
    if faults:
        raise Invalid(faults=faults)
    try:
        return msgspec.convert(
            {
                "name": form.name.strip(),
                "kind": "confidential" if service else form.kind,
                "purpose": {"vi": form.purpose_vi.strip(), "en": form.purpose_en.strip()},
                "scopes": form.scopes,
                "redirect_uris": lines,
                "public_keys": keys,
                "stays_signed_in": form.stays == "yes",
                "resources": _lines(form.resources),
                "service": {
                    "uri": form.service_uri.strip(),
                    "name": {"vi": form.service_vi.strip(), "en": form.service_en.strip()},
                }
                if service
                else None,
            },
            Wanted,
        )
    except msgspec.ValidationError as error:
        raise Invalid(
            faults=[fault("form", "malformed", "Có mục quá dài hoặc có ký tự lạ.", str(error).partition(" - ")[0])]
        ) from error


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


async def _shown(
    at: AtBrowser,
    ways: Ways,
    actor: Actor,
    behalf: str,
    *,
    problem: Refusal | None = None,
    typed: AppForm | None = None,
    made: NewSecret | None = None,
) -> Response[str]:
    if actor.level < _LEVEL:
        problem = InsufficientLevel.of(actor, _LEVEL)
    held = (await acting.my_mandates(ways.mandates, actor)).held
    represented = [one for one in held if one.kind == "representative" and one.state == "standing"]
    if behalf and behalf not in {one.id for one in represented}:
        # Another's mandate, one that rests, a delegate's: nothing of the enterprise is shown.
        behalf, problem, made = "", problem or MandateUnknown(), None
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
        blank=AppForm(),
        made=made,
        mine=await partners.clients_of(ways, actor, behalf=behalf or None),
        represented=represented,
        behalf=behalf,
        scopes=[(name, words_of(name)) for name in _SCOPES],
        service_scopes=[(name, words_of(name)) for name in _SCOPES if name not in NOT_LENT],
    )
    told.status_code = problem.status if problem else 200
    return told


route_handlers: list[Any] = [developers, apps, ask, secret, end_old_secret]

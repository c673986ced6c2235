"""/v1/oauth/* and the well-known documents."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlsplit

from litestar import HttpMethod, Request, Response, get, post, route
from litestar.openapi import ResponseSpec
from litestar.openapi.spec import OpenAPIMediaType, OpenAPIType, Operation, Parameter, Reference, RequestBody, Schema

from identity.tokens import asgi, ended, rfc6749, rfc8693, sandbox_errors, service, userinfo
from identity.tokens.issuer import Issuer
from identity.tokens.messages import (
    DeviceReply,
    EndedGrants,
    Introspection,
    OAuthProblem,
    PushedReply,
    TokenReply,
    UserInfo,
)
from identity.tokens.rfc6749 import OAuthError
from identity.tokens.rfc8414 import GRANTS
from identity.tokens.sandbox_errors import HEADER, Place, SandboxError
from kit.actor import ANYONE, Actor, citizen, either, officer
from kit.db import Database
from kit.keys import Keys
from kit.limits import Limits
from kit.refusal import NotFound, Refusal

_T = TypeVar("_T")

_PUBLIC = {"Cache-Control": "public, max-age=300"}
_ERRORS = {
    status: ResponseSpec(data_container=OAuthProblem, description=words, generate_examples=False)
    for status, words in (
        (400, "RFC 6749 §5.2"),
        (401, "the client is unknown or did not authenticate"),
        (415, "not a form"),
        (429, "too many calls; see Retry-After"),
        (503, "temporarily unavailable; see Retry-After"),
    )
}
# RFC 6750 §3.1: its address stands in the metadata, so any other token hears what it lacks.
_PEOPLE = either(citizen("openid"), officer(scope="openid"), told=True)


def _form(required: list[str], properties: dict[str, str]) -> RequestBody:
    texts: dict[str, Reference | Schema] = {
        name: Schema(type=OpenAPIType.STRING, description=words) for name, words in properties.items()
    }
    schema = Schema(type=OpenAPIType.OBJECT, properties=texts, required=required)
    return RequestBody(content={rfc6749.FORM: OpenAPIMediaType(schema=schema)}, required=True)


def dpop_header(*, required: bool) -> Parameter:
    """Read from the request, since two of them must be seen to be refused; here it is described."""
    return Parameter(
        name="DPoP",
        param_in="header",
        required=required,
        description="RFC 9449: a proof of the device key, by ES256, new for each call; what follows is bound to that key",
        schema=Schema(type=OpenAPIType.STRING),
    )


@dataclass
class _TokenOperation(Operation):
    def __post_init__(self) -> None:
        self.parameters = [*(self.parameters or []), dpop_header(required=False)]
        self.request_body = _form(
            ["grant_type"],
            {
                "grant_type": " or ".join(GRANTS),
                "client_id": "of a client that does not authenticate by Basic",
                "client_secret": "of a confidential client that does not authenticate by Basic",
                "code": "from a sign-in or a proofing session",
                "code_verifier": "RFC 7636",
                "redirect_uri": "where the code was sent, if it was sent through a browser",
                "device_code": "RFC 8628: of the device that waits",
                "refresh_token": "the newest one; it is good once",
                "scope": "fewer than all the client may have, or than were granted",
                "resource": "RFC 8707: the service the token is for, among those granted; may stand several times",
                "subject_token": "RFC 8693: an access token of a client whose tokens this one may exchange",
                "subject_token_type": rfc8693.ACCESS_TOKEN,
                "actor_token": "RFC 8693: of who acts, where it is not the client itself",
                "actor_token_type": rfc8693.ACCESS_TOKEN,
                "audience": "RFC 8693: a service by the client it asks about tokens with",
            },
        )


@dataclass
class _PushOperation(Operation):
    def __post_init__(self) -> None:
        self.parameters = [*(self.parameters or []), dpop_header(required=False)]
        self.request_body = _form(
            ["client_id", "response_type", "code_challenge", "code_challenge_method"],
            {
                "client_id": "who asks; a confidential client also authenticates",
                "client_secret": "of a confidential client that does not authenticate otherwise",
                "response_type": "code",
                "redirect_uri": "one that was registered",
                "scope": "what is asked of the person",
                "state": "comes back as it was sent",
                "nonce": "returned in the ID token",
                "code_challenge": "RFC 7636",
                "code_challenge_method": "S256",
                "dpop_jkt": "RFC 9449 §10",
                "resource": "RFC 8707: a service the token will be for; may stand several times",
            },
        )


@dataclass
class _DeviceOperation(Operation):
    def __post_init__(self) -> None:
        self.request_body = _form(
            [],
            {
                "client_id": "of a client that does not authenticate by Basic",
                "client_secret": "of a client that does not authenticate otherwise",
                "scope": "what is asked of the person; all the client may have when absent",
                "resource": "RFC 8707: a service the token will be for; may stand several times",
            },
        )


@dataclass
class _RevokeOperation(Operation):
    def __post_init__(self) -> None:
        self.request_body = _form(
            ["token"],
            {
                "token": "an access or a refresh token: with either the whole sign-in ends",
                "client_id": "of a client that does not authenticate by Basic",
                "client_secret": "of a confidential client that does not authenticate by Basic",
            },
        )


def _refused(error: OAuthError | Refusal) -> Response[Any]:
    problem, status, headers = asgi.problem_of(error)
    return Response(problem, status_code=status, headers=headers)


async def _sent(request: Request[Any, Any, Any]) -> tuple[dict[str, str], str | None]:
    """The form and the one Authorization header."""
    shown = request.headers.getall("authorization", [])
    if len(shown) > 1:
        raise rfc6749.invalid_request("authenticate once")
    return rfc6749.form(request.headers.get("content-type"), await request.body()), shown[0] if shown else None


async def _answered(
    request: Request[Any, Any, Any],
    place: Place,
    db: Database,
    issuer: Issuer,
    limits: Limits,
    address: str,
    verb: Callable[[dict[str, str], str | None], Awaitable[_T]],
    *,
    status: int = 200,
) -> Response[_T]:
    """What every endpoint that takes a form does with its verb: counts, reads, answers or refuses; nothing of it is cached."""
    try:
        await limits.hit("token", address)
        sent, authorization = await _sent(request)
        if issuer.sandbox and (wanted := request.headers.get(HEADER)):
            async with db.connect() as conn:
                await sandbox_errors.fail_at_endpoint(conn, wanted, place, sent, authorization)
        reply = await verb(sent, authorization)
    except (OAuthError, Refusal) as error:
        return _refused(error)
    return Response(reply, status_code=status, headers=asgi.NO_STORE)


@post(
    asgi.PATH,
    who=ANYONE,
    client_in_header=True,
    status_code=200,
    summary="Exchange a code, a refresh token or a client's credentials for an access token",
    tags=["tokens"],
    request_max_body_size=asgi.SMALL,
    operation_class=_TokenOperation,
    responses=_ERRORS,
)
async def token() -> Response[TokenReply]:
    """RFC 6749 with PKCE (RFC 7636, S256) and DPoP (RFC 9449). Errors are `{"error", "error_description"}`."""
    # Answered by `asgi.before`, which stands in front of the router; here it is described, and refuses other methods.
    raise NotFound


@post(
    "/v1/oauth/par",
    who=ANYONE,
    client_in_header=True,
    status_code=201,
    summary="Push an authorization request",
    tags=["tokens"],
    request_max_body_size=asgi.SMALL,
    operation_class=_PushOperation,
    responses=_ERRORS,
)
async def pushed(
    request: Request[Any, Any, Any], db: Database, issuer: Issuer, limits: Limits, address: str
) -> Response[PushedReply]:
    """RFC 9126: the parameters of the authorization endpoint, and the client's authentication. The answer goes there as `request_uri`."""
    dpop = request.headers.getall("dpop", [])

    async def verb(sent: dict[str, str], authorization: str | None) -> PushedReply:
        return await service.push(db, issuer, sent, authorization=authorization, dpop=dpop)

    return await _answered(request, "par", db, issuer, limits, address, verb, status=201)


@post(
    "/v1/oauth/device_authorization",
    who=ANYONE,
    client_in_header=True,
    status_code=200,
    summary="Ask for a code to show on a kiosk or screen",
    tags=["tokens"],
    request_max_body_size=asgi.SMALL,
    operation_class=_DeviceOperation,
    responses=_ERRORS,
)
async def device_authorization(
    request: Request[Any, Any, Any], db: Database, issuer: Issuer, limits: Limits, address: str
) -> Response[DeviceReply]:
    """RFC 8628: the person decides at `verification_uri` on their own phone; meanwhile ask the token endpoint. At a kiosk this ends
    whatever the person before lent it."""

    async def verb(sent: dict[str, str], authorization: str | None) -> DeviceReply:
        return await service.start_device(db, issuer, sent, authorization=authorization)

    return await _answered(request, "device_authorization", db, issuer, limits, address, verb)


@post(
    "/v1/oauth/introspect",
    who=ANYONE,
    client_in_header=True,
    status_code=200,
    summary="Ask about a token of one's own",
    tags=["tokens"],
    request_max_body_size=asgi.SMALL,
    operation_class=_RevokeOperation,
    responses=_ERRORS,
)
async def introspect(
    request: Request[Any, Any, Any], db: Database, issuer: Issuer, limits: Limits, address: str
) -> Response[Introspection]:
    """RFC 7662, for confidential clients; `{"active": false}` and nothing else for any token that is not theirs and in force."""

    async def verb(sent: dict[str, str], authorization: str | None) -> Introspection:
        return await service.introspect(db, issuer, sent, authorization=authorization)

    return await _answered(request, "introspect", db, issuer, limits, address, verb)


@post(
    "/v1/oauth/revoke",
    who=ANYONE,
    client_in_header=True,
    status_code=200,
    summary="Give a token back",
    tags=["tokens"],
    request_max_body_size=asgi.SMALL,
    operation_class=_RevokeOperation,
    responses=_ERRORS,
)
async def revoke(
    request: Request[Any, Any, Any], db: Database, issuer: Issuer, limits: Limits, address: str
) -> Response[None]:
    """RFC 7009: 200 whether or not the token was good; it is not afterwards."""

    async def verb(sent: dict[str, str], authorization: str | None) -> None:
        return await service.give_back(db, issuer, sent, authorization=authorization)

    return await _answered(request, "revoke", db, issuer, limits, address, verb)


@route(
    "/v1/oauth/userinfo",
    http_method=[HttpMethod.GET, HttpMethod.POST],
    who=_PEOPLE,
    token_in_form=True,
    read_recorded=True,
    request_max_body_size=asgi.SMALL,
    status_code=200,
    summary="What this token may know of the person",
    tags=["tokens"],
)
async def user_info(db: Database, keys: Keys, issuer: Issuer, actor: Actor) -> Response[UserInfo]:
    """OpenID Connect Core §5.3; `sub` is the one in the ID token."""
    async with db.begin() as conn:
        found = await userinfo.of(conn, keys, issuer, actor)
    return Response(found, headers=asgi.NO_STORE)


@get("/v1/oauth/ended-grants", who=ANYONE, summary="Tokens that are over before their time", tags=["tokens"])
async def ended_grants(db: Database) -> Response[EndedGrants]:
    """For who verifies tokens by our keys alone: fetch it every thirty seconds and refuse a token whose `gid` or `client_id` stands here."""
    return Response(await ended.lately(db), headers={"Cache-Control": f"public, max-age={ended.CACHED_SECONDS}"})


@get("/v1/sandbox/errors", who=ANYONE, summary="Errors a sandbox makes on purpose", tags=["partners"])
async def errors(issuer: Issuer) -> list[SandboxError]:
    """Send `X-Sandbox-Error: NAME` from a sandbox client: the answer is what the real failure answers. Nowhere but in a sandbox."""
    if not issuer.sandbox:
        raise NotFound
    return list(sandbox_errors.every().values())


@get("/v1/oauth/jwks", who=ANYONE, summary="Keys that verify our tokens", tags=["tokens"])
async def jwks(issuer: Issuer) -> Response[dict[str, Any]]:
    """Public halves only (RFC 7517)."""
    return Response(dict(issuer.jwks), headers=_PUBLIC)


@get("/.well-known/openid-configuration", who=ANYONE, summary="OpenID Connect Discovery", tags=["tokens"])
async def openid_configuration(issuer: Issuer) -> Response[dict[str, Any]]:
    """What answers, and nothing else."""
    return Response(issuer.metadata, headers=_PUBLIC)


@get(
    ["/.well-known/oauth-authorization-server", "/.well-known/oauth-authorization-server/{rest:path}"],
    who=ANYONE,
    summary="Authorization server metadata",
    tags=["tokens"],
)
async def authorization_server(issuer: Issuer, rest: str = "") -> Response[dict[str, Any]]:
    """RFC 8414; where the issuer has a path it stands behind the well-known name (§3.1)."""
    if rest not in ("", urlsplit(issuer.url).path):
        raise NotFound
    return Response(issuer.metadata, headers=_PUBLIC)


route_handlers: list[Any] = [
    token,
    pushed,
    device_authorization,
    introspect,
    revoke,
    user_info,
    ended_grants,
    errors,
    jwks,
    openid_configuration,
    authorization_server,
]

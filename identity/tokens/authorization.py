"""The authorization request, read strictly (RFC 6749 §4.1.1, RFC 7636 §4.3, OpenID Connect Core §3.1.2.1). Pure.

First to whom an answer may be sent at all, and only then what is wrong: no error travels to an address nobody registered.
"""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from identity.tokens import oidc, rfc7636, rfc8252, rfc8707
from identity.tokens.assurance import VerifiedAsked
from identity.tokens.messages import Client, ResponseMode
from identity.tokens.rfc6749 import OAuthError, gathered_and_twice, invalid_request

_MAX_FIELDS = 64
_MAX_CHARS = {"state": 2048, "nonce": 512, "login_hint": 254, "claims": 4096, "id_token_hint": 4096, "dpop_jkt": 43}
_PROMPTS = frozenset({"none", "login", "consent", "select_account"})
_MODES: dict[str, ResponseMode] = {"query": "query", "form_post": "form_post"}
_JKT = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)


class NoAnswer(Exception):
    """The request names nobody an answer could be sent to; the text is for the page that says so."""


class Asked(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What an app asked for, checked. `subject` is whom the app expects; `acr` what it will not do without; claims come with
    their conditions; `resources` are services the token is for, the city's own when there are none; `user_code` is on the
    screen of the device that asked instead of an app, which has no address and no challenge (RFC 8628)."""

    redirect_uri: str
    mode: ResponseMode = "query"
    scope: str | None = None
    state: str | None = None
    nonce: str | None = None
    code_challenge: str
    jkt: str | None = None
    prompt: tuple[str, ...] = ()
    max_age: int | None = None
    login_hint: str | None = None
    ui_locale: str | None = None
    acr: tuple[str, ...] = ()
    subject: str | None = None
    userinfo_claims: dict[str, Any] = {}
    id_token_claims: dict[str, Any] = {}
    verified_userinfo: tuple[VerifiedAsked, ...] = ()
    verified_id_token: tuple[VerifiedAsked, ...] = ()
    resources: tuple[str, ...] = ()
    user_code: str | None = None


def parameters(query: bytes) -> dict[str, str]:
    """Of a query or a form; empty ones count as absent. Raises NoAnswer when one stands twice (§3.1) or it is none."""
    found, twice = parameters_and_twice(query)
    if twice:
        raise NoAnswer("invalid_request: a parameter stands twice")
    return found


def parameters_and_twice(query: bytes) -> tuple[dict[str, str], list[str]]:
    """Those that stand once, and the names of those that stand twice, which have no value then. Raises NoAnswer."""
    try:
        pairs = parse_qsl(query.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_MAX_FIELDS)
    except ValueError as error:
        raise NoAnswer("the parameters cannot be read") from error
    if not all(name.isprintable() and value.isprintable() for name, value in pairs):
        raise NoAnswer("invalid_request: a parameter holds control characters")
    return gathered_and_twice(pairs)


def receiver(client: Client | None, sent: Mapping[str, str]) -> str:
    """Where this client's answer goes. Raises NoAnswer: then nothing is sent anywhere."""
    if client is None or client.disabled_at is not None:
        raise NoAnswer("no application is registered under this client_id")
    if "authorization_code" not in client.grants:
        raise NoAnswer("this application signs nobody in")
    said = sent.get("redirect_uri")
    if said is None:
        if len(client.redirect_uris) != 1:
            raise NoAnswer("redirect_uri is missing")
        return client.redirect_uris[0]
    if not rfc8252.registered(said, client.redirect_uris):
        raise NoAnswer("redirect_uri is not one this application registered")
    return said


def mode_of(client: Client, sent: Mapping[str, str]) -> ResponseMode:
    """How the answer travels, errors included: by the query unless the client may have it otherwise."""
    asked = _MODES.get(sent.get("response_mode", "query"))
    return asked if asked is not None and asked in client.response_modes else "query"


def read(client: Client, sent: Mapping[str, str], redirect_uri: str) -> Asked:
    """Raises OAuthError for what the client is told by way of its address."""
    for name, error in (("request", "request_not_supported"), ("request_uri", "request_uri_not_supported")):
        if name in sent:
            raise OAuthError(error, f"{name} is not taken here; send the parameters themselves")
    for name, most in _MAX_CHARS.items():
        if len(sent.get(name, "")) > most:
            raise invalid_request(f"{name} is longer than {most} characters")
    kind = sent.get("response_type")
    if kind is None:
        raise invalid_request("response_type is missing")
    if kind != "code":
        raise OAuthError("unsupported_response_type", "response_type is code")
    mode = sent.get("response_mode", "query")
    if mode not in client.response_modes:
        raise invalid_request("this response_mode is not for this application")
    challenge = sent.get("code_challenge")
    if challenge is None or not rfc7636.acceptable(challenge, sent.get("code_challenge_method")):
        raise invalid_request("send a code_challenge of 43 characters with code_challenge_method S256")
    if "dpop_jkt" in sent and not _JKT.fullmatch(sent["dpop_jkt"]):
        raise invalid_request("dpop_jkt is no thumbprint of a key")
    claims = oidc.claims_asked(sent.get("claims"))
    return Asked(
        redirect_uri=redirect_uri,
        mode=_MODES[mode],
        scope=sent.get("scope"),
        state=sent.get("state"),
        nonce=sent.get("nonce"),
        code_challenge=challenge,
        jkt=sent.get("dpop_jkt"),
        prompt=_prompt(sent.get("prompt")),
        max_age=_max_age(sent.get("max_age")),
        login_hint=sent.get("login_hint"),
        ui_locale=_locale(sent.get("ui_locales")),
        acr=claims.acr,
        subject=claims.subject,
        userinfo_claims=claims.userinfo,
        id_token_claims=claims.id_token,
        verified_userinfo=claims.verified_userinfo,
        verified_id_token=claims.verified_id_token,
        resources=rfc8707.wanted(sent),
    )


def _prompt(text: str | None) -> tuple[str, ...]:
    asked = tuple(dict.fromkeys((text or "").split(" "))) if text else ()
    if not _PROMPTS.issuperset(asked):
        raise invalid_request("prompt is among none, login, consent and select_account")
    if "none" in asked and len(asked) > 1:
        raise invalid_request("prompt none stands alone")
    return asked


def _max_age(text: str | None) -> int | None:
    if text is None:
        return None
    if not re.fullmatch("[0-9]{1,9}", text, re.ASCII):
        raise invalid_request("max_age is a number of seconds")
    return int(text)


def _locale(text: str | None) -> str | None:
    """The first we speak of those a reader prefers (BCP 47)."""
    for tag in (text or "").split():
        language = tag.lower().partition("-")[0]
        if language in ("vi", "en"):
            return language
    return None

"""What both issuers are asked through a browser, or about to be: authorization, pushed requests, leaving."""

from typing import Any

import httpx
import jwt

from api.caller import Device, Pkce
from tests.peers.oracle.asking import Issuer, basic
from tests.peers.oracle.registry import LEAVE, PAR, request

UNSIGNED = jwt.encode({"client_id": "web"}, None, "none")

# The authorization endpoint, by a browser nobody is signed in in


def _authorize(name: str, app: str = "web", **change: Any) -> None:
    request(f"authorize: {name}")(lambda issuer: issuer.authorize(app, **change))


_authorize("a good request")
_authorize("a good request by POST", method="POST")
_authorize("by PUT", method="PUT")
_authorize("no response_type", response_type=None)
for kind in ("token", "id_token", "code id_token", "none", "nonsense"):
    _authorize(f"response_type {kind}", response_type=kind)
_authorize("no client_id", client_id=None)
_authorize("an unknown client", client_id="nobody")
_authorize("a client that signs nobody in", client_id="signer")
_authorize("no redirect_uri, one registered", redirect_uri=None)
_authorize("no redirect_uri, two registered", app="other", redirect_uri=None)
_authorize("redirect_uri nobody registered", redirect_uri="https://evil.test/cb")
_authorize("redirect_uri with a slash more", redirect_uri="https://web.test/cb/")
_authorize("redirect_uri with a query more", redirect_uri="https://web.test/cb?a=1")
_authorize("redirect_uri in capitals", redirect_uri="https://WEB.test/cb")
_authorize("redirect_uri with a user", redirect_uri="https://web.test@evil.test/cb")
_authorize("redirect_uri on another port of this machine", app="phone", redirect_uri="http://127.0.0.1:51004/cb")
_authorize("redirect_uri on another path of this machine", app="phone", redirect_uri="http://127.0.0.1/other")
_authorize("redirect_uri on localhost by name", app="phone", redirect_uri="http://localhost/cb")
_authorize("a bad redirect_uri and a bad scope", redirect_uri="https://evil.test/cb", scope="nonsense")
_authorize("a bad redirect_uri and a bad response_type", redirect_uri="https://evil.test/cb", response_type="token")
_authorize("no code_challenge", code_challenge=None, code_challenge_method=None)
_authorize("code_challenge_method plain", code_challenge_method="plain")
_authorize("no code_challenge_method", code_challenge_method=None)
_authorize("code_challenge_method alone", code_challenge=None)
_authorize("code_challenge of 42 characters", code_challenge="a" * 42)
_authorize("code_challenge of 44 characters", code_challenge="a" * 44)
_authorize("code_challenge of foreign characters", code_challenge="!" * 43)
for twice in ("scope", "redirect_uri", "state", "client_id"):
    _authorize(f"{twice} twice", twice=twice)
_authorize("a parameter nobody knows", extra="foobar")
_authorize("no state", state=None)
_authorize("prompt none", prompt="none")
_authorize("prompt none and login", prompt="none login")
_authorize("prompt nobody knows", prompt="nonsense")
_authorize("prompt none, no state", prompt="none", state=None)
_authorize("prompt none by form_post", prompt="none", response_mode="form_post")
_authorize("response_mode fragment", response_mode="fragment")
_authorize("response_mode nobody knows", response_mode="nonsense")
_authorize("max_age is no number", max_age="soon")
_authorize("max_age below zero", max_age="-1")
_authorize("scope nobody knows", scope="openid nonsense")
_authorize("scope this client may not have", app="asker", scope="openid cards:read")
_authorize("no scope", scope=None)
_authorize("scope without openid", scope="profile")
_authorize("an unsigned request object", request=UNSIGNED)
_authorize("request_uri on the web", request_uri="https://127.0.0.1:1/request")
_authorize("request_uri never pushed", request_uri="urn:ietf:params:oauth:request_uri:nonsense")
_authorize("plain, by a client that pushes", app="pusher")
_authorize("id_token_hint is nonsense", id_token_hint="nonsense")
_authorize("claims is no JSON", claims="{")
_authorize("claims is no object", claims="[]")
_authorize("dpop_jkt is no thumbprint", dpop_jkt="short")
_authorize(
    "display, ui_locales, acr_values, login_hint",
    display="page",
    ui_locales="vi en",
    acr_values="x",
    login_hint="a@b.test",
)
_authorize("resource with a fragment", resource="https://api.test/#part")
_authorize("resource that is no address", resource="api")
_authorize("resource nobody knows", resource="https://api.test/")
_authorize("resource nobody knows, twice", resource="https://api.test/", twice="resource")

# The same, signed in

_authorize("signed in: a good request", signed_in=True)
_authorize("signed in: no state", signed_in=True, state=None)
_authorize("signed in: prompt none", signed_in=True, prompt="none")
_authorize("signed in: prompt login", signed_in=True, prompt="login")
_authorize("signed in: form_post", signed_in=True, response_mode="form_post")
_authorize("signed in: scope without openid", signed_in=True, scope="profile")
_authorize("signed in: max_age to spare", signed_in=True, max_age="10000")
_authorize("signed in: max_age to spare, prompt none", signed_in=True, max_age="10000", prompt="none")
_authorize("signed in: a public client", app="phone", signed_in=True)
_authorize(
    "signed in: a public client on another port", app="phone", signed_in=True, redirect_uri="http://127.0.0.1:51004/cb"
)


@request("authorize: signed in: id_token_hint of who it is")
def _(issuer: Issuer) -> httpx.Response:
    return issuer.authorize(signed_in=True, prompt="none", id_token_hint=issuer.tokens()["id_token"])


@request("authorize: signed in: id_token_hint of another client's")
def _(issuer: Issuer) -> httpx.Response:
    return issuer.authorize(signed_in=True, prompt="none", id_token_hint=issuer.tokens("asker")["id_token"])


# Pushed requests


def _push(name: str, app: str | None = "web", twice: str | None = None, **change: Any) -> None:
    def asked(issuer: Issuer) -> httpx.Response:
        sent = issuer.asked(app or "web", Pkce(), **change)
        return issuer.form(PAR, app, twice=twice, **sent)

    request(f"push: {name}")(asked)


_push("a good request")
_push("by a public client", app="phone")
_push("nobody", app=None)
_push("another client_id", client_id="other")
_push("a request_uri in it", request_uri="urn:ietf:params:oauth:request_uri:x")
_push("a bad redirect_uri", redirect_uri="https://evil.test/cb")
_push("a bad scope", scope="openid nonsense")
_push("no code_challenge", code_challenge=None, code_challenge_method=None)
_push("response_type token", response_type="token")
_push("scope twice", twice="scope")


@request("push: by GET")
def _(issuer: Issuer) -> httpx.Response:
    return issuer.call("GET", PAR)


@request("push: JSON")
def _(issuer: Issuer) -> httpx.Response:
    return issuer.call("POST", PAR, json=issuer.asked("web", Pkce()), headers=issuer.credentials("web")[1])


@request("push: a wrong secret")
def _(issuer: Issuer) -> httpx.Response:
    return issuer.form(PAR, None, headers={"Authorization": basic("web", "wrong")}, **issuer.asked("web", Pkce()))


@request("push: a proof of a key")
def _(issuer: Issuer) -> httpx.Response:
    return issuer.form(PAR, dpop=[issuer.proof(Device(), endpoint=PAR)], **issuer.asked("web", Pkce()))


@request("push: a proof of another key than dpop_jkt")
def _(issuer: Issuer) -> httpx.Response:
    return issuer.form(
        PAR, dpop=[issuer.proof(Device(), endpoint=PAR)], **issuer.asked("web", Pkce(), dpop_jkt="x" * 43)
    )


def _pushed(issuer: Issuer, app: str = "web", pkce: Pkce | None = None) -> str:
    answer = issuer.form(PAR, app, **issuer.asked(app, pkce or Pkce()))
    assert answer.status_code == 201, answer.text
    return answer.json()["request_uri"]


def _with(issuer: Issuer, app: str, uri: str, *, signed_in: bool = False) -> httpx.Response:
    return issuer.browse("GET", "authorization_endpoint", f"client_id={app}&request_uri={uri}", signed_in=signed_in)


@request("pushed: the browser comes with it")
def _(issuer: Issuer) -> httpx.Response:
    return _with(issuer, "web", _pushed(issuer))


@request("pushed: signed in")
def _(issuer: Issuer) -> httpx.Response:
    return _with(issuer, "web", _pushed(issuer), signed_in=True)


@request("pushed: by a client that must, signed in nowhere")
def _(issuer: Issuer) -> httpx.Response:
    return _with(issuer, "pusher", _pushed(issuer, "pusher"))


@request("pushed: another client comes with it")
def _(issuer: Issuer) -> httpx.Response:
    return _with(issuer, "asker", _pushed(issuer))


@request("pushed: used before")
def _(issuer: Issuer) -> httpx.Response:
    uri = _pushed(issuer)
    _with(issuer, "web", uri, signed_in=True)
    return _with(issuer, "web", uri, signed_in=True)


# Leaving


def _leave(name: str, method: str = "GET", **sent: str) -> None:
    def asked(issuer: Issuer) -> httpx.Response:
        hint = {"id_token_hint": issuer.tokens()["id_token"]} if sent.pop("hinted", None) else {}
        return issuer.browse(method, LEAVE, str(httpx.QueryParams(hint | sent)))

    request(f"leave: {name}")(asked)


_leave("no parameters")
_leave("no parameters, by POST", method="POST")
_leave("id_token_hint is nonsense", id_token_hint="nonsense")
_leave("an address nobody registered", client_id="web", post_logout_redirect_uri="https://evil.test/bye")
_leave("an address nobody registered, with a hint", hinted="yes", post_logout_redirect_uri="https://evil.test/bye")
_leave("a registered address, with a hint", hinted="yes", post_logout_redirect_uri="https://web.test/bye", state="s-1")
_leave("a registered address, with client_id alone", client_id="web", post_logout_redirect_uri="https://web.test/bye")
_leave("a hint and another client_id", hinted="yes", client_id="other", post_logout_redirect_uri="https://web.test/bye")
_leave("an unknown client", client_id="nobody")
_leave("by PUT", method="PUT")

"""What both issuers are asked, each request by the name the page and the differences know it by."""

import time
from collections.abc import Callable
from typing import Any

import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric import ec

from api.caller import Device, Pkce
from tests.peers.oracle.asking import ASSERTION, DEVICE, FORM, Issuer, basic

Request = Callable[[Issuer], httpx.Response]
REQUESTS: dict[str, Request] = {}
TOKEN, PAR, ASK, REVOKE = (
    "token_endpoint",
    "pushed_authorization_request_endpoint",
    "introspection_endpoint",
    "revocation_endpoint",
)
DEVICES, PERSON, LEAVE = "device_authorization_endpoint", "userinfo_endpoint", "end_session_endpoint"
OWN = "client_credentials"
UNSIGNED = jwt.encode({"client_id": "web"}, None, "none")


def request(name: str) -> Callable[[Request], Request]:
    def kept(asked: Request) -> Request:
        assert name not in REQUESTS, name
        REQUESTS[name] = asked
        return asked

    return kept


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


# The token endpoint: the request itself


@request("token: by GET")
def _(issuer: Issuer) -> httpx.Response:
    return issuer.call("GET", TOKEN, params={"grant_type": OWN}, headers=issuer.credentials("web")[1])


@request("token: by DELETE")
def _(issuer: Issuer) -> httpx.Response:
    return issuer.call("DELETE", TOKEN)


@request("token: JSON")
def _(issuer: Issuer) -> httpx.Response:
    return issuer.call("POST", TOKEN, json={"grant_type": OWN}, headers=issuer.credentials("web")[1])


@request("token: no body")
def _(issuer: Issuer) -> httpx.Response:
    return issuer.call("POST", TOKEN, headers=issuer.credentials("web")[1])


@request("token: the parameters in the query")
def _(issuer: Issuer) -> httpx.Response:
    headers = issuer.credentials("web")[1] | {"Content-Type": FORM}
    return issuer.call("POST", TOKEN, params={"grant_type": OWN}, headers=headers)


def _token(name: str, app: str | None = "web", **sent: Any) -> None:
    request(f"token: {name}")(lambda issuer: issuer.form(TOKEN, app, **sent))


_token("no grant_type")
_token("grant_type nobody knows", grant_type="nonsense")
_token("grant_type password", grant_type="password", username="a", password="b")
_token("grant_type not this client's", app="asker", grant_type=OWN)
_token("grant_type twice", grant_type=OWN, twice="grant_type")
_token("a parameter nobody knows", grant_type=OWN, extra="1")

# Who the client is


_token("client: nobody", app=None, grant_type=OWN)
_token("client: unknown, public", app=None, grant_type=OWN, client_id="nobody")
_token("client: unknown, by Basic", app=None, grant_type=OWN, headers={"Authorization": basic("nobody", "x")})
_token("client: a wrong secret by Basic", app=None, grant_type=OWN, headers={"Authorization": basic("web", "wrong")})
_token("client: no secret by Basic", app=None, grant_type=OWN, headers={"Authorization": basic("web", "")})
_token("client: Basic that is no base64", app=None, grant_type=OWN, headers={"Authorization": "Basic !!!"})
_token("client: Basic without a colon", app=None, grant_type=OWN, headers={"Authorization": "Basic d2Vi"})
_token("client: another scheme", app=None, grant_type=OWN, headers={"Authorization": "Bearer x"})
_token("client: a wrong secret in the form", app=None, grant_type=OWN, client_id="poster", client_secret="wrong")
_token("client: its secret in the form", app="poster", grant_type=OWN)
_token("client: confidential, without its secret", app=None, grant_type=OWN, client_id="poster")
_token("client: Basic and a secret in the form", grant_type=OWN, client_secret="x")
_token("client: Basic and another client_id", grant_type=OWN, client_id="other")
_token("client: Basic and its own client_id", grant_type=OWN, client_id="web")
_token(
    "client: public, with a secret",
    app=None,
    grant_type="refresh_token",
    refresh_token="x",
    client_id="phone",
    client_secret="x",
)


def _assert(
    name: str, *, key: Any = None, alg: str = "ES256", fields: dict[str, str] | None = None, **change: Any
) -> None:
    def asked(issuer: Issuer) -> httpx.Response:
        claims = {claim: value(issuer) if callable(value) else value for claim, value in change.items()}
        sent = issuer.assertion("signer", key=key, alg=alg, **claims) | (fields or {})
        return issuer.form(TOKEN, None, grant_type=OWN, **sent)

    request(f"token: assertion: {name}")(asked)


_assert("good")
_assert("aud is the token endpoint", aud=lambda issuer: issuer.address(TOKEN))
_assert("aud is another's", aud="https://elsewhere.test")
_assert("expired", exp=1_700_000_000)
_assert("no exp", exp=None)
_assert("no sub", sub=None)
_assert("no iss", iss=None)
_assert("no jti", jti=None)
_assert("issued in an hour", iat=lambda _: int(time.time()) + 3600, nbf=lambda _: int(time.time()) + 3600)
_assert("of a key nobody registered", key=ec.generate_private_key(ec.SECP256R1()))
_assert("unsigned", alg="none")
_assert("signed by a secret", alg="HS256", key="k" * 32)
_assert("another client_id beside it", fields={"client_id": "web"})
_assert("another assertion type", fields={"client_assertion_type": "urn:nonsense"})
_assert("it is nonsense", fields={"client_assertion": "nonsense"})
_token("assertion: the type alone", app=None, grant_type=OWN, client_assertion_type=ASSERTION)


@request("token: assertion: used before")
def _(issuer: Issuer) -> httpx.Response:
    sent = issuer.assertion("signer")
    issuer.form(TOKEN, None, grant_type=OWN, **sent)
    return issuer.form(TOKEN, None, grant_type=OWN, **sent)


@request("token: assertion: and Basic")
def _(issuer: Issuer) -> httpx.Response:
    return issuer.form(TOKEN, "web", grant_type=OWN, **issuer.assertion("signer"))


# Client credentials

_token("own: a good request", grant_type=OWN, scope="cards:read")
_token("own: no scope", grant_type=OWN)
_token("own: a scope nobody knows", grant_type=OWN, scope="nonsense")
_token("own: openid", grant_type=OWN, scope="openid")

# Codes


def _code(name: str, app: str = "web", by: str | None = None, **change: Any) -> None:
    request(f"token: code: {name}")(lambda issuer: issuer.form(TOKEN, by or app, **issuer.code(app) | change))


_code("a good request")
_code("of a public client", app="phone")
_code("of a client without refresh", app="asker")
_code("no code", code=None)
_code("a code nobody gave", code="nonsense")
_code("no verifier", code_verifier=None)
_code("a wrong verifier", code_verifier="w" * 43)
_code("a verifier of 42 characters", code_verifier="w" * 42)
_code("a verifier of foreign characters", code_verifier="!" * 43)
_code("another redirect_uri", redirect_uri="https://web.test/other")
_code("no redirect_uri", redirect_uri=None)
_code("another client's", by="other")


@request("token: code: used before")
def _(issuer: Issuer) -> httpx.Response:
    sent = issuer.code()
    issuer.form(TOKEN, **sent)
    return issuer.form(TOKEN, **sent)


@request("token: code: what it gave, once it was used again")
def _(issuer: Issuer) -> httpx.Response:
    sent = issuer.code()
    held = issuer.form(TOKEN, **sent).json()
    issuer.form(TOKEN, **sent)
    return issuer.form(ASK, token=held["access_token"])


@request("token: code: its refresh token, once it was used again")
def _(issuer: Issuer) -> httpx.Response:
    sent = issuer.code()
    held = issuer.form(TOKEN, **sent).json()
    issuer.form(TOKEN, **sent)
    return issuer.form(TOKEN, grant_type="refresh_token", refresh_token=held["refresh_token"])


@request("token: code: after a wrong verifier")
def _(issuer: Issuer) -> httpx.Response:
    sent = issuer.code()
    issuer.form(TOKEN, **sent | {"code_verifier": "w" * 43})
    return issuer.form(TOKEN, **sent)


# Refresh tokens


def _refresh(name: str, app: str = "web", by: str | None = None, **change: Any) -> None:
    def asked(issuer: Issuer) -> httpx.Response:
        held = issuer.tokens(app, scope="openid profile")["refresh_token"]
        return issuer.form(TOKEN, by or app, **{"grant_type": "refresh_token", "refresh_token": held, **change})

    request(f"token: refresh: {name}")(asked)


_refresh("a good request")
_refresh("of a public client", app="phone")
_refresh("no refresh_token", refresh_token=None)
_refresh("one nobody gave", refresh_token="nonsense")
_refresh("a narrower scope", scope="openid")
_refresh("a wider scope", scope="openid profile offline_access")
_refresh("a scope nobody knows", scope="nonsense")
_refresh("another client's", by="other")
_refresh("a client without that grant", by="asker")


@request("token: refresh: an access token for one")
def _(issuer: Issuer) -> httpx.Response:
    return issuer.form(TOKEN, grant_type="refresh_token", refresh_token=issuer.tokens()["access_token"])


@request("token: refresh: used before, another request")
def _(issuer: Issuer) -> httpx.Response:
    held = issuer.tokens()["refresh_token"]
    issuer.form(TOKEN, grant_type="refresh_token", refresh_token=held)
    return issuer.form(TOKEN, grant_type="refresh_token", refresh_token=held, scope="openid")


@request("token: refresh: the newest, once an old one was used again")
def _(issuer: Issuer) -> httpx.Response:
    held = issuer.tokens()["refresh_token"]
    new = issuer.form(TOKEN, grant_type="refresh_token", refresh_token=held).json()["refresh_token"]
    issuer.form(TOKEN, grant_type="refresh_token", refresh_token=held, scope="openid")
    return issuer.form(TOKEN, grant_type="refresh_token", refresh_token=new)


@request("token: refresh: the same request again at once")
def _(issuer: Issuer) -> httpx.Response:
    held = issuer.tokens()["refresh_token"]
    issuer.form(TOKEN, grant_type="refresh_token", refresh_token=held)
    return issuer.form(TOKEN, grant_type="refresh_token", refresh_token=held)


# Device keys


def _key(name: str, proofs: Callable[[Issuer], list[str]]) -> None:
    request(f"token: key: {name}")(
        lambda issuer: issuer.form(TOKEN, dpop=proofs(issuer), grant_type=OWN, scope="cards:read")
    )


_key("a good proof", lambda issuer: [issuer.proof(Device())])
_key("two proofs", lambda issuer: [issuer.proof(Device()), issuer.proof(Device())])
_key("no JWT", lambda _: ["nonsense"])
_key("of GET", lambda issuer: [issuer.proof(Device(), "GET")])
_key("of another address", lambda issuer: [issuer.proof(Device(), endpoint=PAR)])
_key("an hour old", lambda issuer: [issuer.proof(Device(), iat=int(time.time()) - 3600)])
_key("of an hour ahead", lambda issuer: [issuer.proof(Device(), iat=int(time.time()) + 3600)])
_key("no jti", lambda issuer: [issuer.proof(Device(), jti="")])


@request("token: key: a proof used before")
def _(issuer: Issuer) -> httpx.Response:
    proof = issuer.proof(Device())
    issuer.form(TOKEN, dpop=[proof], grant_type=OWN)
    return issuer.form(TOKEN, dpop=[proof], grant_type=OWN)


@request("token: key: none, where one must be")
def _(issuer: Issuer) -> httpx.Response:
    return issuer.form(TOKEN, "bound", **issuer.code("bound"))


@request("token: key: a code for another one")
def _(issuer: Issuer) -> httpx.Response:
    return issuer.form(TOKEN, "bound", dpop=[issuer.proof(Device())], **issuer.code("bound", dpop_jkt="x" * 43))


@request("token: key: a refresh by another one")
def _(issuer: Issuer) -> httpx.Response:
    held = issuer.tokens("bound", dpop=Device())["refresh_token"]
    return issuer.form(TOKEN, "bound", dpop=[issuer.proof(Device())], grant_type="refresh_token", refresh_token=held)


@request("token: key: a refresh by its own")
def _(issuer: Issuer) -> httpx.Response:
    device = Device()
    held = issuer.tokens("bound", dpop=device)["refresh_token"]
    return issuer.form(TOKEN, "bound", dpop=[issuer.proof(device)], grant_type="refresh_token", refresh_token=held)


# Devices without a keyboard


def _device(name: str, app: str | None = "screen", **sent: Any) -> None:
    request(f"device: {name}")(lambda issuer: issuer.form(DEVICES, app, **sent))


_device("a good request", scope="openid profile")
_device("no scope")
_device("a scope nobody knows", scope="openid nonsense")
_device("nobody", app=None, scope="openid")
_device("a wrong secret", app=None, scope="openid", headers={"Authorization": basic("screen", "wrong")})
_device("a client without that grant", app="web", scope="openid")
_device("scope twice", scope="openid", twice="scope")


@request("device: by GET")
def _(issuer: Issuer) -> httpx.Response:
    return issuer.call("GET", DEVICES)


def _started(issuer: Issuer) -> dict[str, str]:
    return {"grant_type": DEVICE, "device_code": issuer.form(DEVICES, "screen", scope="openid").json()["device_code"]}


@request("device: polled before anybody decides")
def _(issuer: Issuer) -> httpx.Response:
    return issuer.form(TOKEN, "screen", **_started(issuer))


@request("device: polled too often")
def _(issuer: Issuer) -> httpx.Response:
    sent = _started(issuer)
    issuer.form(TOKEN, "screen", **sent)
    return issuer.form(TOKEN, "screen", **sent)


@request("device: another client's code")
def _(issuer: Issuer) -> httpx.Response:
    return issuer.form(TOKEN, "web", **_started(issuer))


_token("device: a code nobody gave", app="screen", grant_type=DEVICE, device_code="nonsense")
_token("device: no code", app="screen", grant_type=DEVICE)

# Introspection and revocation


def _ask(name: str, app: str | None = "web", **sent: Any) -> None:
    request(f"introspect: {name}")(lambda issuer: issuer.form(ASK, app, **sent))


def _give(name: str, app: str | None = "web", **sent: Any) -> None:
    request(f"revoke: {name}")(lambda issuer: issuer.form(REVOKE, app, **sent))


for on, endpoint in ((_ask, ASK), (_give, REVOKE)):
    verb = "introspect" if on is _ask else "revoke"
    on("no token")
    on("nonsense", token="nonsense")
    on("nonsense that looks like one of ours", token="e30.e30.e30")
    on("nobody", app=None, token="x")
    on("a wrong secret", app=None, token="x", headers={"Authorization": basic("web", "wrong")})
    on("token twice", token="x", twice="token")
    on("a hint nobody knows", token="x", token_type_hint="nonsense")
    request(f"{verb}: by GET")(lambda issuer, endpoint=endpoint: issuer.call("GET", endpoint))
    request(f"{verb}: JSON")(
        lambda issuer, endpoint=endpoint: issuer.call(
            "POST", endpoint, json={"token": "x"}, headers=issuer.credentials("web")[1]
        )
    )


@request("introspect: an access token")
def _(issuer: Issuer) -> httpx.Response:
    return issuer.form(ASK, token=issuer.tokens()["access_token"], token_type_hint="access_token")


@request("introspect: an access token of its own")
def _(issuer: Issuer) -> httpx.Response:
    held = issuer.form(TOKEN, grant_type=OWN, scope="cards:read").json()["access_token"]
    return issuer.form(ASK, token=held)


@request("introspect: an access token bound to a key")
def _(issuer: Issuer) -> httpx.Response:
    held = issuer.tokens(dpop=Device())["access_token"]
    return issuer.form(ASK, token=held)


@request("introspect: another client's access token")
def _(issuer: Issuer) -> httpx.Response:
    return issuer.form(ASK, "other", token=issuer.tokens()["access_token"])


@request("introspect: by a public client")
def _(issuer: Issuer) -> httpx.Response:
    return issuer.form(ASK, "phone", token=issuer.tokens("phone")["access_token"])


for what in ("access_token", "refresh_token"):
    for hint in (None, "access_token", "refresh_token"):

        @request(f"revoke: {what.replace('_', ' ')}, hint {(hint or 'none').replace('_', ' ')}")
        def _(issuer: Issuer, what: str = what, hint: str | None = hint) -> httpx.Response:
            return issuer.form(REVOKE, token=issuer.tokens()[what], token_type_hint=hint)

    @request(f"revoke: then the access token, by the {what.replace('_', ' ')}")
    def _(issuer: Issuer, what: str = what) -> httpx.Response:
        held = issuer.tokens()
        issuer.form(REVOKE, token=held[what])
        return issuer.form(ASK, token=held["access_token"])

    @request(f"revoke: then the refresh token, by the {what.replace('_', ' ')}")
    def _(issuer: Issuer, what: str = what) -> httpx.Response:
        held = issuer.tokens()
        issuer.form(REVOKE, token=held[what])
        return issuer.form(TOKEN, grant_type="refresh_token", refresh_token=held["refresh_token"])


@request("revoke: another client's token")
def _(issuer: Issuer) -> httpx.Response:
    return issuer.form(REVOKE, "other", token=issuer.tokens()["refresh_token"])


@request("revoke: another client's token, which then still refreshes")
def _(issuer: Issuer) -> httpx.Response:
    held = issuer.tokens()["refresh_token"]
    issuer.form(REVOKE, "other", token=held)
    return issuer.form(TOKEN, grant_type="refresh_token", refresh_token=held)


@request("revoke: by a public client")
def _(issuer: Issuer) -> httpx.Response:
    return issuer.form(REVOKE, "phone", token=issuer.tokens("phone")["refresh_token"])


# User info


def _bearer(token: str, scheme: str = "Bearer") -> dict[str, str]:
    return {"Authorization": f"{scheme} {token}"}


@request("userinfo: by GET")
def _(issuer: Issuer) -> httpx.Response:
    return issuer.call("GET", PERSON, headers=_bearer(issuer.tokens()["access_token"]))


@request("userinfo: by POST")
def _(issuer: Issuer) -> httpx.Response:
    return issuer.call("POST", PERSON, headers=_bearer(issuer.tokens()["access_token"]))


@request("userinfo: in a form")
def _(issuer: Issuer) -> httpx.Response:
    return issuer.call("POST", PERSON, data={"access_token": issuer.tokens()["access_token"]})


@request("userinfo: in the query")
def _(issuer: Issuer) -> httpx.Response:
    return issuer.call("GET", PERSON, params={"access_token": issuer.tokens()["access_token"]})


@request("userinfo: openid alone")
def _(issuer: Issuer) -> httpx.Response:
    return issuer.call("GET", PERSON, headers=_bearer(issuer.tokens(scope="openid")["access_token"]))


@request("userinfo: a token without openid")
def _(issuer: Issuer) -> httpx.Response:
    return issuer.call("GET", PERSON, headers=_bearer(issuer.tokens(scope="profile")["access_token"]))


@request("userinfo: nobody")
def _(issuer: Issuer) -> httpx.Response:
    return issuer.call("GET", PERSON)


@request("userinfo: nonsense")
def _(issuer: Issuer) -> httpx.Response:
    return issuer.call("GET", PERSON, headers=_bearer("nonsense"))


@request("userinfo: a revoked token")
def _(issuer: Issuer) -> httpx.Response:
    held = issuer.tokens()["access_token"]
    issuer.form(REVOKE, token=held)
    return issuer.call("GET", PERSON, headers=_bearer(held))


@request("userinfo: a refresh token")
def _(issuer: Issuer) -> httpx.Response:
    return issuer.call("GET", PERSON, headers=_bearer(issuer.tokens()["refresh_token"]))


@request("userinfo: a token of the client's own")
def _(issuer: Issuer) -> httpx.Response:
    held = issuer.form(TOKEN, grant_type=OWN, scope="cards:read").json()["access_token"]
    return issuer.call("GET", PERSON, headers=_bearer(held))


@request("userinfo: by PUT")
def _(issuer: Issuer) -> httpx.Response:
    return issuer.call("PUT", PERSON)


def _bound(name: str, headers: Callable[[Issuer, Device, str], dict[str, str]]) -> None:
    def asked(issuer: Issuer) -> httpx.Response:
        device = Device()
        held = issuer.tokens("bound", dpop=device)["access_token"]
        return issuer.call("GET", PERSON, headers=headers(issuer, device, held))

    request(f"userinfo: key: {name}")(asked)


def _shown(issuer: Issuer, device: Device, token: str, of: str | None = None, method: str = "GET") -> dict[str, str]:
    return _bearer(token, "DPoP") | {"DPoP": issuer.proof(device, method, PERSON, of or token)}


_bound("a good proof", _shown)
_bound("shown as Bearer", lambda _, device, token: _bearer(token))
_bound("no proof", lambda _, device, token: _bearer(token, "DPoP"))
_bound("of another key", lambda issuer, _, token: _shown(issuer, Device(), token))
_bound("of another token", lambda issuer, device, token: _shown(issuer, device, token, of="another"))
_bound("of POST", lambda issuer, device, token: _shown(issuer, device, token, method="POST"))


@request("userinfo: key: a token of no key, shown as DPoP")
def _(issuer: Issuer) -> httpx.Response:
    return issuer.call("GET", PERSON, headers=_shown(issuer, Device(), issuer.tokens()["access_token"]))


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

# What everybody may read


def _read(name: str, path: str, method: str = "GET") -> None:
    def asked(issuer: Issuer) -> httpx.Response:
        with issuer.browser() as http:
            return http.request(method, f"{issuer.url}{path}")

    request(f"read: {name}")(asked)


_read("the metadata", "/.well-known/openid-configuration")
_read("the metadata by HEAD", "/.well-known/openid-configuration", "HEAD")
_read("the metadata by POST", "/.well-known/openid-configuration", "POST")
_read("the metadata of RFC 8414", "/.well-known/oauth-authorization-server")
_read("what is not there", "/nonsense")
request("read: the keys")(lambda issuer: issuer.call("GET", "jwks_uri"))
request("read: the keys by POST")(lambda issuer: issuer.call("POST", "jwks_uri"))

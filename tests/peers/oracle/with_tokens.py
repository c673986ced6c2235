"""What both issuers are asked by devices, about tokens, and with them; and what everybody may read."""

from collections.abc import Callable
from typing import Any

import httpx

from api.caller import Device
from tests.peers.oracle.asking import DEVICE, Issuer, basic
from tests.peers.oracle.registry import ASK, DEVICES, OWN, PERSON, REVOKE, TOKEN, request

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


@request("token: device: a code nobody gave")
def _(issuer: Issuer) -> httpx.Response:
    return issuer.form(TOKEN, "screen", grant_type=DEVICE, device_code="nonsense")


@request("token: device: no code")
def _(issuer: Issuer) -> httpx.Response:
    return issuer.form(TOKEN, "screen", grant_type=DEVICE)


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

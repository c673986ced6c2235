"""What both issuers are asked at the token endpoint."""

import time
from collections.abc import Callable
from typing import Any

import httpx
from cryptography.hazmat.primitives.asymmetric import ec

from api.caller import Device
from tests.peers.oracle.asking import ASSERTION, FORM, Issuer, basic
from tests.peers.oracle.registry import ASK, OWN, PAR, TOKEN, request

EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"

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
_token("grant_type token exchange, by a client that is not registered for it", grant_type=EXCHANGE, subject_token="x")
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
_token("own: a resource nobody knows", grant_type=OWN, resource="https://api.test/")
_token("own: a resource with a fragment", grant_type=OWN, resource="https://api.test/#part")
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
_code("a resource nobody asked for", resource="https://api.test/")


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
_refresh("a resource nobody asked for", resource="https://api.test/")


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

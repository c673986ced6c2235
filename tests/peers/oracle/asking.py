"""One issuer as its callers see it, ours or npm `oidc-provider`: asked the same, and what of its answers is compared."""

import base64
import re
import time
import uuid
from collections.abc import Mapping
from itertools import count
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import httpx
import jwt
import msgspec
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

from api.caller import Device, Pkce
from tests.identity.tokens.browsing import PARENT, form_of

FORM = "application/x-www-form-urlencoded"
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
SCOPES = ["openid", "profile", "offline_access", "cards:read"]
_PAGE = {"Accept": "text/html,application/xhtml+xml"}
_CODE, _REFRESH, _OWN = "authorization_code", "refresh_token", "client_credentials"
DEVICE = "urn:ietf:params:oauth:grant-type:device_code"


class App(msgspec.Struct, frozen=True, kw_only=True):
    """A client that both issuers register."""

    grants: tuple[str, ...]
    redirects: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ("openid", "profile", "offline_access")
    way: str = "client_secret_basic"
    bound: bool = False
    pushes: bool = False
    leaves_to: tuple[str, ...] = ()


APPS = {
    "web": App(
        grants=(_CODE, _REFRESH, _OWN), redirects=("https://web.test/cb",), scopes=tuple(SCOPES),
        leaves_to=("https://web.test/bye",),
    ),
    "poster": App(grants=(_OWN,), scopes=("cards:read",), way="client_secret_post"),
    "other": App(grants=(_CODE, _REFRESH), redirects=("https://other.test/cb", "https://other.test/second")),
    "asker": App(grants=(_CODE,), redirects=("https://asker.test/cb",)),
    "phone": App(grants=(_CODE, _REFRESH), redirects=("http://127.0.0.1/cb",), way="none"),
    "bound": App(grants=(_CODE, _REFRESH), redirects=("http://127.0.0.1/bound",), way="none", bound=True),
    "signer": App(grants=(_OWN,), scopes=("cards:read",), way="private_key_jwt"),
    "pusher": App(grants=(_CODE,), redirects=("https://pusher.test/cb",), pushes=True),
    "screen": App(grants=(DEVICE,), scopes=("openid", "profile")),
}  # fmt: skip

_addresses = count(1)


class Issuer:
    """One of the two. `secrets` are its clients'; the browser `signed_in` is."""

    def __init__(self, base: str, secrets: Mapping[str, str], key: ec.EllipticCurvePrivateKey) -> None:
        self.secrets, self.key = secrets, key
        self.url = base
        with self.browser() as http:
            self.metadata: dict[str, Any] = http.get(f"{base}/.well-known/openid-configuration").json()
        self.signed_in = self.browser()
        self.sign_in(self.signed_in)

    def browser(self) -> httpx.Client:
        """Nobody's yet; from an address of its own, so that no limit counts one request for another."""
        number = next(_addresses)
        own = f"127.1.{number // 250}.{number % 250 + 1}"
        return httpx.Client(transport=httpx.HTTPTransport(local_address=own), timeout=60)

    def sign_in(self, browser: httpx.Client) -> None:
        """The parent, in this browser."""
        raise NotImplementedError

    def address(self, endpoint: str) -> str:
        """Of an endpoint by its name in the metadata."""
        return self.metadata[endpoint]

    # Calls of applications

    def call(self, method: str, endpoint: str, **rest: Any) -> httpx.Response:
        with self.browser() as http:
            return http.request(method, self.address(endpoint), **rest)

    def form(
        self,
        endpoint: str,
        app: str | None = "web",
        *,
        dpop: list[str] | None = None,
        headers: Mapping[str, str] | None = None,
        twice: str | None = None,
        **fields: str | None,
    ) -> httpx.Response:
        """A form by `app`, authenticated as it is registered; None for nobody. `twice` names a field to repeat."""
        sent = {name: value for name, value in fields.items() if value is not None}
        told: list[tuple[str, str]] = [
            ("Content-Type", FORM),
            *(headers or {}).items(),
            *(("DPoP", p) for p in dpop or []),
        ]
        if app is not None:
            own, header = self.credentials(app)
            sent = own | sent
            told += header.items()
        pairs = [*sent.items(), *([(twice, sent[twice])] if twice else [])]
        return self.call("POST", endpoint, content=urlencode(pairs), headers=told)

    def credentials(self, app: str) -> tuple[dict[str, str], dict[str, str]]:
        """Fields and headers."""
        way = APPS[app].way
        if way == "client_secret_basic":
            return {}, {"Authorization": basic(app, self.secrets[app])}
        if way == "client_secret_post":
            return {"client_id": app, "client_secret": self.secrets[app]}, {}
        if way == "private_key_jwt":
            return self.assertion(app), {}
        return {"client_id": app}, {}

    def assertion(self, app: str, *, key: Any = None, alg: str = "ES256", **change: Any) -> dict[str, str]:
        """RFC 7523; `change` replaces claims, None takes one away."""
        now = int(time.time())
        claims = {
            "iss": app,
            "sub": app,
            "aud": self.url,
            "jti": str(uuid.uuid4()),
            "iat": now,
            "exp": now + 60,
        } | change
        stated = {name: value for name, value in claims.items() if value is not None}
        signed = jwt.encode(stated, key or (None if alg == "none" else self.key), alg, headers={"kid": "k"})
        return {"client_assertion_type": ASSERTION, "client_assertion": signed}

    def proof(
        self,
        device: Device,
        method: str = "POST",
        endpoint: str = "token_endpoint",
        token: str | None = None,
        **claims: Any,
    ) -> str:
        return device.proof(method, self.address(endpoint), token, **claims)

    # Through the browser

    def asked(self, app: str, pkce: Pkce, **change: str | None) -> dict[str, str]:
        good: dict[str, str | None] = {
            "client_id": app, "response_type": "code", "redirect_uri": APPS[app].redirects[0], "scope": "openid profile",
            "state": "s-1", "code_challenge": pkce.challenge, "code_challenge_method": "S256",
        }  # fmt: skip
        return {name: value for name, value in (good | change).items() if value is not None}

    def authorize(
        self,
        app: str = "web",
        *,
        method: str = "GET",
        signed_in: bool = False,
        pkce: Pkce | None = None,
        twice: str | None = None,
        **change: str | None,
    ) -> httpx.Response:
        """What the browser ends at: a page, or the address of the app, which is not followed."""
        sent = self.asked(app, pkce or Pkce(), **change)
        query = urlencode([*sent.items(), *([(twice, sent[twice])] if twice else [])])
        return self.browse(method, "authorization_endpoint", query, signed_in=signed_in)

    def browse(self, method: str, endpoint: str, query: str, *, signed_in: bool = False) -> httpx.Response:
        browser = self.signed_in if signed_in else self.browser()
        address = self.address(endpoint)
        if method == "POST":
            answer = browser.post(address, content=query, headers=_PAGE | {"Content-Type": FORM})
        else:
            answer = browser.request(method, f"{address}?{query}" if query else address, headers=_PAGE)
        return self.follow(browser, answer)

    def follow(self, browser: httpx.Client, answer: httpx.Response) -> httpx.Response:
        """As far as it leads on this issuer."""
        for _ in range(8):
            to = answer.headers.get("location")
            if to is None or not self.own(to):
                break
            answer = browser.get(httpx.URL(self.url).join(to), headers=_PAGE)
        return answer

    def own(self, to: str) -> bool:
        return to.startswith((self.url, "/"))

    def code(self, app: str = "web", pkce: Pkce | None = None, **change: str | None) -> dict[str, str]:
        """The fields that redeem a fresh code."""
        pkce = pkce or Pkce()
        answer = self.authorize(app, signed_in=True, pkce=pkce, **change)
        told = dict(parse_qsl(urlsplit(answer.headers["location"]).query))
        return {
            "grant_type": _CODE,
            "code": told["code"],
            "code_verifier": pkce.verifier,
            "redirect_uri": APPS[app].redirects[0],
        }

    def tokens(self, app: str = "web", *, dpop: Device | None = None, **change: str | None) -> dict[str, Any]:
        """What a fresh code comes to."""
        proofs = None if dpop is None else [self.proof(dpop)]
        answer = self.form("token_endpoint", app, dpop=proofs, **self.code(app, **change))
        assert answer.status_code == 200, answer.text
        return answer.json()


class Ours(Issuer):
    def sign_in(self, browser: httpx.Client) -> None:
        """By a one-time code, on the pages."""
        seen = {one["text"] for one in browser.get(f"{self.url}/sandbox/inbox.json").json()}
        query = urlencode(self.asked("web", Pkce()))
        page = self.follow(browser, browser.get(f"{self.address('authorization_endpoint')}?{query}", headers=_PAGE))
        page = self._send(browser, page, "/login", login=PARENT)
        self._send(browser, page, "/code", code=self._newest(browser, seen))

    def _send(self, browser: httpx.Client, page: httpx.Response, ending: str, **fields: Any) -> httpx.Response:
        action, values = form_of(page, ending)
        return self.follow(browser, browser.post(httpx.URL(self.url).join(action), data=values | fields, headers=_PAGE))

    def _newest(self, browser: httpx.Client, seen: set[str]) -> str:
        for _ in range(100):
            for letter in browser.get(f"{self.url}/sandbox/inbox.json").json():
                if letter["event"] == "one-time-code" and letter["to"] == PARENT and letter["text"] not in seen:
                    return re.findall(r"(?<!\d)\d{6}(?!\d)", letter["text"])[0]
            time.sleep(0.1)
        raise AssertionError("no code came")


class Theirs(Issuer):
    def sign_in(self, browser: httpx.Client) -> None:
        """Whoever comes with ?go."""
        query = urlencode(self.asked("web", Pkce()))
        at = browser.get(f"{self.address('authorization_endpoint')}?{query}").headers["location"]
        self.follow(browser, browser.get(f"{self.url}{at}?go"))


def basic(name: str, secret: str) -> str:
    """RFC 6749 §2.3.1: form-encoded, then joined."""
    joined = f"{quote(name, safe='')}:{quote(secret, safe='')}"
    return f"Basic {base64.b64encode(joined.encode()).decode()}"


def registered(app: str, secret: str, key: ec.EllipticCurvePrivateKey) -> dict[str, Any]:
    """How `oidc-provider` is told of a client."""
    is_ = APPS[app]
    told: dict[str, Any] = {
        "client_id": app,
        "redirect_uris": list(is_.redirects),
        "post_logout_redirect_uris": list(is_.leaves_to),
        "grant_types": list(is_.grants),
        "response_types": ["code"] if is_.redirects else [],
        "scope": " ".join(is_.scopes),
        "token_endpoint_auth_method": is_.way,
        "application_type": "native" if is_.redirects and is_.redirects[0].startswith("http:") else "web",
        "dpop_bound_access_tokens": is_.bound,
        "require_pushed_authorization_requests": is_.pushes,
    }
    if is_.way == "private_key_jwt":
        return told | {"jwks": {"keys": [public_jwk(key)]}, "token_endpoint_auth_signing_alg": "ES256"}
    return told if is_.way == "none" else told | {"client_secret": secret}


def public_jwk(key: ec.EllipticCurvePrivateKey) -> dict[str, str]:
    public = ECAlgorithm.to_jwk(key.public_key(), as_dict=True)
    return {name: public[name] for name in ("kty", "crv", "x", "y")} | {"kid": "k", "alg": "ES256"}


# What is compared


def outcome(issuer: Issuer, answer: httpx.Response) -> dict[str, str]:
    """The parts of an answer that a client acts on, by their names."""
    found = {"status": str(answer.status_code), **_headers(answer)}
    to = answer.headers.get("location")
    if to is not None and not issuer.own(to):
        parts = urlsplit(to)
        told = dict(parse_qsl(parts.query or parts.fragment, keep_blank_values=True))
        told.pop("error_description", None)
        found["leads to"] = f"{parts.scheme}://{parts.netloc}{parts.path}{'' if parts.query else '#'}"
        found["parameters"] = " ".join(sorted(told))
        found |= {name: told[name] for name in ("error", "state") if name in told}
        found["iss"] = "its own" if told.get("iss") == issuer.url else str(told.get("iss"))
        return found
    kind = answer.headers.get("content-type", "").partition(";")[0]
    found["content-type"] = kind if answer.content else ""
    if "json" in kind and answer.content:
        found |= _members(answer.json())
    return found


def _headers(answer: httpx.Response) -> dict[str, str]:
    kept = answer.headers.get("cache-control", "")
    challenges = answer.headers.get("www-authenticate", "")
    schemes = sorted(set(re.findall(r"(?:^|, ?)(Basic|Bearer|DPoP)\b", challenges)))
    errors = sorted(set(re.findall(r'error="([^"]*)"', challenges)))
    return {
        "cache-control": "no-store" if "no-store" in kept else kept,
        "www-authenticate": " ".join([*schemes, *errors]),
    }


_WORTH = (
    "error",
    "token_type",
    "active",
    "scope",
    "issuer",
    "code_challenge_methods_supported",
    "response_types_supported",
)


def _members(body: Any) -> dict[str, str]:
    if not isinstance(body, dict):
        return {}
    told: dict[str, Any] = body
    names = sorted(name for name in told if name != "error_description")
    found = {name: _plain(told[name]) for name in _WORTH if name in told}
    if "jwks_uri" in told:  # the metadata: what it says more than another issuer is told by its own rows
        return {name: value for name, value in found.items() if name != "issuer"}
    return found if "error" in told else found | {"members": " ".join(names)}


def _plain(value: Any) -> str:
    if isinstance(value, str):
        return " ".join(sorted(value.split()))
    return " ".join(map(str, value)) if isinstance(value, list) else str(value).lower()

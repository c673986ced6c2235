"""OpenID Connect Core: the ID token (§2), the claims parameter (§5.5) and pairwise subjects (§8.1). Pure."""

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

import msgspec

from identity.tokens import assurance, rfc7515, rfc7518, rfc9068
from identity.tokens.assurance import VerifiedAsked
from identity.tokens.messages import Alg
from identity.tokens.rfc6749 import invalid_request
from identity.tokens.scopes import CLAIMS

if TYPE_CHECKING:
    from identity.tokens.rfc7518 import PrivateKey, PublicKey

TYP = "JWT"
LOGOUT_TYP = "logout+jwt"


def pairwise_subject(key: bytes, sector: str, account_id: str) -> str:
    """What clients of one sector know a person by: of the account's random id, never of the personal number."""
    return rfc7515.b64url(hmac.digest(key, f"{sector}\n{account_id}".encode(), hashlib.sha256))


def access_token_hash(access_token: str, alg: Alg) -> str:
    """`at_hash`: the left half of the hash that the algorithm uses (§3.1.3.6); Ed25519 uses SHA-512 (RFC 8032 §5.1)."""
    digest = (hashlib.sha512 if alg == "EdDSA" else hashlib.sha256)(access_token.encode("ascii")).digest()
    return rfc7515.b64url(digest[: len(digest) // 2])


def id_token(
    kid: str,
    key: "PrivateKey",
    *,
    issuer: str,
    client_id: str,
    subject: str,
    level: int,
    amr: Sequence[str],
    auth_time: datetime,
    nonce: str | None,
    access_token: str,
    at: datetime,
    sid: str | None = None,
    more: Mapping[str, Any] | None = None,
) -> str:
    """`more` are the claims of the person asked for here and allowed."""
    now = int(at.timestamp())
    claims: dict[str, Any] = {
        "iss": issuer,
        "sub": subject,
        "aud": client_id,
        "iat": now,
        "exp": now + int(rfc9068.LIFETIME.total_seconds()),
        "auth_time": int(auth_time.timestamp()),
        "nonce": nonce,
        "acr": rfc9068.acr_of(level),
        "amr": list(amr),
        "at_hash": access_token_hash(access_token, rfc7518.alg_of(key)),
        "sid": sid,
    }
    stated = {**(more or {}), **{name: value for name, value in claims.items() if value is not None}}
    return rfc7515.sign({"typ": TYP, "kid": kid}, stated, key)


class ClaimsAsked(msgspec.Struct, frozen=True, kw_only=True):
    """What the `claims` parameter asks for and we know of, each claim with its condition. `acr` is only what the client called essential."""

    userinfo: dict[str, Any] = {}
    id_token: dict[str, Any] = {}
    verified_userinfo: tuple[VerifiedAsked, ...] = ()
    verified_id_token: tuple[VerifiedAsked, ...] = ()
    acr: tuple[str, ...] = ()
    subject: str | None = None


def claims_asked(text: str | None) -> ClaimsAsked:
    """Claims nobody knows here are passed over (§5.5: no error). Raises OAuthError for what is no such object."""
    if text is None:
        return ClaimsAsked()
    try:
        sent = rfc7515.json_object(text.encode())
    except rfc7515.BadJws as error:
        raise invalid_request("claims is not a JSON object") from error
    userinfo, identity = (_members(sent.get(where)) for where in ("userinfo", "id_token"))
    return ClaimsAsked(
        userinfo=_conditions(userinfo),
        id_token=_conditions(identity),
        verified_userinfo=assurance.asked(userinfo.get("verified_claims")),
        verified_id_token=assurance.asked(identity.get("verified_claims")),
        acr=_essential_acr(identity.get("acr")),
        subject=_subject(identity.get("sub")),
    )


def _conditions(asked: Mapping[str, Any]) -> dict[str, Any]:
    return {name: assurance.condition(asked[name], name) for name in CLAIMS if name in asked}


def _members(asked: Any) -> dict[str, Any]:
    if asked is None:
        return {}
    if not isinstance(asked, dict):
        raise invalid_request("claims: userinfo and id_token are objects")
    return cast("dict[str, Any]", asked)


def _essential_acr(asked: Any) -> tuple[str, ...]:
    """§5.5.1.1: essential with values is a condition; without, any level is an answer."""
    if not isinstance(asked, dict) or asked.get("essential") is not True:
        return ()
    values = asked.get("values", [asked["value"]] if "value" in asked else [])
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise invalid_request("claims: the values of acr are a list of texts")
    return tuple(values)


def _subject(asked: Any) -> str | None:
    value = asked.get("value") if isinstance(asked, dict) else None
    if value is not None and not isinstance(value, str):
        raise invalid_request("claims: the value of sub is a text")
    return value


def hinted(token: str, keys: "Mapping[str, PublicKey]", *, issuer: str) -> tuple[str, str]:
    """For which client an ID token of ours is, and whom it names, expired or not (§3.1.2.1). Raises OAuthError."""
    try:
        jws = rfc7515.parse(token, typ=TYP, members=frozenset({"typ", "alg", "kid"}), algs=rfc7518.ALGS)
        kid: Any = jws.header["kid"]
        key = keys.get(kid) if isinstance(kid, str) else None
        if key is None:
            raise rfc7515.BadJws("kid names no key of ours")
        rfc7515.verify(jws, key)
        said = rfc7515.json_object(jws.payload)
    except rfc7515.BadJws as error:
        raise invalid_request("id_token_hint is no ID token of this issuer") from error
    audience, subject = said.get("aud"), said.get("sub")
    if said.get("iss") != issuer or not isinstance(audience, str) or not isinstance(subject, str):
        raise invalid_request("id_token_hint is no ID token of this issuer")
    return audience, subject


def logout_token(
    kid: str,
    key: "PrivateKey",
    *,
    issuer: str,
    client_id: str,
    subject: str,
    sid: str,
    jti: str,
    at: datetime,
    lifetime: timedelta,
) -> str:
    """Back-Channel Logout 1.0 §2.4: another typ and never a nonce, so that it cannot pass for an ID token."""
    now = int(at.timestamp())
    stated = {
        "iss": issuer,
        "sub": subject,
        "aud": client_id,
        "iat": now,
        "exp": now + int(lifetime.total_seconds()),
        "jti": jti,
        "events": {"http://schemas.openid.net/event/backchannel-logout": {}},
        "sid": sid,
    }
    return rfc7515.sign({"typ": LOGOUT_TYP, "kid": kid}, stated, key)

"""Access tokens as JWT (RFC 9068): what stands in them, and reading one back strictly."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from identity.tokens import rfc7515, rfc7518
from identity.tokens.messages import Acting, Confirmation
from identity.tokens.rfc7515 import BadJws
from kit.actor import Kind

if TYPE_CHECKING:
    from identity.tokens.rfc7518 import PrivateKey, PublicKey

TYP = "at+jwt"
LIFETIME = timedelta(minutes=10)
PROOFING_LIFETIME = timedelta(minutes=15)

_HEADER = frozenset({"typ", "alg", "kid"})
# Between our own machines' clocks, for iat and nbf; expiry gives none.
_LEEWAY_SECONDS = 60


class Expired(Exception):
    """Good once."""


class AccessClaims(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The payload. `sub` is what the client may know the person by; `gid` names the grant the city itself looks up."""

    iss: str
    aud: str | tuple[str, ...]
    exp: int
    iat: int
    jti: str
    client_id: str
    sub: str
    gid: str
    kind: Kind
    scope: str = ""
    nbf: int | None = None
    acr: str | None = None
    amr: tuple[str, ...] = ()
    auth_time: int | None = None
    cnf: Confirmation | None = None
    office: str | None = None
    roles: tuple[str, ...] = ()
    session: str | None = None
    act: Acting | None = None

    @property
    def audience(self) -> tuple[str, ...]:
        return (self.aud,) if isinstance(self.aud, str) else self.aud

    @property
    def signed_in_at(self) -> datetime | None:
        return None if self.auth_time is None else datetime.fromtimestamp(self.auth_time, UTC)

    @property
    def level(self) -> int:
        return level_of(self.acr)


_LEVELS = {1: "urn:motcua:loa:1", 2: "urn:motcua:loa:2"}


def is_own(claims: AccessClaims) -> bool:
    """Whether it is a client's token for itself: such a grant is written down only when it ends (decision 0040)."""
    return claims.kind in ("client", "kiosk")


def acr_of(level: int) -> str | None:
    """The assurance level as an `acr` value; None below 1."""
    return _LEVELS.get(level)


def level_of(acr: str | None) -> int:
    return next((level for level, name in _LEVELS.items() if name == acr), 0)


ACR_VALUES = list(_LEVELS.values())


def sign(claims: AccessClaims, kid: str, key: "PrivateKey") -> str:
    return rfc7515.sign({"typ": TYP, "kid": kid}, claims, key)


def read(token: str, keys: dict[str, "PublicKey"], *, issuer: str, audience: str | None, at: datetime) -> AccessClaims:
    """The claims of a token of ours that is in force (§4), for this audience or, with None, for anybody. `keys` is a plain table: a kid opens no file and asks no database.

    Raises BadJws, Expired.
    """
    claims = signed_claims(token, keys, issuer=issuer)
    refuse_out_of_force(claims, audience=audience, at=at)
    return claims


def refuse_out_of_force(claims: AccessClaims, *, audience: str | None, at: datetime) -> None:
    """Of claims that were signed: `read`'s other half. Raises BadJws, Expired."""
    now = at.timestamp()
    if audience is not None and audience not in claims.audience:
        raise BadJws("aud is not this service")
    if claims.iat > now + _LEEWAY_SECONDS or (claims.nbf is not None and claims.nbf > now + _LEEWAY_SECONDS):
        raise BadJws("the token is not valid yet")
    if claims.exp <= now:
        raise Expired("the token has expired")


def signed_claims(token: str, keys: dict[str, "PublicKey"], *, issuer: str) -> AccessClaims:
    """The claims of a token we signed, expired or not: revocation takes old ones too. Raises BadJws."""
    jws = rfc7515.parse(token, typ=TYP, members=_HEADER, algs=rfc7518.ALGS)
    kid: Any = jws.header["kid"]
    key = keys.get(kid) if isinstance(kid, str) else None
    if key is None:
        raise BadJws("kid names no key of ours")
    rfc7515.verify(jws, key)
    try:
        claims = msgspec.convert(rfc7515.json_object(jws.payload), AccessClaims)
    except msgspec.ValidationError as error:
        raise BadJws("a claim is missing or of the wrong kind") from error
    if isinstance(claims.aud, tuple) and len(set(claims.aud)) < 2:
        raise BadJws("aud is a list of one")
    if claims.iss != issuer:
        raise BadJws("iss is another issuer")
    return claims

"""Client authentication by a signed assertion (RFC 7523 §2.2, §3; `private_key_jwt`), ES256. Pure; replays are kept out by `replay.py`."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from identity.tokens import rfc7515, rfc7638
from identity.tokens.rfc7515 import BadJws

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
LONGEST = timedelta(hours=1)
"""How far ahead `exp` may lie: for so long the assertion's `jti` is remembered."""
_LEEWAY_SECONDS = 30
_MAX_JTI_CHARS = 256


class BadAssertion(Exception):
    """The assertion does not hold; the text is for tests and logs, the client is told `invalid_client` only."""


class Assertion(msgspec.Struct, frozen=True):
    """One that holds, and how long it could be shown again."""

    jti: str
    seconds_left: int


class _Claims(msgspec.Struct, frozen=True):
    iss: str
    sub: str
    aud: str | list[str]
    exp: int | float
    jti: str
    iat: int | float | None = None
    nbf: int | float | None = None


def claimed_client(assertion: str) -> str:
    """Whom the assertion says it is from, before anything is verified. Raises BadAssertion."""
    return _read(assertion)[1].sub


def check(
    assertion: str,
    keys: Sequence[Mapping[str, Any]],
    *,
    client_id: str,
    audiences: Collection[str],
    issuer_only: bool,
    at: datetime,
) -> Assertion:
    """`audiences`, the issuer first, are the names we answer to; with `issuer_only` that one string and nothing beside it
    (FAPI 2.0 §5.3.2.1). Raises BadAssertion."""
    jws, claims = _read(assertion)
    if claims.iss != client_id or claims.sub != client_id:
        raise BadAssertion("iss and sub are not the client")
    named = [claims.aud] if isinstance(claims.aud, str) else claims.aud
    ours = next(iter(audiences))
    if (claims.aud != ours) if issuer_only else not set(named) & set(audiences):
        raise BadAssertion("aud is not this issuer")
    now = at.timestamp()
    if not now < claims.exp <= now + LONGEST.total_seconds():
        raise BadAssertion("the assertion has expired, or lasts too long")
    if any(moment is not None and moment > now + _LEEWAY_SECONDS for moment in (claims.iat, claims.nbf)):
        raise BadAssertion("the assertion is not valid yet")
    if not 1 <= len(claims.jti) <= _MAX_JTI_CHARS:
        raise BadAssertion("jti is empty or too long")
    if not any(_signed_by(jws, key) for key in keys if jws.header.get("kid") in (None, key.get("kid"))):
        raise BadAssertion("no key of the client signed it")
    return Assertion(jti=claims.jti, seconds_left=int(claims.exp - now) + 1)


def _read(assertion: str) -> tuple[rfc7515.Jws, _Claims]:
    try:
        jws = rfc7515.parse(assertion, typ=None, members=frozenset({"alg"}), more=True)
        return jws, msgspec.convert(rfc7515.json_object(jws.payload), _Claims)
    except BadJws as error:
        raise BadAssertion(str(error)) from error
    except msgspec.ValidationError as error:
        raise BadAssertion("iss, sub, aud, exp or jti is missing or of the wrong kind") from error


def _signed_by(jws: rfc7515.Jws, key: Mapping[str, Any]) -> bool:
    try:
        rfc7515.verify(jws, rfc7638.key_of(key))
    except BadJws:
        return False
    return True

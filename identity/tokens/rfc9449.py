"""DPoP (RFC 9449): the proof that the caller holds the key its token is bound to. Pure; replays are kept out by `replay.py`."""

import hashlib
import hmac
import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import msgspec

from identity.tokens import rfc7515, rfc7638
from identity.tokens.rfc7515 import BadJws

TYP = "dpop+jwt"
WINDOW = timedelta(seconds=60)
"""How far `iat` may lie from our clock, either way. A proof used twice within it is a replay."""

_HEADER = frozenset({"typ", "alg", "jwk"})
_MAX_JTI_CHARS = 256
_DEFAULT_PORTS = {"http": 80, "https": 443}
_ESCAPED = re.compile("%[0-9A-Fa-f]{2}", re.ASCII)
_UNRESERVED = re.compile("[A-Za-z0-9._~-]", re.ASCII)


class BadProof(Exception):
    """The proof does not hold; the text says why and holds nothing secret."""


class Proof(msgspec.Struct, frozen=True):
    """A proof that holds. `jkt` is the thumbprint of the caller's key."""

    jkt: str
    jti: str


class _Claims(msgspec.Struct, frozen=True):
    jti: str
    htm: str
    htu: str
    iat: int | float
    ath: str | None = None


def check(proofs: Sequence[str], *, method: str, url: str, at: datetime, access_token: str | None = None) -> Proof:
    """The twelve checks of §4.3 but the replay. `url` is what we are called by, without query. Raises BadProof."""
    if len(proofs) != 1:
        raise BadProof("send one DPoP header" if proofs else "the DPoP header is missing")
    try:
        jws, key = _parsed(proofs[0])
        claims = msgspec.convert(rfc7515.json_object(jws.payload), _Claims)
    except BadJws as error:
        raise BadProof(str(error)) from error
    except msgspec.ValidationError as error:
        raise BadProof("jti, htm, htu or iat is missing or of the wrong kind") from error
    if not 1 <= len(claims.jti) <= _MAX_JTI_CHARS:
        raise BadProof("jti is empty or too long")
    if claims.htm != method:
        raise BadProof("htm is not the method of this request")
    if not same_address(claims.htu, url):
        raise BadProof("htu is not the address of this request")
    # Compared, not subtracted: an int of JSON may be too large for a float.
    if not (at - WINDOW).timestamp() <= claims.iat <= (at + WINDOW).timestamp():
        raise BadProof(f"iat is more than {WINDOW.seconds} s away from this server's clock; see the Date header")
    if access_token is not None and not _is_hash_of(access_token, claims.ath):
        raise BadProof("ath is not the hash of the access token")
    return Proof(jkt=rfc7638.thumbprint(key), jti=claims.jti)


def _parsed(proof: str) -> tuple[rfc7515.Jws, Any]:
    jws = rfc7515.parse(proof, typ=TYP, members=_HEADER, more=True)
    key = rfc7638.key_of(jws.header["jwk"])
    rfc7515.verify(jws, key)
    return jws, key


def access_token_hash(access_token: str) -> str:
    """`ath` (§4.2)."""
    return rfc7515.b64url(hashlib.sha256(access_token.encode("ascii")).digest())


def _is_hash_of(access_token: str, ath: str | None) -> bool:
    return ath is not None and hmac.compare_digest(ath.encode(), access_token_hash(access_token).encode())


def same_address(htu: str, url: str) -> bool:
    """Compared without query and fragment, as sent and not as decoded, in the normal form of RFC 3986 §6.2.2 and §6.2.3:
    scheme and host in lower case, no default port, letters that need no escape unescaped, escapes in upper case."""
    said, ours = _normal(htu), _normal(url)
    return said is not None and said == ours


def _normal(url: str) -> tuple[str, str, int | None, str] | None:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if parts.hostname is None or parts.username is not None or parts.password is not None:
        return None
    scheme = parts.scheme.lower()
    return scheme, parts.hostname.lower(), port or _DEFAULT_PORTS.get(scheme), _ESCAPED.sub(_escape, parts.path) or "/"


def _escape(found: re.Match[str]) -> str:
    letter = chr(int(found[0][1:], 16))
    return letter if _UNRESERVED.fullmatch(letter) else found[0].upper()

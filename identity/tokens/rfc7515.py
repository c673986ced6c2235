"""JSON Web Signature (RFC 7515), compact form: parsed strictly before any key is touched (RFC 8725)."""

import base64
import json
import re
from collections.abc import Collection
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import msgspec

from identity.tokens import rfc7518

if TYPE_CHECKING:
    from identity.tokens.rfc7518 import PrivateKey, PublicKey

ALG: Final = "ES256"
"""What others sign by who show us something: clients their assertions, devices their proofs."""
# Ours are about 700 bytes and a DPoP proof about 600: what is longer is refused unread.
MAX_CHARS: Final = 4096

_BASE64URL = re.compile(r"[A-Za-z0-9_-]*", re.ASCII)


class BadJws(Exception):
    """Not a token we read; the text says why, for the log and the challenge, and holds nothing of the token."""


class Jws(msgspec.Struct, frozen=True):
    """The parts of one compact token; nothing is verified yet."""

    header: dict[str, Any]
    payload: bytes
    signing_input: bytes
    signature: bytes


def b64url(data: bytes) -> str:
    """Base64url without padding (RFC 7515 §2)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64url(text: str) -> bytes:
    """Raises BadJws for padding, foreign letters and spare bits, so that one token has one spelling."""
    if not _BASE64URL.fullmatch(text) or len(text) % 4 == 1:
        raise BadJws("a part is not base64url")
    data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if b64url(data) != text:
        raise BadJws("a part has spare bits")
    return data


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise BadJws("a name stands twice")
    return found


def _no_constant(name: str) -> Any:
    raise BadJws(f"{name} is no JSON number")


def json_object(data: bytes) -> dict[str, Any]:
    """A JSON object; names that stand twice (RFC 7515 §5.2), NaN, Infinity and half a surrogate pair are refused."""
    try:
        found = json.loads(data.decode("utf-8"), object_pairs_hook=_once, parse_constant=_no_constant)
        if b"\\u" in data:
            # "\\ud800" is a string to Python and no text to anybody else: whoever hashed or stored it would fall over it.
            json.dumps(found, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise BadJws("a part is not JSON") from error
    if not isinstance(found, dict):
        raise BadJws("a part is not a JSON object")
    return found


# What changes how a token is to be read; we know none of it (RFC 7515 §4.1.11, RFC 7797, RFC 7516 §4.1.3).
_NOT_UNDERSTOOD = frozenset({"crit", "b64", "zip", "enc"})


def parse(
    compact: str, *, typ: str | None, members: frozenset[str], more: bool = False, algs: Collection[str] = (ALG,)
) -> Jws:
    """The parts of a token whose protected header holds `members`, with an alg among `algs` and this `typ` (None: any).

    Unless `more` is allowed, any other member is refused: jku, x5u, x5c and a foreign jwk end here. With `more` they are ignored.
    """
    if len(compact) > MAX_CHARS:
        raise BadJws("the token is too long")
    parts = compact.split(".")
    if len(parts) != 3:
        raise BadJws("the token has not three parts")
    header = json_object(unb64url(parts[0]))
    if header.get("alg") not in algs:
        raise BadJws(f"alg is not {' or '.join(algs)}")
    if typ is not None and header.get("typ") != typ:
        raise BadJws(f"typ is not {typ}")
    if not members <= set(header) or header.keys() & _NOT_UNDERSTOOD:
        raise BadJws("a header member is missing, or not understood here")
    if not more and header.keys() != members:
        raise BadJws(f"the header holds more than {', '.join(sorted(members))}")
    return Jws(
        header=header,
        payload=unb64url(parts[1]),
        signing_input=f"{parts[0]}.{parts[1]}".encode(),
        signature=unb64url(parts[2]),
    )


def verify(jws: Jws, key: "PublicKey") -> None:
    """Raises BadJws unless `key` signed it, by the algorithm the key is for."""
    if jws.header.get("alg") != rfc7518.alg_of(key):
        raise BadJws("alg is not that of the key")
    if not rfc7518.verifies(jws.signing_input, jws.signature, key):
        raise BadJws("the signature does not verify")


def sign(header: dict[str, Any], payload: dict[str, Any] | msgspec.Struct, key: "PrivateKey") -> str:
    """The compact token; `alg` is added, as the key has it."""
    signing_input = f"{_header(rfc7518.alg_of(key), *header.items())}.{b64url(msgspec.json.encode(payload))}"
    return f"{signing_input}.{b64url(rfc7518.sign(signing_input.encode(), key))}"


@lru_cache(maxsize=32)
def _header(alg: str, *members: tuple[str, Any]) -> str:
    """There are few: one for each kind of token and key."""
    return b64url(msgspec.json.encode({"alg": alg, **dict(members)}))

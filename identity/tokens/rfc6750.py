"""How a token is shown (RFC 6750 §2.1, RFC 9449 §7.1) and how its refusal is told to machines (§3)."""

from typing import Literal

import msgspec

from identity.tokens.rfc7515 import ALG

Scheme = Literal["Bearer", "DPoP"]
_SCHEMES: dict[str, Scheme] = {"bearer": "Bearer", "dpop": "DPoP"}


class Shown(msgspec.Struct, frozen=True):
    scheme: Scheme
    token: str


def shown(authorization: str | None) -> Shown | None:
    """The token of an Authorization header; None when there is none or its scheme is not for tokens."""
    scheme, _, token = (authorization or "").partition(" ")
    found = _SCHEMES.get(scheme.lower())
    return None if found is None else Shown(scheme=found, token=token.strip(" "))


def challenge(scheme: Scheme, error: str, description: str) -> dict[str, str]:
    """The WWW-Authenticate header of a refused token."""
    algs = f', algs="{ALG}"' if scheme == "DPoP" else ""
    return {"WWW-Authenticate": f'{scheme} error="{error}", error_description="{description}"{algs}'}

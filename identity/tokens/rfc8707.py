"""Resource indicators (RFC 8707): which service a token is for. Pure."""

from collections.abc import Collection, Mapping
from urllib.parse import urlsplit

from identity.tokens.rfc6749 import OAuthError, values

_MOST = 8


def wanted(sent: Mapping[str, str]) -> tuple[str, ...]:
    """The services asked for by address; raises OAuthError unless each is an absolute URI without a fragment (§2)."""
    asked = values(sent, "resource")
    if len(asked) > _MOST or not all(_is_absolute(uri) for uri in asked):
        raise invalid_target("resource is an absolute URI without a fragment")
    return asked


def within(asked: Collection[str], allowed: Collection[str]) -> None:
    """Raises OAuthError when a service is asked for that is not among those allowed."""
    if not set(allowed).issuperset(asked):
        raise invalid_target("no token of this client is for that service")


def invalid_target(description: str) -> OAuthError:
    return OAuthError("invalid_target", description)


def _is_absolute(uri: str) -> bool:
    try:
        return bool(urlsplit(uri).scheme) and "#" not in uri and " " not in uri and uri.isascii()
    except ValueError:
        return False

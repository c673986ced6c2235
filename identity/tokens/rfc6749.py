"""OAuth 2.0 (RFC 6749) at the token endpoint: reading the form and the client's credentials, and saying no as §5.2 has it. Pure."""

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from urllib.parse import parse_qsl, unquote_plus

import msgspec

FORM = "application/x-www-form-urlencoded"
_MAX_FIELDS = 32
# Appendix A: every parameter of ours is of visible ASCII. A NUL among them is nothing a database can look up.
_VISIBLE = re.compile("[ -~]*", re.ASCII)
# §4.1.2.1 and §5.2 allow an error's description nothing of this, should it repeat a part of the request.
_UNSPEAKABLE = re.compile(r"[^ !#-\[\]-~]")


class OAuthError(Exception):
    """A no of the OAuth endpoints: `error` is the stable code for machines."""

    def __init__(
        self,
        error: str,
        description: str,
        *,
        status: int = 400,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.error = error
        self.description = _UNSPEAKABLE.sub("?", description)
        self.status = status
        self.headers = dict(headers or {})
        super().__init__(f"{error}: {description}")


def invalid_request(description: str) -> OAuthError:
    return OAuthError("invalid_request", description)


def invalid_grant(description: str) -> OAuthError:
    return OAuthError("invalid_grant", description)


def invalid_client(*, by_basic: bool) -> OAuthError:
    """One answer for an unknown client, a wrong secret and a missing one (§5.2)."""
    headers = {"WWW-Authenticate": 'Basic realm="motcua", charset="UTF-8"'} if by_basic else None
    return OAuthError("invalid_client", "the client is unknown or did not authenticate", status=401, headers=headers)


def is_visible(text: str) -> bool:
    return _VISIBLE.fullmatch(text) is not None


_BETWEEN = "\n"
_REPEATED = frozenset({"resource", "audience"})


class Twice(ValueError):
    """A parameter stands twice that may stand once."""


def gathered(pairs: Sequence[tuple[str, str]]) -> dict[str, str]:
    """The parameters of a request; empty ones count as absent and none may stand twice (§3.1) but `resource` and `audience`
    (RFC 8707, RFC 8693): their values are kept in one, for `values`. Raises Twice."""
    found, twice = gathered_and_twice(pairs)
    if twice:
        raise Twice(twice[0])
    return found


def gathered_and_twice(pairs: Sequence[tuple[str, str]]) -> tuple[dict[str, str], list[str]]:
    """The same, and the names of those that stand twice, which have no value then."""
    found: dict[str, str] = {}
    twice: list[str] = []
    for name, value in pairs:
        if name not in found:
            found[name] = value
        elif name in _REPEATED:
            found[name] = _BETWEEN.join(filter(None, (found[name], value)))
        elif name not in twice:
            twice.append(name)
    return {name: value for name, value in found.items() if value and name not in twice}, twice


def values(sent: Mapping[str, str], parameter: str) -> tuple[str, ...]:
    """Of a parameter that may stand several times, each once."""
    return tuple(dict.fromkeys(sent[parameter].split(_BETWEEN))) if parameter in sent else ()


def form(content_type: str | None, body: bytes) -> dict[str, str]:
    """The parameters; empty ones count as absent and none may stand twice (§3.2)."""
    if content_type is None and not body:
        return {}
    kind, _, parameters = (content_type or "").partition(";")
    if kind.strip().lower() != FORM or parameters.strip().lower() not in ("", "charset=utf-8"):
        raise OAuthError("invalid_request", f"send {FORM}", status=415)
    try:
        pairs = parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=bool(body),
            errors="strict",
            max_num_fields=_MAX_FIELDS,
        )
    except ValueError as error:
        raise invalid_request("the body is no form") from error
    if not _VISIBLE.fullmatch("".join([name + value for name, value in pairs])):
        raise invalid_request("a parameter holds more than visible ASCII")
    try:
        return gathered(pairs)
    except Twice as error:
        raise invalid_request("a parameter stands twice") from error


class Credentials(msgspec.Struct, frozen=True):
    """Who the client says it is; a public client has no secret."""

    client_id: str
    secret: str | None
    by_basic: bool


def credentials(authorization: str | None, sent: Mapping[str, str]) -> Credentials:
    """From the Authorization header or the form, never both (§2.3)."""
    said = sent.get("client_id")
    if authorization is None:
        if said is None:
            raise invalid_client(by_basic=False)
        return Credentials(client_id=said, secret=sent.get("client_secret"), by_basic=False)
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        raise invalid_client(by_basic=True)
    if "client_secret" in sent:
        raise invalid_request("authenticate once: by Basic or in the form")
    try:
        name, colon, secret = base64.b64decode(encoded.strip(), validate=True).decode("ascii").partition(":")
    except (binascii.Error, UnicodeDecodeError) as error:
        raise invalid_client(by_basic=True) from error
    # §2.3.1: both halves are form-encoded before they are joined.
    client_id = unquote_plus(name)
    if not colon or not client_id or not _VISIBLE.fullmatch(client_id):
        raise invalid_client(by_basic=True)
    if said is not None and said != client_id:
        raise invalid_request("client_id is not the client that authenticated")
    return Credentials(client_id=client_id, secret=unquote_plus(secret), by_basic=True)

"""`X-Sandbox-Error`: a sandbox fails on purpose, for a sandbox client that asks for it, in the very words of the real failure.

The list is data: `sandbox_errors.toml`. Outside a sandbox the header is never looked at.
"""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Literal

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from identity.tokens import rfc6749, rfc7523, store
from identity.tokens.refusals import TokenExpired, TokenRevoked
from identity.tokens.rfc6749 import OAuthError
from identity.tokens.rfc6750 import challenge
from kit.actor import Actor, InsufficientLevel
from kit.limits import LimitsUnavailable, TooMany
from kit.refusal import Refusal, Words

HEADER = "X-Sandbox-Error"
FILE = Path(__file__).with_name("sandbox_errors.toml")

Place = Literal["token", "par", "device_authorization", "introspect", "revoke", "api"]
_REFUSALS: Mapping[str, type[Refusal]] = {
    kind.code: kind for kind in (TokenExpired, TokenRevoked, TooMany, LimitsUnavailable)
}


class UnknownSandboxError(Refusal):
    status = 400
    code = "unknown-sandbox-error"
    vi = "Tiêu đề X-Sandbox-Error không nêu lỗi nào xảy ra ở đây. Danh sách: /v1/sandbox/errors."
    en = "X-Sandbox-Error names no error that happens here. The list: /v1/sandbox/errors."


class SandboxError(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One failure: an OAuth `error`, or the `code` of a problem document; `at` says where it happens."""

    name: str
    at: frozenset[Place]
    vi: str
    en: str
    error: str | None = None
    description: str = ""
    code: str | None = None
    level: int = 0
    retry_after_seconds: int | None = None
    challenge: tuple[str, str] | None = None

    @property
    def words(self) -> Words:
        return Words(vi=self.vi, en=self.en)


@cache
def every() -> Mapping[str, SandboxError]:
    """By name."""
    read = msgspec.convert(tomllib.loads(FILE.read_text(encoding="utf-8"))["errors"], list[SandboxError])
    return {one.name: one for one in read}


async def fail_at_endpoint(
    conn: AsyncConnection, name: str, place: Place, sent: Mapping[str, str], authorization: str | None
) -> None:
    """What the endpoint answers when a sandbox client asks it to fail. Raises OAuthError or a Refusal; does nothing for any other client.

    The client is believed without its secret: a made-up error is nothing worth keeping from anybody.
    """
    by_basic = authorization is not None
    try:
        assertion = sent.get("client_assertion")
        named = (
            rfc6749.credentials(authorization, sent).client_id
            if assertion is None
            else rfc7523.claimed_client(assertion)
        )
    except (OAuthError, rfc7523.BadAssertion):
        return
    if not await _is_sandbox(conn, named):
        return
    wanted = _at(name, place)
    if wanted.error == "invalid_client":
        raise rfc6749.invalid_client(by_basic=by_basic)
    if wanted.error is not None:
        raise OAuthError(wanted.error, wanted.description)
    raise _refusal(wanted, Actor(kind="nobody"))


async def fail_at_api(conn: AsyncConnection, name: str, actor: Actor) -> None:
    """The same wherever a token is shown."""
    if actor.client_id is not None and await _is_sandbox(conn, actor.client_id):
        raise _refusal(_at(name, "api"), actor)


async def _is_sandbox(conn: AsyncConnection, client_id: str) -> bool:
    client = await store.client(conn, client_id) if rfc6749.is_visible(client_id) else None
    return client is not None and client.sandbox


def _at(name: str, place: Place) -> SandboxError:
    found = every().get(name)
    if found is None or place not in found.at:
        raise UnknownSandboxError
    return found


def _refusal(wanted: SandboxError, actor: Actor) -> Refusal:
    if wanted.level:
        return InsufficientLevel.of(actor, wanted.level)
    assert wanted.code is not None
    headers = None if wanted.challenge is None else challenge(actor.scheme, *wanted.challenge)
    return _REFUSALS[wanted.code](retry_after_seconds=wanted.retry_after_seconds, headers=headers)

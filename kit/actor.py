"""Who acts, and whom a route asks for: plain values, so that rooms need not know identity."""

from datetime import datetime
from typing import Literal, Self

import msgspec

from kit.refusal import Refusal

Kind = Literal["nobody", "citizen", "officer", "client", "kiosk", "proofing"]


class Actor(msgspec.Struct, frozen=True, kw_only=True):
    """The one who calls. `jkt` is the thumbprint of the device key the token is bound to (RFC 9449); `grant_id` is what the token
    stands on (at the city's own pages the browser's session), `auth_at` when the person last showed who they are, `authenticator_id` by what, where one thing did; `partner` says that
    the app is not the city's own."""

    kind: Kind
    account_id: str | None = None
    client_id: str | None = None
    session_id: str | None = None
    scopes: frozenset[str] = frozenset()
    level: int = 0
    office_id: str | None = None
    roles: frozenset[str] = frozenset()
    jkt: str | None = None
    grant_id: str | None = None
    auth_at: datetime | None = None
    authenticator_id: str | None = None
    partner: bool = False

    @property
    def scheme(self) -> Literal["DPoP", "Bearer"]:
        """How the token was shown, and so how a challenge is worded (RFC 9449 §7.1)."""
        return "Bearer" if self.jkt is None else "DPoP"


class InsufficientLevel(Refusal):
    """RFC 9470 §3: the token is good, the assurance behind it is too low."""

    status = 401
    code = "insufficient-level"
    vi = "Việc này cần tài khoản định danh mức {level}. Hãy đến quầy một cửa để cán bộ xác nhận."
    en = "This needs an account at assurance level {level}. Have an officer confirm you at a service desk."

    @classmethod
    def of(cls, actor: Actor, level: int) -> Self:
        """With the challenge that names the level wanted."""
        challenge = f'{actor.scheme} error="insufficient_user_authentication", acr_values="urn:motcua:loa:{level}"'
        return cls(level=level, headers={"WWW-Authenticate": challenge})


NOBODY = Actor(kind="nobody")

Answer = Literal["yes", "not_signed_in", "wrong_kind", "scope", "level", "role"]


class Who(msgspec.Struct, frozen=True, kw_only=True):
    """What a route asks of its caller; every route states one. With `told`, a token of another trade hears which scope is wanted:
    the address is no secret. Elsewhere it is answered as if nothing were there."""

    kinds: frozenset[Kind]
    scope: str | None = None
    level: int = 0
    role: str | None = None
    own: bool = False
    anyone: bool = False
    told: bool = False
    alternatives: tuple["Who", ...] = ()

    def answer(self, actor: Actor) -> Answer:
        """`yes`, or the first reason against it."""
        if self.anyone:
            return "yes"
        if self.alternatives:
            answers: list[Answer] = [who.answer(actor) for who in self.alternatives]
            return max(answers, key=_NEARNESS.index)
        if actor.kind == "nobody":
            return "not_signed_in"
        if actor.kind not in self.kinds or (self.own and actor.partner):
            return "wrong_kind"
        if self.scope is not None and self.scope not in actor.scopes:
            return "scope"
        if self.role is not None and self.role not in actor.roles:
            return "role"
        if actor.level < self.level:
            return "level"
        return "yes"


# Of several alternatives, the refusal told is the one the caller came nearest to.
_NEARNESS: tuple[Answer, ...] = ("not_signed_in", "wrong_kind", "role", "scope", "level", "yes")

ANYONE = Who(kinds=frozenset(), anyone=True)


def citizen(scope: str | None = None, *, level: int = 1, own: bool = False) -> Who:
    """A citizen's own token of at least this assurance level; with `own`, held by an app of the city's."""
    return Who(kinds=frozenset({"citizen"}), scope=scope, level=level, own=own)


def officer(role: str | None = None, *, scope: str = "desk") -> Who:
    """An officer in an office, holding `role` when one is named. Who has not registered a passkey yet is not given the scope `desk`."""
    return Who(kinds=frozenset({"officer"}), role=role, scope=scope)


def kiosk(scope: str) -> Who:
    """A kiosk of a service centre."""
    return Who(kinds=frozenset({"kiosk"}), scope=scope)


def client(scope: str) -> Who:
    """A registered application acting for itself."""
    return Who(kinds=frozenset({"client"}), scope=scope)


def proofing() -> Who:
    """The short token of one proofing session."""
    return Who(kinds=frozenset({"proofing"}))


def either(*who: Who, told: bool = False) -> Who:
    """Any one of these."""
    return Who(kinds=frozenset(), alternatives=who, told=told)

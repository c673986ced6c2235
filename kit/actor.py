"""Who acts, and whom a route asks for: plain values, so that rooms need not know identity."""

from typing import Literal

import msgspec

Kind = Literal["nobody", "citizen", "officer", "client", "kiosk", "proofing"]


class Actor(msgspec.Struct, frozen=True, kw_only=True):
    """The one who calls. `jkt` is the thumbprint of the device key the token is bound to (RFC 9449)."""

    kind: Kind
    account_id: str | None = None
    client_id: str | None = None
    session_id: str | None = None
    scopes: frozenset[str] = frozenset()
    level: int = 0
    office_id: str | None = None
    roles: frozenset[str] = frozenset()
    jkt: str | None = None


NOBODY = Actor(kind="nobody")

Answer = Literal["yes", "not_signed_in", "wrong_kind", "scope", "level", "role"]


class Who(msgspec.Struct, frozen=True, kw_only=True):
    """What a route asks of its caller; every route states one."""

    kinds: frozenset[Kind]
    scope: str | None = None
    level: int = 0
    role: str | None = None
    anyone: bool = False
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
        if actor.kind not in self.kinds:
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


def citizen(scope: str | None = None, *, level: int = 1) -> Who:
    """A citizen's own token of at least this assurance level."""
    return Who(kinds=frozenset({"citizen"}), scope=scope, level=level)


def officer(role: str | None = None, *, scope: str | None = None) -> Who:
    """An officer in an office, holding `role` when one is named."""
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


def either(*who: Who) -> Who:
    """Any one of these."""
    return Who(kinds=frozenset(), alternatives=who)

"""Authenticators, sessions and the log of sign-ins as their holder sees them."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from identity.accounts.messages import SignInMethod, SignInOutcome

AuthenticatorKind = Literal["phone", "email", "passkey"]
SessionKind = Literal["app", "browser"]

WRITTEN = "^[^\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f\\u202a-\\u202e\\u2066-\\u2069]*$"


class Authenticator(msgspec.Struct, frozen=True, kw_only=True):
    """One way in: a phone or address that gets one-time codes, or a passkey. A locked one signs nobody in."""

    id: str
    kind: AuthenticatorKind
    name: Annotated[str, Meta(description="masked, or what its owner calls it")]
    added_at: datetime
    last_used_at: Annotated[datetime | None, Meta(description="of a passkey")]
    may_be_biometric: Annotated[
        bool, Meta(description="a device may ask for a face or a finger: never the only way in")
    ]
    locked_at: datetime | None


class ContactRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    contact: Annotated[str, Meta(max_length=254, description="phone number or e-mail address")]


class ConfirmationReply(msgspec.Struct, frozen=True):
    """A code was sent there, whoever has it."""

    id: str
    expires_in: int


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """One app that is signed in, or a browser at the city's own pages. `current` is the one that asks."""

    id: str
    kind: SessionKind
    client: str
    began_at: datetime
    expires_at: datetime
    level: int
    current: bool


class SignInEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One try: `network` is the neighbourhood of the address, and is forgotten first."""

    id: str
    at: datetime
    method: SignInMethod
    outcome: SignInOutcome
    client: str
    network: str | None


class SignInLog(msgspec.Struct, frozen=True):
    """The newest first; `next` is what to send as `before` for the older ones, None at the end."""

    entries: list[SignInEntry]
    next: str | None


class UnlockRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`reason` is what the person showed; it is kept with the officer's name."""

    pin: Annotated[str, Meta(pattern="^[0-9]{12}$")]
    reason: Annotated[str, Meta(min_length=1, max_length=500, pattern=WRITTEN)]

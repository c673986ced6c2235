"""A person's decision about one app."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from kit.refusal import Words

State = Literal["standing", "expired", "withdrawn", "replaced"]


class Consent(msgspec.Struct, frozen=True, kw_only=True):
    """The decision that stands. `asked` and `allowed` hold scopes, and single claims as `claim:NAME`."""

    id: str
    asked: frozenset[str]
    allowed: frozenset[str]
    purpose: Words | None
    given_at: datetime
    expires_at: datetime


class Allowed(msgspec.Struct, frozen=True):
    """One thing an app may do or see."""

    name: str
    words: Words


class MyConsent(msgspec.Struct, frozen=True, kw_only=True):
    """One decision as its owner reads it."""

    id: str
    client_id: str
    client_name: str
    purpose: Annotated[Words | None, Meta(description="what the app said it wants the data for, as the page showed it")]
    allowed: list[Allowed]
    refused: list[Allowed]
    given_at: datetime
    expires_at: datetime
    ended_at: datetime | None
    state: State


class MyConsents(msgspec.Struct, frozen=True):
    """Newest first, ended ones among them."""

    consents: list[MyConsent]

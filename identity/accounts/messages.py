"""Accounts and what is known of their holders."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from kit.pin import Sex
from kit.refusal import Words
from notifications import Contact, ContactKind, Locale

AccountKind = Literal["person", "officer", "enterprise"]
SignInMethod = Literal["code_phone", "code_email", "card_and_face", "passkey"]
SignInOutcome = Literal["signed_in", "wrong"]

VISIBLE = "^[ -~]*$"


class ProvedClaim(msgspec.Struct, frozen=True):
    """One thing proven of a person: `value` as JSON has it (dates as ISO text), `sources` what said so."""

    claim: str
    value: Any
    sources: tuple[str, ...]
    proved_at: datetime


class Known(msgspec.Struct, frozen=True):
    """A value for a form, with where it comes from."""

    value: Any
    sources: tuple[str, ...]
    proved_at: datetime


class HeldContact(msgspec.Struct, frozen=True):
    """A phone or address shown by code to be the holder's own."""

    kind: ContactKind
    value: str
    verified_at: datetime

    @property
    def contact(self) -> Contact:
        return Contact(kind=self.kind, value=self.value)


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """One person's, one officer's or one enterprise's. `level` 1 and 2 are `urn:motcua:loa:1` and `:2`: as of today, good until `level_until`."""

    id: str
    kind: AccountKind
    pin: str | None
    full_name: str
    date_of_birth: date | None
    sex: Sex | None
    level: int
    level_until: date | None
    locale: Locale
    created_at: datetime
    closed_at: datetime | None
    contacts: tuple[HeldContact, ...]


class MyContact(msgspec.Struct, frozen=True):
    """Masked: a token in the wrong hands must not give the number to call."""

    kind: ContactKind
    masked: str
    verified_at: datetime


class MyOffice(msgspec.Struct, frozen=True):
    id: str
    name: Words
    roles: list[str]


class Me(msgspec.Struct, frozen=True, kw_only=True):
    """Who is signed in."""

    account_id: str
    kind: AccountKind
    full_name: str
    date_of_birth: date | None
    sex: Sex | None
    pin_masked: str | None
    level: Annotated[int, Meta(description="of this token: it never exceeds the account's")]
    acr: str | None
    level_until: Annotated[
        date | None, Meta(description="last day of the account's level; then prove yourself again in a new session")
    ]
    locale: Locale
    contacts: list[MyContact]
    office: MyOffice | None


class SignInRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Asks for a one-time code to be sent."""

    client_id: Annotated[str, Meta(max_length=80, pattern=VISIBLE)]
    login: Annotated[str, Meta(max_length=254, description="phone number or e-mail address")]
    code_challenge: Annotated[str, Meta(max_length=128, description="RFC 7636, method S256")]
    code_challenge_method: Annotated[str, Meta(max_length=10)]
    scope: (
        Annotated[
            str,
            Meta(max_length=500, pattern=VISIBLE, description="space-separated; all the client may have when absent"),
        ]
        | None
    ) = None
    nonce: Annotated[str, Meta(max_length=255, pattern=VISIBLE, description="returned in the ID token")] | None = None


class SignInReply(msgspec.Struct, frozen=True):
    """The same for every login, known or not."""

    id: str
    expires_in: int


class CodeRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    code: Annotated[str, Meta(pattern="^[0-9]{6}$", description="the six digits received")]

"""Passkeys as clients see them; options and credentials are as Web Authentication level 3 has them in JSON (§5.1.8 to §5.1.10)."""

from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from identity.accounts.messages import VISIBLE

# One line, no control characters, nothing that turns the reading direction round.
_LINE = "^[^\\x00-\\x1f\\x7f\\u202a-\\u202e\\u2066-\\u2069]*$"

PasskeyName = Annotated[str, Meta(min_length=1, max_length=60, pattern=_LINE)]


class Passkey(msgspec.Struct, frozen=True, kw_only=True):
    """`synced`: a copy may be on the person's other devices. `locked_at`: it signs nobody in until it is unlocked."""

    id: str
    name: str
    created_at: datetime
    last_used_at: datetime | None
    synced: bool
    locked_at: datetime | None


class CeremonyReply(msgspec.Struct, frozen=True):
    """Hand `options` to `navigator.credentials` (`parseCreationOptionsFromJSON`, `parseRequestOptionsFromJSON`)."""

    id: str
    options: dict[str, Any]
    expires_in: int


class RegistrationAnswer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    credential: Annotated[dict[str, Any], Meta(description="RegistrationResponseJSON")]
    name: Annotated[PasskeyName, Meta(description="what its owner will know it by")]


class NameRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: PasskeyName


class PasskeySignInRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """As for a one-time code, without a login: the passkey says whose it is."""

    client_id: Annotated[str, Meta(max_length=80, pattern=VISIBLE)]
    code_challenge: Annotated[str, Meta(max_length=128, description="RFC 7636, method S256")]
    code_challenge_method: Annotated[str, Meta(max_length=10)]
    scope: (
        Annotated[str, Meta(max_length=500, pattern=VISIBLE, description="all the client may have when absent")] | None
    ) = None
    nonce: Annotated[str, Meta(max_length=255, pattern=VISIBLE, description="returned in the ID token")] | None = None


class AssertionAnswer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    credential: Annotated[dict[str, Any], Meta(description="AuthenticationResponseJSON")]

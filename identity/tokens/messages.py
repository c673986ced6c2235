"""What the issuer keeps and answers."""

from datetime import datetime
from typing import Any, Literal

import msgspec

from kit.refusal import Words

ClientKind = Literal["public", "confidential"]
Alg = Literal["ES256", "EdDSA", "RS256"]
ResponseMode = Literal["query", "form_post"]
GrantType = Literal[
    "authorization_code",
    "refresh_token",
    "client_credentials",
    "urn:ietf:params:oauth:grant-type:device_code",
    "urn:ietf:params:oauth:grant-type:token-exchange",
]


class Client(msgspec.Struct, frozen=True, kw_only=True):
    """A registered application. `sector` groups clients that may know a person by one `sub`; `office_id` makes it a kiosk;
    `purpose` is what a partner wants people's data for. A confidential client has a secret, or public `keys` (JWK) whose private
    halves sign its assertions; `fapi2` holds it to the stricter readings of the FAPI 2.0 security profile. `resources` are services
    beside the city's own that it may ask tokens for, `exchange_from` clients whose tokens it may exchange for narrower ones; `origins` are
    those of its pages whose scripts call the issuer. `owner_id` is the account that registered it; a `sandbox` client may ask a sandbox to
    fail; the secret before the last is good until `old_secret_until`."""

    id: str
    name: str
    kind: ClientKind
    secret_digest: bytes | None
    grants: frozenset[str]
    scopes: tuple[str, ...]
    redirect_uris: tuple[str, ...]
    dpop_required: bool
    first_party: bool
    office_id: str | None
    sector: str
    purpose: Words | None
    response_modes: tuple[ResponseMode, ...]
    keys: tuple[dict[str, Any], ...]
    require_par: bool
    fapi2: bool
    post_logout_redirect_uris: tuple[str, ...]
    backchannel_logout_uri: str | None
    resources: tuple[str, ...]
    exchange_from: frozenset[str]
    id_token_alg: Alg | None
    origins: tuple[str, ...]
    disabled_at: datetime | None
    owner_id: str | None = None
    sandbox: bool = False
    old_secret_digest: bytes | None = None
    old_secret_until: datetime | None = None


class Service(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody's API that takes our tokens: `uri` is its name in `aud`, `scopes` what it understands, `client_id` by which it asks
    about a token."""

    uri: str
    name: Words
    scopes: frozenset[str]
    client_id: str | None
    disabled_at: datetime | None


class Confirmation(msgspec.Struct, frozen=True):
    """The device key a token is bound to (RFC 9449 §6.1)."""

    jkt: str


class Acting(msgspec.Struct, frozen=True, omit_defaults=True):
    """Who acts for the subject (RFC 8693 §4.1); in `act` who did before."""

    sub: str
    client_id: str
    act: "Acting | None" = None


class AuthorizationReply(msgspec.Struct, frozen=True):
    """A single-use code for the token endpoint. `iss` says who issued it (RFC 9207): compare it with the issuer you asked."""

    authorization_code: str
    expires_in: int
    iss: str


class TokenReply(msgspec.Struct, frozen=True, omit_defaults=True):
    """RFC 6749 §5.1; `token_type` is DPoP when the token is bound to a key; `issued_token_type` is of an exchange (RFC 8693 §2.2.1)."""

    access_token: str
    token_type: Literal["Bearer", "DPoP"]
    expires_in: int
    scope: str
    refresh_token: str | None = None
    id_token: str | None = None
    issued_token_type: str | None = None


class PushedReply(msgspec.Struct, frozen=True):
    """RFC 9126 §2.2."""

    request_uri: str
    expires_in: int


class DeviceReply(msgspec.Struct, frozen=True):
    """RFC 8628 §3.2: show `user_code` and `verification_uri`, the complete one as a QR code; ask again every `interval` seconds."""

    device_code: str
    user_code: str
    verification_uri: str
    verification_uri_complete: str
    expires_in: int
    interval: int


class Introspection(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """RFC 7662 §2.2."""

    active: bool
    scope: str | None = None
    client_id: str | None = None
    token_type: Literal["Bearer", "DPoP"] | None = None
    exp: int | None = None
    iat: int | None = None
    sub: str | None = None
    aud: str | tuple[str, ...] | None = None
    iss: str | None = None
    jti: str | None = None
    acr: str | None = None
    auth_time: int | None = None
    cnf: Confirmation | None = None
    act: Acting | None = None


class EndedGrants(msgspec.Struct, frozen=True):
    """Tokens that are over before their time, as of `at` (seconds since 1970): those whose `gid` stands in `ended`, and all whose
    `client_id` stands in `clients`. What ended before `since` has expired anyhow."""

    at: int
    since: int
    ended: list[str]
    clients: list[str]


class OAuthProblem(msgspec.Struct, frozen=True):
    """RFC 6749 §5.2."""

    error: str
    error_description: str


class Address(msgspec.Struct, frozen=True):
    """OpenID Connect Core §5.1.1, as the card or the register writes it."""

    formatted: str


class UserInfo(msgspec.Struct, frozen=True, omit_defaults=True):
    """OpenID Connect Core §5.3; only what the token's scopes and claims allow."""

    sub: str
    name: str | None = None
    birthdate: str | None = None
    gender: str | None = None
    locale: str | None = None
    phone_number: str | None = None
    phone_number_verified: bool | None = None
    email: str | None = None
    email_verified: bool | None = None
    address: Address | None = None
    verified_claims: dict[str, Any] | list[dict[str, Any]] | None = None

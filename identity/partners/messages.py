"""What partners ask for and what they are told."""

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from identity.accounts.authenticators.messages import WRITTEN
from identity.tokens import ClientKind
from kit.refusal import Words

Verdict = Literal["approved", "refused"]
ClientState = Literal["working", "disabled"]

_Uri = Annotated[str, Meta(min_length=1, max_length=500)]
_Uris = Annotated[list[_Uri], Meta(max_length=20)]


class Purpose(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One sentence, in both languages, that people read before they allow anything."""

    vi: Annotated[str, Meta(min_length=1, max_length=300, pattern=WRITTEN)]
    en: Annotated[str, Meta(min_length=1, max_length=300, pattern=WRITTEN)]


class ServiceName(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What people read where a token for it is asked of them."""

    vi: Annotated[str, Meta(min_length=1, max_length=80, pattern=WRITTEN)]
    en: Annotated[str, Meta(min_length=1, max_length=80, pattern=WRITTEN)]


class WantedService(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A service of one's own that takes the city's tokens (RFC 8707): `uri` stands in their `aud`."""

    uri: _Uri
    name: ServiceName


class Wanted(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A registration as a partner wants it. With `client_id`, what one of theirs is to become."""

    client_id: Annotated[str, Meta(max_length=80, pattern="^[ -~]*$")] | None = None
    name: Annotated[str, Meta(min_length=1, max_length=80, pattern=WRITTEN)]
    kind: Annotated[
        ClientKind,
        Meta(description="confidential: it runs on a server and keeps a secret or a key; public: on people's devices"),
    ]
    purpose: Purpose
    scopes: Annotated[list[Annotated[str, Meta(max_length=60)]], Meta(min_length=1, max_length=20)]
    redirect_uris: Annotated[_Uris, Meta(description="at least one, but for a service")] = []
    public_keys: Annotated[
        list[dict[str, Any]],
        Meta(max_length=5, description="public JWKs (ES256) of a confidential client that signs (private_key_jwt)"),
    ] = []
    stays_signed_in: Annotated[bool, Meta(description="refresh tokens; ask for the scope offline_access too")] = False
    post_logout_redirect_uris: _Uris = []
    backchannel_logout_uri: _Uri | None = None
    require_par: bool = False
    device_key: Annotated[
        bool, Meta(description="DPoP (RFC 9449); false only for public clients whose library has none, such as AppAuth")
    ] = True
    fapi2: Annotated[bool, Meta(description="the stricter readings of the FAPI 2.0 security profile")] = False
    resources: Annotated[_Uris, Meta(description="RFC 8707: services of others the app asks tokens for")] = []
    service: Annotated[
        WantedService | None,
        Meta(
            description="a service instead of an app: nobody signs in to it, `scopes` are what it understands in tokens, and the client is how it asks about them (RFC 7662)"
        ),
    ] = None


class Application(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked, and what an operator said to it."""

    id: str
    client_id: str
    wanted: Wanted
    asked_at: datetime
    decided_at: datetime | None
    verdict: Verdict | None
    reason: str | None


class WaitingApplication(msgspec.Struct, frozen=True, kw_only=True):
    """As an operator sees it, with the name of the account that asks and what the client is now."""

    application: Application
    owner_name: str
    owner_kind: Annotated[Literal["person", "enterprise"], Meta(description="an enterprise has no level of its own")]
    owner_level: int
    now: Annotated[Wanted | None, Meta(description="as registered now; null for a new client")]


class ClientScope(msgspec.Struct, frozen=True):
    name: str
    words: Words


class MyClient(msgspec.Struct, frozen=True, kw_only=True):
    """A client of one's own, as it is registered."""

    client_id: str
    name: str
    kind: ClientKind
    state: ClientState
    sandbox: bool
    purpose: Words | None
    scopes: list[ClientScope]
    grants: list[str]
    redirect_uris: list[str]
    resources: Annotated[list[str], Meta(description="services of others it asks tokens for")]
    service: Annotated[WantedService | None, Meta(description="what it is instead of an app")]
    key_ids: Annotated[list[str], Meta(description="thumbprints (RFC 7638) of its public keys")]
    old_secret_until: Annotated[datetime | None, Meta(description="until when the secret before is still taken")]


class MyClients(msgspec.Struct, frozen=True):
    """Both newest first."""

    clients: list[MyClient]
    applications: list[Application]


class NewSecret(msgspec.Struct, frozen=True):
    """Shown this once. The secret before is taken until `old_secret_until`."""

    client_id: str
    client_secret: str
    old_secret_until: datetime


class PublicKeys(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """JWKs (RFC 7517): all keys from now on, public halves."""

    public_keys: Annotated[list[dict[str, Any]], Meta(min_length=1, max_length=5)]


class DecisionRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    verdict: Verdict
    reason: Annotated[str, Meta(min_length=1, max_length=1000, pattern=WRITTEN)]

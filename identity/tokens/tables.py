"""Clients, browsers that are signed in, requests under way, codes, and a row for every token issued, so that it can be ended."""

from sqlalchemy import (
    ARRAY,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    false,
    text,
)

from kit.db import Id, Instant, Json, metadata

oauth_clients = Table(
    "oauth_clients",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("secret_digest", LargeBinary),
    # The one before, good for a while longer, so that a partner's servers change over one by one.
    Column("old_secret_digest", LargeBinary),
    Column("old_secret_until", Instant),
    Column("grants", ARRAY(Text), nullable=False),
    Column("scopes", ARRAY(Text), nullable=False),
    Column("redirect_uris", ARRAY(Text), nullable=False),
    Column("dpop_required", Boolean, nullable=False),
    # Only the city's own apps may take a citizen's code or card themselves.
    Column("first_party", Boolean, nullable=False),
    # A kiosk stands in one office.
    Column("office_id", Id, ForeignKey("offices.id")),
    Column("sector", Text, nullable=False),
    # What a partner wants people's data for, in both languages: the consent page says it.
    Column("purpose", Json),
    Column("response_modes", ARRAY(Text), nullable=False),
    # Public JWKs, for a client that signs instead of sending a secret.
    Column("keys", Json, nullable=False),
    Column("require_par", Boolean, nullable=False),
    Column("fapi2", Boolean, nullable=False),
    Column("post_logout_redirect_uris", ARRAY(Text), nullable=False),
    Column("backchannel_logout_uri", Text),
    # Services beside the city's own that it may ask tokens for (RFC 8707), and clients whose tokens it may exchange (RFC 8693).
    Column("resources", ARRAY(Text), nullable=False, server_default="{}"),
    Column("exchange_from", ARRAY(Text), nullable=False, server_default="{}"),
    # What its ID tokens are signed by; null for whatever the issuer signs by.
    Column("id_token_alg", Text),
    # Of pages whose scripts may read the answers of the token endpoint and its like (CORS).
    Column("origins", ARRAY(Text), nullable=False),
    # The account that registered it, for itself or for an enterprise; none for the city's own.
    Column("owner_id", Id, ForeignKey("accounts.id"), index=True),
    # May ask a sandbox to fail on purpose.
    Column("sandbox", Boolean, nullable=False, server_default=false()),
    Column("created_at", Instant, nullable=False),
    Column("disabled_at", Instant),
    CheckConstraint("kind in ('public', 'confidential')", name="kind"),
    CheckConstraint("(kind = 'confidential') = (secret_digest is not null or keys <> '[]')", name="secret"),
    CheckConstraint("secret_digest is null or keys = '[]'", name="one_way"),
    CheckConstraint("(old_secret_digest is null) = (old_secret_until is null)", name="old_secret"),
)

oauth_services = Table(
    "oauth_services",
    metadata,
    # What stands in `aud` of tokens for it; the city's own is the issuer and no row.
    Column("uri", Text, primary_key=True),
    Column("name", Json, nullable=False),
    # What it understands: a token for it holds no other.
    Column("scopes", ARRAY(Text), nullable=False),
    # By which it asks about tokens that are for it (RFC 7662).
    Column("client_id", Text, ForeignKey("oauth_clients.id")),
    Column("created_at", Instant, nullable=False),
    Column("disabled_at", Instant),
)

browser_sessions = Table(
    "browser_sessions",
    metadata,
    Column("id", Id, primary_key=True),
    # Of the cookie: who reads the table is not signed in by it.
    Column("digest", LargeBinary, nullable=False, unique=True),
    Column("account_id", Id, ForeignKey("accounts.id"), nullable=False, index=True),
    Column("amr", ARRAY(Text), nullable=False),
    # As in a grant.
    Column("authenticator_id", Id),
    Column("auth_time", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False, index=True),
    Column("ended_at", Instant),
    Column("ended_why", Text),
    CheckConstraint("(ended_at is null) = (ended_why is null)", name="ended"),
)

oauth_grants = Table(
    "oauth_grants",
    metadata,
    Column("id", Id, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("client_id", Text, ForeignKey("oauth_clients.id"), nullable=False),
    Column("account_id", Id, ForeignKey("accounts.id"), index=True),
    Column("appointment_id", Id, ForeignKey("officers.id")),
    Column("session_id", Id),
    Column("browser_session_id", Id, ForeignKey("browser_sessions.id"), index=True),
    # The contact or passkey that signed in; null where several proofs did.
    Column("authenticator_id", Id),
    Column("scope", Text, nullable=False),
    Column("level", SmallInteger, nullable=False),
    Column("jkt", Text),
    # {"userinfo": […], "id_token": […]}: single claims asked for beside the scopes, and allowed.
    Column("claims", Json),
    # Services its tokens may be for; none is the city's own.
    Column("resources", ARRAY(Text), nullable=False, server_default="{}"),
    # Grants it ends with: those whose tokens it was exchanged for.
    Column("ends_with", ARRAY(Text), nullable=False, server_default="{}"),
    # Of the sign-in behind it: what a refresh states again.
    Column("amr", ARRAY(Text)),
    Column("auth_time", Instant),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False, index=True),
    # What is lent to a kiosk ends here unless it is used before; every use moves it on.
    Column("idle_at", Instant),
    Column("revoked_at", Instant),
    Column("revoked_why", Text),
    # What ended lately is told to who verifies tokens without asking us.
    Index("ix_oauth_grants_revoked_at", "revoked_at", postgresql_where=text("revoked_at is not null")),
    CheckConstraint("kind in ('citizen', 'officer', 'client', 'kiosk', 'proofing')", name="kind"),
    CheckConstraint("(revoked_at is null) = (revoked_why is null)", name="revoked"),
)

authorization_codes = Table(
    "authorization_codes",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    Column("client_id", Text, ForeignKey("oauth_clients.id"), nullable=False),
    Column("account_id", Id, ForeignKey("accounts.id"), nullable=False),
    # The grant it will become: known beforehand, so that a second use knows what to revoke.
    Column("grant_id", Id, nullable=False),
    Column("code_challenge", Text, nullable=False),
    Column("jkt", Text),
    Column("scope", Text, nullable=False),
    Column("amr", ARRAY(Text), nullable=False),
    Column("auth_time", Instant, nullable=False),
    Column("nonce", Text),
    Column("redirect_uri", Text),
    Column("browser_session_id", Id, ForeignKey("browser_sessions.id"), index=True),
    Column("claims", Json),
    Column("resources", ARRAY(Text), nullable=False, server_default="{}"),
    Column("authenticator_id", Id),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("used_at", Instant),
    Index("ix_authorization_codes_expires_at", "expires_at"),
)

authorization_requests = Table(
    "authorization_requests",
    metadata,
    # Of the handle in the page's address: who reads the table cannot go on with somebody's sign-in.
    Column("digest", LargeBinary, primary_key=True),
    Column("client_id", Text, ForeignKey("oauth_clients.id"), nullable=False),
    Column("asked", Json, nullable=False),
    Column("browser_digest", LargeBinary),
    Column("sign_in_id", Id),
    Column("begun_at", Instant),
    Column("expires_at", Instant, nullable=False, index=True),
    Column("completed_at", Instant),
)

device_codes = Table(
    "device_codes",
    metadata,
    # Of the device code; once allowed, the row of `authorization_codes` it is redeemed by has the same.
    Column("digest", LargeBinary, primary_key=True),
    Column("client_id", Text, ForeignKey("oauth_clients.id"), nullable=False),
    Column("user_code", Text, nullable=False, unique=True),
    Column("scope", Text, nullable=False),
    Column("resources", ARRAY(Text), nullable=False, server_default="{}"),
    Column("interval_seconds", SmallInteger, nullable=False),
    Column("polled_at", Instant),
    Column("expires_at", Instant, nullable=False, index=True),
    Column("decided_at", Instant),
    Column("allowed", Boolean),
    # The one-time code sent to whoever showed card and face at this kiosk.
    Column("sign_in_id", Id),
    Index("ix_device_codes_client_id", "client_id", "expires_at"),
    CheckConstraint("(decided_at is null) = (allowed is null)", name="decided"),
)

refresh_tokens = Table(
    "refresh_tokens",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    Column("grant_id", Id, ForeignKey("oauth_grants.id"), nullable=False, index=True),
    Column("expires_at", Instant, nullable=False),
    Column("used_at", Instant),
    # Digest of what was asked, and by which key: a second request is the same one or another.
    Column("used_for", LargeBinary),
    # The answer, under a key only the token itself yields.
    Column("answer_sealed", LargeBinary),
    # Answers to forget, without going through the years of a family.
    Index(
        "ix_refresh_tokens_kept_answers",
        "grant_id",
        "used_at",
        postgresql_where=text("answer_sealed is not null"),
    ),
    CheckConstraint("(used_at is null) = (used_for is null)", name="used"),
)

"""Clients, the codes they redeem, and a row for every token issued, so that it can be ended."""

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
)

from kit.db import Id, Instant, metadata

oauth_clients = Table(
    "oauth_clients",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("secret_digest", LargeBinary),
    Column("grants", ARRAY(Text), nullable=False),
    Column("scopes", ARRAY(Text), nullable=False),
    Column("redirect_uris", ARRAY(Text), nullable=False),
    Column("dpop_required", Boolean, nullable=False),
    # Only the city's own apps may take a citizen's code or card themselves.
    Column("first_party", Boolean, nullable=False),
    # A kiosk stands in one office.
    Column("office_id", Id, ForeignKey("offices.id")),
    Column("sector", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("disabled_at", Instant),
    CheckConstraint("kind in ('public', 'confidential')", name="kind"),
    CheckConstraint("(kind = 'confidential') = (secret_digest is not null)", name="secret"),
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
    # The contact or passkey that signed in; null where several proofs did.
    Column("authenticator_id", Id),
    Column("scope", Text, nullable=False),
    Column("level", SmallInteger, nullable=False),
    Column("jkt", Text),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False, index=True),
    Column("revoked_at", Instant),
    Column("revoked_why", Text),
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
    Column("authenticator_id", Id),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("used_at", Instant),
    Index("ix_authorization_codes_expires_at", "expires_at"),
)

"""Passkeys, and the challenges that were put for them."""

from sqlalchemy import ARRAY, BigInteger, Boolean, CheckConstraint, Column, ForeignKey, LargeBinary, Table, Text

from kit.db import Id, Instant, metadata

passkeys = Table(
    "passkeys",
    metadata,
    Column("id", Id, primary_key=True),
    Column("account_id", Id, ForeignKey("accounts.id"), nullable=False, index=True),
    Column("credential_id", LargeBinary, nullable=False, unique=True),
    # COSE_Key (RFC 9052), as the authenticator gave it.
    Column("public_key", LargeBinary, nullable=False),
    Column("sign_count", BigInteger, nullable=False),
    Column("synced", Boolean, nullable=False),
    Column("aaguid", Text, nullable=False),
    Column("transports", ARRAY(Text), nullable=False),
    Column("name", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("last_used_at", Instant),
    Column("locked_at", Instant),
    Column("locked_why", Text),
    Column("removed_at", Instant),
    CheckConstraint("(locked_at is null) = (locked_why is null)", name="locked"),
)

passkey_challenges = Table(
    "passkey_challenges",
    metadata,
    Column("id", Id, primary_key=True),
    Column("purpose", Text, nullable=False),
    Column("challenge", LargeBinary, nullable=False),
    Column("client_id", Text, ForeignKey("oauth_clients.id"), nullable=False),
    Column("jkt", Text),
    # Registering: the account that is signed in.
    Column("account_id", Id, ForeignKey("accounts.id")),
    # Signing in: what the authorization code will be for.
    Column("code_challenge", Text),
    Column("scope", Text),
    Column("nonce", Text),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False, index=True),
    Column("used_at", Instant),
    CheckConstraint("purpose in ('register', 'sign_in')", name="purpose"),
    CheckConstraint("(purpose = 'register') = (account_id is not null)", name="account"),
)

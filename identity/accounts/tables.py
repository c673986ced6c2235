"""Accounts, the ways to reach them, what is proven of their holders, and sign-ins under way."""

from sqlalchemy import (
    ARRAY,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    text,
)

from kit.db import Id, Instant, Json, metadata

accounts = Table(
    "accounts",
    metadata,
    Column("id", Id, primary_key=True),
    Column("kind", Text, nullable=False),
    # A keyed hash to find it by and the sealed number to print: neither tells the number to who steals the table.
    Column("pin_digest", LargeBinary, unique=True),
    Column("pin_sealed", LargeBinary),
    Column("full_name", Text, nullable=False),
    Column("date_of_birth", Date, index=True),
    Column("sex", Text),
    # The highest ever reached, and the last day that what proved each is good for; null where it never was reached. What the
    # account stands at today is told from both (`service.current_level`, and `tokens.store` for every request).
    Column("level", SmallInteger, nullable=False),
    Column("level_1_until", Date),
    Column("level_2_until", Date),
    # Appended: [{"level", "until", "evidence", "at", "by"}].
    Column("level_evidence", Json, nullable=False),
    Column("locale", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("closed_at", Instant),
    # Its holder locked it: nobody signs in, no token is good.
    Column("locked_at", Instant),
    CheckConstraint("kind in ('person', 'officer', 'enterprise')", name="kind"),
    CheckConstraint("level between 0 and 2", name="level"),
    CheckConstraint("sex in ('male', 'female')", name="sex"),
    CheckConstraint("(pin_digest is null) = (pin_sealed is null)", name="pin"),
    # Of who left the day of birth is erased with the rest.
    CheckConstraint(
        "kind <> 'person' or (pin_digest is not null and (date_of_birth is not null or closed_at is not null))",
        name="person",
    ),
)

contacts = Table(
    "contacts",
    metadata,
    Column("id", Id, primary_key=True),
    Column("account_id", Id, ForeignKey("accounts.id"), nullable=False, index=True),
    Column("kind", Text, nullable=False),
    Column("value_digest", LargeBinary, nullable=False),
    Column("value_sealed", LargeBinary, nullable=False),
    Column("verified_at", Instant, nullable=False),
    # It gets notices still, and signs nobody in.
    Column("locked_at", Instant),
    Column("removed_at", Instant),
    # A phone or address signs one account in.
    Index("uq_contacts_value_digest_held", "value_digest", unique=True, postgresql_where=text("removed_at is null")),
    CheckConstraint("kind in ('phone', 'email')", name="kind"),
)

account_claims = Table(
    "account_claims",
    metadata,
    Column("id", Id, primary_key=True),
    Column("account_id", Id, ForeignKey("accounts.id"), nullable=False),
    Column("claim", Text, nullable=False),
    # Sealed, with the account as owner: residence and the like are told to their holder only.
    Column("value_sealed", LargeBinary, nullable=False),
    Column("sources", ARRAY(Text), nullable=False),
    Column("proved_at", Instant, nullable=False),
    Index("ix_account_claims_account_id", "account_id", "claim", "proved_at"),
)
"""Appended, never edited: the newest of each claim counts."""

sign_ins = Table(
    "sign_ins",
    metadata,
    Column("id", Id, primary_key=True),
    Column("client_id", Text, ForeignKey("oauth_clients.id"), nullable=False),
    # Null where nobody has that login: the row and the work are the same.
    Column("account_id", Id, ForeignKey("accounts.id")),
    Column("contact_kind", Text, nullable=False),
    Column("contact_id", Id, ForeignKey("contacts.id")),
    # The contact it was asked for, by the keyed hash: failures are counted by it, whoever has it.
    Column("login_digest", LargeBinary, nullable=False),
    Column("code_digest", LargeBinary, nullable=False),
    # Null where a browser signs in: that ends in a session, not in a code for an app.
    Column("code_challenge", Text),
    Column("jkt", Text),
    Column("scope", Text),
    Column("nonce", Text),
    Column("tries", SmallInteger, nullable=False, server_default="0"),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False, index=True),
    Column("used_at", Instant),
)

sign_in_failures = Table(
    "sign_in_failures",
    metadata,
    # A keyed hash of login and lane.
    Column("subject", LargeBinary, primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("last_at", Instant, nullable=False, index=True),
    Column("open_at", Instant, nullable=False),
)

sign_in_log = Table(
    "sign_in_log",
    metadata,
    Column("id", Id, primary_key=True),
    # Null where nobody has that login.
    Column("account_id", Id, ForeignKey("accounts.id")),
    Column("at", Instant, nullable=False, index=True),
    Column("method", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("client_id", Text, ForeignKey("oauth_clients.id"), nullable=False),
    Column("jkt", Text),
    # Never an address; blanked when its term is over.
    Column("network", Text),
    Index("ix_sign_in_log_account_id", "account_id", "at"),
    CheckConstraint("outcome in ('signed_in', 'wrong')", name="outcome"),
)
"""Appended, never edited (a trigger holds it); `network` alone may be blanked."""

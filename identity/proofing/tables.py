"""Proofing sessions, what happened in them, and the officer's checks."""

from sqlalchemy import Column, ForeignKey, Index, Integer, LargeBinary, Table, Text, text

from kit.db import Id, Instant, Json, metadata

proofing_sessions = Table(
    "proofing_sessions",
    metadata,
    Column("id", Id, primary_key=True),
    Column("client_id", Text, nullable=False),
    Column("jkt", Text, nullable=False),
    Column("code_challenge", Text, nullable=False),
    Column("scope", Text),
    Column("nonce", Text),
    Column("locale", Text, nullable=False),
    # Who was signed in when it was opened, to prove themselves again; null for a newcomer.
    Column("for_account_id", Id),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    # Rises with each card: a selfie compared with an earlier card's portrait no longer counts.
    Column("card_version", Integer, nullable=False),
    Column("card_tries", Integer, nullable=False),
    Column("selfie_tries", Integer, nullable=False),
    Column("liveness_tries", Integer, nullable=False),
    # What was asked last; Valkey knows whether it was answered.
    Column("liveness_asked", Json),
    Column("card_at", Instant),
    Column("selfie_at", Instant),
    # When the comparison was left to an officer, and why.
    Column("review_at", Instant),
    Column("review_reasons", Json),
    Column("contact_at", Instant),
    Column("account_at", Instant),
    Column("authorized_at", Instant),
    # Sealed, and erased when the account is open or the session's time is over.
    Column("reading_sealed", LargeBinary),
    Column("portrait_sealed", LargeBinary),
    # The last one the machine was unsure of, for an officer's eyes.
    Column("selfie_sealed", LargeBinary),
    Column("contact_sealed", LargeBinary),
    Column("code_mac", LargeBinary),
    Column("code_tries", Integer, nullable=False),
    Column("code_expires_at", Instant),
    Column("account_id", Id),
    Column("erased_at", Instant),
    Index("ix_proofing_sessions_open", "expires_at", postgresql_where=text("erased_at is null")),
)

proofing_events = Table(
    "proofing_events",
    metadata,
    Column("id", Id, primary_key=True),
    Column("session_id", Id, ForeignKey("proofing_sessions.id"), nullable=False, index=True),
    Column("at", Instant, nullable=False),
    Column("kind", Text, nullable=False),
    # How it was proven: verdicts, sources, digests. Never a number, a name or a picture.
    Column("evidence", Json, nullable=False),
    Column("officer_id", Id),
    Column("office_id", Id),
)

proofing_checks = Table(
    "proofing_checks",
    metadata,
    Column("session_id", Id, ForeignKey("proofing_sessions.id"), primary_key=True),
    Column("code_digest", LargeBinary, nullable=False, unique=True),
    # Null while the account opens only with the officer's word.
    Column("account_id", Id),
    # Under this name it stands in the queue of those that photos are enough for.
    Column("review_id", Id, unique=True),
    # What the officer is shown; erased with the verdict or when the code expires.
    Column("claims_sealed", LargeBinary),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("decided_at", Instant),
    Column("verdict", Text),
    Column("reason", Text),
    Column("officer_id", Id),
    Column("office_id", Id),
    Index("ix_proofing_checks_open", "expires_at", postgresql_where=text("claims_sealed is not null")),
)

proofing_alarms = Table(
    "proofing_alarms",
    metadata,
    Column("id", Id, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("session_id", Id, ForeignKey("proofing_sessions.id"), nullable=False, index=True),
    # Keyed: the same for the same kind, number and account, so that one doubt is one row.
    Column("subject", LargeBinary, nullable=False),
    # What the officer is shown; erased with the verdict or when policy's time is over, and the alarm is open until then.
    Column("claims_sealed", LargeBinary),
    # The account it may touch, not the one that was opened.
    Column("account_id", Id),
    Column("times", Integer, nullable=False),
    Column("raised_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("decided_at", Instant),
    Column("verdict", Text),
    Column("reason", Text),
    Column("officer_id", Id),
    Column("office_id", Id),
    Index(
        "uq_proofing_alarms_open", "kind", "subject", unique=True, postgresql_where=text("claims_sealed is not null")
    ),
)

"""The kit's one table: replies kept under the caller's Idempotency-Key."""

from sqlalchemy import Column, Integer, LargeBinary, Table, Text

from kit.db import Instant, Json, metadata

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    Column("scope", Text, primary_key=True),
    Column("route", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("body_digest", LargeBinary, nullable=False),
    Column("status", Integer, nullable=False),
    Column("reply", Json, nullable=False),
    Column("kept_at", Instant, nullable=False, index=True),
)

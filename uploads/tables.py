"""Files received; their bytes lie in the vault."""

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, Table, Text, text

from kit.db import Id, Instant, metadata

uploads = Table(
    "uploads",
    metadata,
    Column("id", Id, primary_key=True),
    Column("account_id", Id, nullable=False, index=True),
    # Set when a document of a dossier names the file; empty again only when that dossier is forgotten.
    Column("dossier_id", Id, index=True),
    Column("sha256", LargeBinary, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("pages", Integer),
    Column("uploaded_at", Instant, nullable=False),
    Index("ix_uploads_unclaimed", "uploaded_at", postgresql_where=text("dossier_id is null")),
)

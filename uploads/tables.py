"""Files received; their bytes lie in the vault."""

from sqlalchemy import ARRAY, BigInteger, Boolean, Column, Index, Integer, LargeBinary, Table, Text, text

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

unfinished_uploads = Table(
    "unfinished_uploads",
    metadata,
    Column("id", Id, primary_key=True),
    Column("account_id", Id, nullable=False, index=True),
    Column("length", BigInteger, nullable=False),
    # What the client says the whole is, if it does.
    Column("sha256", LargeBinary),
    # Names of the pieces on the disk, in order; `received` is their length together.
    Column("pieces", ARRAY(Text), nullable=False),
    Column("received", BigInteger, nullable=False),
    Column("kept", Boolean, nullable=False, server_default="false"),
    Column("expires_at", Instant, nullable=False, index=True),
)
"""Files on their way (tus 1.0). A row stays a day after its file is whole, so that a client whose last reply was lost can ask."""

"""Who read whose data: a row per read, appended (a trigger refuses the rest), forgotten after the law's term."""

from sqlalchemy import ARRAY, CheckConstraint, Column, Index, Table, Text, UniqueConstraint, text

from kit.db import Id, Instant, Json, metadata

data_reads = Table(
    "data_reads",
    metadata,
    Column("id", Id, primary_key=True),
    Column("at", Instant, nullable=False, index=True),
    # Whose data it was; who else a dossier names finds the row by the dossier.
    Column("account_id", Id, nullable=False),
    Column("kind", Text, nullable=False),
    # What an app was told: scopes, and single claims as `claim:NAME`.
    Column("items", ARRAY(Text), nullable=False),
    Column("client_id", Text),
    Column("office_id", Id),
    # For an inquiry, never for the page: people are told the office.
    Column("officer_id", Id),
    # Who read while acting for another under a mandate: they are known to each other, so people are told the name.
    Column("holder_id", Id),
    # What the app had said it wants the data for, in the words of that moment.
    Column("purpose", Json),
    Column("dossier_id", Id),
    Column("receipt_code", Text),
    # What repeats by itself, such as a list that is refreshed, is one row a day.
    Column("once", Text),
    UniqueConstraint("once"),
    Index("ix_data_reads_account_id", "account_id", "id"),
    Index("ix_data_reads_dossier_id", "dossier_id", postgresql_where=text("dossier_id is not null")),
    CheckConstraint("client_id is not null or office_id is not null", name="reader"),
)

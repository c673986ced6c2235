"""The faces' own database: consents and their ends, keys apart from what they open, and who was looked for and why."""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql.base import ischema_names
from sqlalchemy.types import UserDefinedType

from kit.db import Id, Instant
from kit.db import faces_metadata as metadata


def vector_text(value: Sequence[float]) -> str:
    """A vector as pgvector reads it."""
    return f"[{','.join(map(repr, value))}]"


class Vector(UserDefinedType[Sequence[float]]):
    """pgvector's `vector(n)`, float32 in storage; without n of any dimension, each row its own."""

    cache_ok = True

    def __init__(self, dimension: int | None = None) -> None:
        self.dimension = dimension

    def get_col_spec(self, **_: Any) -> str:
        return "vector" if self.dimension is None else f"vector({self.dimension})"

    def bind_processor(self, dialect: Any) -> Callable[..., str | None]:
        return vector_text


# Reflection (migrations against tables) then knows the type.
ischema_names["vector"] = Vector  # pyright: ignore[reportArgumentType]

face_consents = Table(
    "face_consents",
    metadata,
    Column("id", Id, primary_key=True),
    Column("ref", Text, nullable=False, index=True),
    Column("purpose", Text, nullable=False),
    Column("wording", Text, nullable=False),
    Column("given_at", Instant, nullable=False),
)

# One row. Whoever changes the gallery takes the next number and holds the row until the change is committed, so numbers
# become visible in their order: whoever has read up to one has missed none below it, as a sequence would not promise.
face_changes = Table(
    "face_changes",
    metadata,
    Column("one", Boolean, primary_key=True, server_default=true()),
    Column("last", BigInteger, nullable=False),
    CheckConstraint("one", name="one"),
)

face_deletions = Table(
    "face_deletions",
    metadata,
    Column("id", Id, primary_key=True),
    Column("ref", Text, nullable=False, index=True),
    Column("consent_id", Id, ForeignKey("face_consents.id"), nullable=False),
    Column("deleted_at", Instant, nullable=False),
    Column("change", BigInteger, nullable=False, index=True),
)

# Wrapped under the deployment's key and the person's own, which no database holds (decision 0019).
face_keys = Table(
    "face_keys",
    metadata,
    Column("ref", Text, primary_key=True),
    Column("wrapped", LargeBinary, nullable=False),
)

# The secret turns of a model's vectors, sealed; the one of the highest number is what new faces get, another is there while
# faces are still under it.
face_rotations = Table(
    "face_rotations",
    metadata,
    Column("name", Text, primary_key=True),
    Column("model", Text, nullable=False),
    Column("number", BigInteger, nullable=False, unique=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("made_at", Instant, nullable=False),
)

# No index on the vector: HNSW misses 15 in 100, and more when a search is confined to some. `index.py` picks candidates.
face_gallery = Table(
    "face_gallery",
    metadata,
    Column("ref", Text, ForeignKey("face_keys.ref"), primary_key=True),
    Column("consent_id", Id, ForeignKey("face_consents.id"), nullable=False),
    Column("model", Text, nullable=False),
    Column("template", LargeBinary, nullable=False),
    Column("rotation", Text, nullable=False, index=True),
    # As many dimensions as the model's vectors; those of one rotation have the same.
    Column("vector", Vector, nullable=False),
    Column("enrolled_at", Instant, nullable=False),
    Column("change", BigInteger, nullable=False, unique=True),
)

# Whose face may be watched for when others open accounts: a consent of its own, gone with the face.
face_guards = Table(
    "face_guards",
    metadata,
    Column("ref", Text, ForeignKey("face_gallery.ref", ondelete="CASCADE"), primary_key=True),
    Column("consent_id", Id, ForeignKey("face_consents.id"), nullable=False),
)

face_searches = Table(
    "face_searches",
    metadata,
    Column("id", Id, primary_key=True),
    Column("at", Instant, nullable=False, index=True),
    Column("purpose", Text, nullable=False),
    # Who was found; nobody when nobody was.
    Column("ref", Text, index=True),
    Column("outcome", Text, nullable=False),
    Column("score", Float(53)),
    # By which lines: the calibration's id, or the liveness policy's.
    Column("calibration", Text, nullable=False),
    # Among how many was searched: those in scope.
    Column("gallery_size", Integer, nullable=False),
    # The last two: nobody was looked for, for the burst beside the selfie was of nobody alive, or of another.
    CheckConstraint("outcome in ('found', 'not_found', 'ambiguous', 'not_live', 'another_person')", name="outcome"),
)

# Pictures held against a card, for as long as policy remembers them; see `pictures.py`.
face_pictures = Table(
    "face_pictures",
    metadata,
    Column("id", Id, primary_key=True),
    Column("kind", Text, nullable=False),
    # Keyed marks: whose session, and the number on the card.
    Column("session", LargeBinary, nullable=False),
    Column("number", LargeBinary, nullable=False),
    # Keyed marks of the file and of each band of the perceptual hash: a copy shares at least one.
    Column("marks", ARRAY(BigInteger), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("expires_at", Instant, nullable=False, index=True),
    Index("ix_face_pictures_marks", "marks", postgresql_using="gin"),
    CheckConstraint("kind in ('selfie', 'portrait')", name="kind"),
)

"""Alembic's entry for the faces' database."""

from kit.db import faces_metadata
from migrations.running import run

run(faces_metadata)

"""Alembic's entry for the city's database."""

from kit.db import metadata
from migrations.running import run

run(metadata)

"""Migrations are numbered, reversible, and from an empty database give the tables as the code has them."""

import importlib
import re
from pathlib import Path

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from psycopg import sql
from sqlalchemy import create_engine

import migrations
from kit.db import dialect_url, faces_metadata, metadata
from kit.engines import Urls
from tests.conftest import drop_database, with_database

HERE = Path(migrations.__file__).parent
for file in HERE.parent.glob("[a-z]*/**/tables.py"):
    if ".venv" not in file.parts:
        importlib.import_module(".".join(file.relative_to(HERE.parent).with_suffix("").parts))

FOLDERS = {"city": HERE / "versions", "faces": HERE / "faces/versions"}
TABLES = {"city": metadata, "faces": faces_metadata}


@pytest.mark.parametrize("chain", FOLDERS)
def test_numbered_without_a_gap(chain: str) -> None:
    numbers = sorted(int(file.name[:4]) for file in FOLDERS[chain].glob("[0-9]*.py"))
    assert numbers == list(range(1, len(numbers) + 1))
    for file in FOLDERS[chain].glob("[0-9]*.py"):
        assert re.search(rf'^revision = "{file.name[:4]}"', file.read_text(), re.M), file


@pytest.mark.parametrize("chain", FOLDERS)
def test_up_equals_the_tables_and_down_leaves_nothing(engines: Urls, chain: migrations.Chain) -> None:
    base = engines.database if chain == "city" else engines.faces_database
    name = f"test_migrations_{chain}"
    with psycopg.connect(base, autocommit=True) as admin:
        drop_database(admin, name)
        admin.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
    url = with_database(base, name)
    try:
        migrations.upgrade(url, chain)
        engine = create_engine(dialect_url(url))
        with engine.connect() as connection:
            context = MigrationContext.configure(
                connection,
                opts={"compare_type": True, "include_name": lambda n, _k, _p: not str(n).startswith("procrastinate")},
            )
            assert compare_metadata(context, TABLES[chain]) == []
        engine.dispose()
        migrations.downgrade(url, chain)
        with psycopg.connect(url) as conn:
            left = conn.execute(
                "select relname from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'S') and relname <> 'alembic_version'"
            ).fetchall()
        assert left == []
        migrations.upgrade(url, chain)
    finally:
        with psycopg.connect(base, autocommit=True) as admin:
            drop_database(admin, name)

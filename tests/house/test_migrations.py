"""Migrations are numbered, reversible, and from an empty database give the tables as the code has them."""

import importlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
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
    with empty(base, f"test_migrations_{chain}") as url:
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


def test_what_was_signed_before_papers_had_kinds_is_told_apart(engines: Urls) -> None:
    """The bytes that were given out stay; a letter that was kept as a result would have been made anew."""
    with empty(engines.database, "test_migrations_signed") as url:
        migrations.upgrade(url, to="0033")
        with psycopg.connect(url) as conn:
            conn.execute(
                """
                insert into dossiers (id, account_id, receipt_code, procedure, procedure_version, options, status, form, opened_at, changed_at)
                values ('dos_x', 'acc_x', 'H29.x', 'p', '1', '{}', 'open', '{}', now(), now())
                """
            )
            conn.execute(
                """
                insert into branches (id, dossier_id, name, position, procedure, office_id, officer_role, needs, state, apology)
                values ('bra_x', 'dos_x', 'birth', 0, 'p', 'off_x', 'r', '{}', 'approved', '{"at": "2026-11-03T09:00:00.5+07:00"}')
                """
            )
            conn.execute(
                """
                insert into signed_results (branch_id, made_at, pdf, signer, signed_at) values
                ('bra_x', '2026-11-03T02:00:00.5Z', 'letter', 's', now()), ('bra_x', '2026-11-04T02:00:00Z', 'result', 's', now())
                """
            )
        migrations.upgrade(url)
        with psycopg.connect(url) as conn:
            kept = conn.execute(
                "select paper, convert_from(pdf, 'utf8') from signed_results order by made_at"
            ).fetchall()
            assert kept == [("apology", "letter"), ("result", "result")]
            with pytest.raises(psycopg.errors.RaiseException, match="never changed"):
                conn.execute("update signed_results set signer = 'x'")


@contextmanager
def empty(base: str, name: str) -> Iterator[str]:
    """The address of a database of this name with nothing in it, gone afterwards."""
    with psycopg.connect(base, autocommit=True) as admin:
        drop_database(admin, name)
        admin.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
    try:
        yield with_database(base, name)
    finally:
        with psycopg.connect(base, autocommit=True) as admin:
            drop_database(admin, name)

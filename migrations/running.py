"""What both chains' `env.py` do: connect and run the steps, one process at a time."""

from alembic import context
from sqlalchemy import MetaData, create_engine, pool, text

from kit.db import dialect_url

# Any constant will do; every process that migrates this city asks for the same one.
_LOCK = 7_120_041


def run(metadata: MetaData) -> None:
    url = context.config.attributes["url"]
    engine = create_engine(dialect_url(url), poolclass=pool.NullPool)
    with engine.connect() as connection:
        # Two API processes that start together must not both migrate.
        connection.execute(text("select pg_advisory_lock(:lock)"), {"lock": _LOCK})
        connection.commit()
        context.configure(connection=connection, target_metadata=metadata, transaction_per_migration=True)
        with context.begin_transaction():
            context.run_migrations()
        connection.commit()
        connection.execute(text("select pg_advisory_unlock(:lock)"), {"lock": _LOCK})
        connection.commit()
    engine.dispose()

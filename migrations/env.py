"""Runs the migrations on the database of the settings: all of them in one transaction, and nobody else meanwhile."""

from __future__ import annotations

import sqlite3
import time
from typing import Any

from alembic import context
from sqlalchemy import Connection, create_engine, event, make_url

from app.config import Settings
from app.models import Base, Moment

LOCK = 7_106_421_884
"""Any number that nothing else locks in this database."""
LOCK_SECONDS = 60
"""How long another migration, or a program that writes, is waited for."""


def render_item(kind: str, item: Any, autogen_context: Any) -> str | bool:
    """A migration must not change when ``app.models`` does: our own type is written as the one it stores."""
    if kind == "type" and isinstance(item, Moment):
        return "sa.DateTime(timezone=True)"
    return False


def migrate(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_item=render_item,
        render_as_batch=True,  # SQLite cannot alter most things in place
        compare_server_default=True,
    )
    context.run_migrations()


def take_lock(connection: Connection) -> None:
    """PostgreSQL: until this transaction ends, however it ends, nobody else has one."""
    connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'")
    connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({LOCK})")


def keep_log(connection: sqlite3.Connection, _: object) -> None:
    """SQLite: a write-ahead log is a property of the file and set for good, but not within a transaction. Whoever sets
    it meanwhile is not waited for by SQLite itself."""
    deadline = time.monotonic() + LOCK_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return


url = make_url(context.config.attributes.get("url") or Settings().database)
if url.get_backend_name() == "sqlite":
    # The driver is told not to begin by itself: it would begin at the first row, after all tables were made.
    engine = create_engine(url, connect_args={"isolation_level": None, "timeout": LOCK_SECONDS})
    event.listen(engine, "connect", keep_log)
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
else:
    engine = create_engine(url)
    event.listen(engine, "begin", take_lock)
try:
    with engine.begin() as connection:
        migrate(connection)
finally:
    engine.dispose()

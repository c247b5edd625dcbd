"""Runs the migrations on the database of the settings, or on the connection a caller hands over."""

from __future__ import annotations

from typing import Any

from alembic import context
from sqlalchemy import Connection, create_engine, event, make_url

from app.config import Settings
from app.models import Base, Moment


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
    with context.begin_transaction():
        context.run_migrations()


url = make_url(context.config.attributes.get("url") or Settings().database)
engine = create_engine(url)
if url.get_backend_name() == "sqlite":
    # The file is made by the migrations; WAL is a property of the file and set for good.
    event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA journal_mode = WAL"))
with engine.connect() as connection:
    migrate(connection)
engine.dispose()

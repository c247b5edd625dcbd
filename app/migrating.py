"""Brings the database to this version's tables, all of them or none, and refuses one whose tables are another's."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import create_engine, inspect, make_url, text

from app.faults import DAMAGED, CannotStart

if TYPE_CHECKING:
    from alembic.config import Config

PROJECT = Path(__file__).parent.parent
CHECKED_BYTES = 512 * 1024 * 1024
"""Of a file up to this size every page is looked at when it is migrated: a second or so, if the disk is slow."""
MIGRATE = "Run `python -m app.cli migrate` and start again."

log = logging.getLogger(__name__)


def migrate(url: str) -> None:
    """Every migration not yet done, in one transaction that begins with a lock (``migrations/env.py``): whoever is
    killed leaves nothing behind, and of two that begin at once the second finds the work done."""
    from alembic import command  # the web process and the worker only ask for the version, and need none of it

    found = version(url)
    if found is not None and found not in _versions():
        raise CannotStart(_newer(found))
    _refuse_damage(url)
    command.upgrade(alembic_config(url), "head")


def _refuse_damage(url: str) -> None:
    """Raises ``CannotStart`` for a damaged SQLite file. A server looks after its own; this is the one time at which
    nobody waits for us and nothing has been written yet."""
    parts = make_url(url)
    file = Path(parts.database or "")
    if parts.get_backend_name() != "sqlite" or not file.exists() or file.stat().st_size > CHECKED_BYTES:
        return
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            found = connection.scalar(text("PRAGMA quick_check(1)"))
    finally:
        engine.dispose()
    if found != "ok":
        raise CannotStart(f"The database file {file} {DAMAGED}")


def alembic_config(url: str) -> Config:
    from alembic.config import Config

    config = Config(toml_file=PROJECT / "pyproject.toml")
    config.attributes["url"] = url
    return config


def refuse_other_tables(url: str) -> None:
    """Raises ``CannotStart`` unless the database has exactly the tables that this version works with."""
    found, ours = version(url), newest_version()
    if found is None:
        raise CannotStart(
            f"The database {make_url(url)} holds no tables yet; this Handcode works with those of version {ours}. "
            + MIGRATE
        )
    if found not in _versions():
        raise CannotStart(_newer(found))
    if found != ours:
        raise CannotStart(
            f"The database has the tables of version {found}; this Handcode works with those of version {ours}. "
            + MIGRATE
        )
    log.info("The database has the tables of version %s, as this Handcode.", ours)


def version(url: str) -> str | None:
    """Of the tables that are there; None in an empty database, or where there is no file."""
    parts = make_url(url)
    if parts.get_backend_name() == "sqlite" and not Path(parts.database or "").exists():
        return None  # asking would make the file
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            if not inspect(connection).has_table("alembic_version"):
                return None
            found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
            return found
    finally:
        engine.dispose()


def newest_version() -> str:
    """Of the tables that this version works with."""
    return _versions()[-1]


def _versions() -> list[str]:
    """From the names of the files, in their order: Alembic would load each of them."""
    return sorted(path.name.partition("_")[0] for path in (PROJECT / "migrations/versions").glob("*.py"))


def _newer(found: str) -> str:
    return (
        f"The database has the tables of version {found}; this Handcode knows none newer than version "
        f"{newest_version()}. Start the Handcode that made them, or restore a backup made before."
    )

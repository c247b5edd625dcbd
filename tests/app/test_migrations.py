"""The tables: the same migrations on both databases, whole or not at all, and no difference from the models."""

from __future__ import annotations

import hashlib
import io
import sqlite3
from pathlib import Path

from alembic import command

from app.migrating import alembic_config, migrate, newest_version, refuse_other_tables, version

ROOT = Path(__file__).parent.parent.parent
VERSIONS = ROOT / "migrations/versions"
RELEASED = {
    "0001_the_first_tables.py": "265a3dcd5df2696c3b925c981ec336cc0e210e60fe5ad017c9a963578567113a",
}
"""The checksum of every migration that a database somewhere may have been made with. Such a file is never edited, since
nobody would run it again: what is to change takes a further migration."""


def test_migrations_and_models_agree(database_url: str) -> None:
    command.check(alembic_config(database_url))


def test_migrations_go_back_and_forth(database_url: str) -> None:
    config = alembic_config(database_url)
    command.downgrade(config, "base")
    command.upgrade(config, "head")
    command.check(config)


def test_migrating_twice_changes_nothing(database_url: str) -> None:
    migrate(database_url)
    command.check(alembic_config(database_url))


def test_there_is_one_newest_migration(sqlite_url: str) -> None:
    written = io.StringIO()
    config = alembic_config(sqlite_url)
    config.stdout = written
    command.heads(config)
    assert len(written.getvalue().splitlines()) == 1


def test_the_sqlite_file_keeps_a_write_ahead_log(sqlite_url: str, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "data" / "handcode.db") as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()


def test_a_migration_that_was_released_is_never_edited() -> None:
    sums = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in VERSIONS.glob("*.py")}
    assert {name: sums.get(name) for name in RELEASED} == RELEASED


def test_the_newest_version_is_that_of_the_migrations(database_url: str) -> None:
    assert version(database_url) == newest_version()
    refuse_other_tables(database_url)

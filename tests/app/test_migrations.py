"""The tables: the same migrations on both databases, and no difference from the models."""

from __future__ import annotations

import io
import sqlite3
from pathlib import Path

from alembic import command

from app.migrating import alembic_config, migrate


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

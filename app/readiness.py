"""Whether this Handcode can judge and write now, asked of the database anew; what is in the way comes as sentences.

On a connection of its own: what an old one keeps in memory is read there long after the file was damaged. In a thread,
and at most once a second however many ask.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import time
from enum import StrEnum

import psycopg.errors
from sqlalchemy import Connection, create_engine, exc, select, text
from sqlalchemy.pool import NullPool

from app.clock import database_now
from app.database import Database
from app.judgings import QUEUED
from app.migrating import CHECKED_BYTES, newest_version
from app.models import Judging, Worker
from app.processes import is_gone
from app.submissions import WORKER_SILENCE_SECONDS

CACHE_SECONDS = 1.0
PATIENCE_SECONDS = 3
"""For a database to take the connection, or for its lock."""
CHECK_SHARE = 100
"""Every page of an SQLite file is looked at in a hundredth of the time."""
CHECK_SECONDS = 10.0

log = logging.getLogger(__name__)


class Obstacle(StrEnum):
    """What keeps Handcode from its work; stable words, for whoever raises an alarm."""

    DATABASE_AWAY = "database_away"
    DATABASE_DAMAGED = "database_damaged"
    DATABASE_READ_ONLY = "database_read_only"
    DATABASE_FULL = "database_full"
    DATABASE_DISK = "database_disk"
    OTHER_TABLES = "other_tables"
    NO_WORKER = "no_worker"
    WORKER_STARTING = "worker_starting"
    NO_CELLS = "no_cells"
    NO_WORKER_FOR_WHAT_WAITS = "no_worker_for_what_waits"


SENTENCES = {
    Obstacle.DATABASE_AWAY: "The database does not answer, or is locked.",
    Obstacle.DATABASE_DAMAGED: "The database is damaged: put back a backup.",
    Obstacle.DATABASE_READ_ONLY: "The database may only be read, or not at all: look at its rights.",
    Obstacle.DATABASE_FULL: "The database cannot grow: make room on its disk.",
    Obstacle.DATABASE_DISK: "The disk of the database reports a fault, or is full: look after it.",
    Obstacle.OTHER_TABLES: "The database has the tables of another version: run `python -m app.cli migrate`.",
    Obstacle.NO_WORKER: "No worker was heard of lately: start one.",
    Obstacle.WORKER_STARTING: "The workers are still starting.",
    Obstacle.NO_CELLS: "No worker can make cells, or its walls do not stand: its log says why.",
    Obstacle.NO_WORKER_FOR_WHAT_WAITS: "Judgings wait for a device on which no worker judges: start one for it.",
}

_SQLITE = {
    sqlite3.SQLITE_NOTADB: Obstacle.DATABASE_DAMAGED,
    sqlite3.SQLITE_CORRUPT: Obstacle.DATABASE_DAMAGED,
    sqlite3.SQLITE_READONLY: Obstacle.DATABASE_READ_ONLY,
    sqlite3.SQLITE_CANTOPEN: Obstacle.DATABASE_READ_ONLY,  # also what a file beside it that cannot be made is called
    sqlite3.SQLITE_IOERR: Obstacle.DATABASE_DISK,
    sqlite3.SQLITE_FULL: Obstacle.DATABASE_FULL,
}


class Readiness:
    """Of one process; keeps what it found for a second."""

    def __init__(self, database: Database) -> None:
        self._database = database
        options = {"timeout": PATIENCE_SECONDS} if database.is_sqlite else {"connect_timeout": PATIENCE_SECONDS}
        self._engine = create_engine(database.url, poolclass=NullPool, connect_args=options)
        self._one_asks = asyncio.Lock()
        self._found: list[Obstacle] = []
        self._looked_at = float("-inf")
        self._check_at = float("-inf")
        self._is_damaged = False

    async def obstacles(self) -> list[Obstacle]:
        """What is in the way; nothing where all is well."""
        async with self._one_asks:
            if time.monotonic() - self._looked_at >= CACHE_SECONDS:
                found = await asyncio.to_thread(self._look)
                if found != self._found:
                    log.warning("ready again" if not found else "not ready: %s", *[", ".join(found)] if found else [])
                self._found, self._looked_at = found, time.monotonic()
            return self._found

    def _look(self) -> list[Obstacle]:
        try:
            with self._engine.connect() as connection:
                if connection.scalar(text("SELECT version_num FROM alembic_version")) != newest_version():
                    return [Obstacle.OTHER_TABLES]
                found = _judges(connection)
                connection.rollback()
                self._write(connection)
                if self._database.is_sqlite and self._check(connection):
                    return [Obstacle.DATABASE_DAMAGED]
                return found
        except exc.DBAPIError as error:
            return [_told_by(error)]

    def _write(self, connection: Connection) -> None:
        """Has a commit reach the disk. A full one is not noticed by anything less."""
        if self._database.is_sqlite:
            number: int = connection.scalar(text("PRAGMA user_version")) or 0  # which nobody else uses
            connection.rollback()
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            connection.exec_driver_sql(f"PRAGMA user_version = {1 - number % 2}")
        else:
            if connection.scalar(text("SHOW transaction_read_only")) == "on":
                raise exc.OperationalError("", {}, psycopg.errors.ReadOnlySqlTransaction())
            connection.execute(text("SELECT pg_current_xact_id()"))
        connection.commit()

    def _check(self, connection: Connection) -> bool:
        """Whether a page of the file is damaged, as far as was looked at lately."""
        file = self._database.sqlite_path
        if time.monotonic() >= self._check_at and file.stat().st_size <= CHECKED_BYTES:
            begun = time.monotonic()
            self._is_damaged = connection.scalar(text("PRAGMA quick_check(1)")) != "ok"
            took = time.monotonic() - begun
            self._check_at = time.monotonic() + max(CHECK_SECONDS, CHECK_SHARE * took)
        return self._is_damaged


def _judges(connection: Connection) -> list[Obstacle]:
    heard_of = Worker.last_seen > database_now(-WORKER_SILENCE_SECONDS)
    told = (Worker.queues, Worker.ready, Worker.quarantined, Worker.host, Worker.pid)
    rows = connection.execute(select(*told).where(heard_of))
    workers = [row for row in rows if not is_gone(row.host, row.pid)]
    sound = [worker for worker in workers if worker.ready and worker.quarantined is None]
    if not sound:
        ill = any(worker.quarantined is not None for worker in workers)
        return [Obstacle.NO_CELLS if ill else Obstacle.WORKER_STARTING if workers else Obstacle.NO_WORKER]
    judged = {queue for worker in sound for queue in worker.queues}
    waits = select(Judging.id).where(QUEUED, Judging.queue.not_in(judged)).limit(1)
    return [Obstacle.NO_WORKER_FOR_WHAT_WAITS] if connection.execute(waits).first() else []


def _told_by(error: exc.DBAPIError) -> Obstacle:
    original = error.orig
    if isinstance(original, sqlite3.Error):
        return _SQLITE.get(getattr(original, "sqlite_errorcode", 0) & 0xFF, Obstacle.DATABASE_AWAY)
    if isinstance(original, psycopg.errors.ReadOnlySqlTransaction):
        return Obstacle.DATABASE_READ_ONLY
    if isinstance(original, psycopg.errors.DiskFull):
        return Obstacle.DATABASE_FULL
    if isinstance(original, psycopg.errors.DataCorrupted | psycopg.errors.IndexCorrupted):
        return Obstacle.DATABASE_DAMAGED
    return Obstacle.DATABASE_AWAY

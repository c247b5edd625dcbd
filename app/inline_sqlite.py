"""SQLite on the event loop's own thread: SQLAlchemy's plain dialect for it, called from asynchronous code.

aiosqlite hands every call to a thread: a statement is four calls, each two thread switches, for work that takes SQLite
some ten microseconds. Here the call is simply made. What could really block is kept away: waiting for the write lock
is done by sleeping on the loop, and checkpoints (the only place with an fsync) run in a thread of their own.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

from sqlalchemy import URL, Connection
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import AsyncAdaptedQueuePool, Pool
from sqlalchemy.util import await_
from sqlalchemy.util.concurrency import in_greenlet

Result = TypeVar("Result")

LOCK_SECONDS = 10.0
"""How long a writer waits. A write holds the lock for about a millisecond; ten seconds is a disk in trouble."""
LOCK_POLL_SECONDS = 0.001

# Not SQLITE_BUSY_SNAPSHOT: a reader that turns writer too late will never succeed by waiting.
_WORTH_WAITING_FOR = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_BUSY_RECOVERY})


BEGIN = {"DEFERRED": "BEGIN", "IMMEDIATE": "BEGIN IMMEDIATE", "AUTOCOMMIT": None, "BEGUN": None}
"""How a transaction begins, by the name of its isolation level; one that is ``BEGUN`` was, by ``begin``."""


class InlineDialect(SQLiteDialect_pysqlite):
    """Only ``do_execute`` ever suspends, and only to wait for a lock.

    For sessions and ``run_sync``: ``AsyncConnection.execute`` complains of a driver that did not suspend.

    The driver is told not to begin by itself (it would begin late, at the first write), so ``do_begin`` does, and can
    say how. Not in a listener for SQLAlchemy's ``begin`` event: with a single one, every statement asks for listeners.
    """

    driver = "inline"
    is_async = True
    supports_statement_cache = True

    @classmethod
    def get_pool_class(cls, url: URL) -> type[Pool]:
        return AsyncAdaptedQueuePool

    def do_execute(self, cursor: Any, statement: str, parameters: Any, context: Any = None) -> None:
        try:
            cursor.execute(statement, parameters)
        except sqlite3.OperationalError as error:
            # Outside of a greenlet the caller waits, by when_free.
            if not _is_locked(error) or not in_greenlet():
                raise
            await_(when_free(cursor.execute, statement, parameters))

    def do_begin(self, dbapi_connection: Any) -> None:
        begin = BEGIN[dbapi_connection.level]
        if begin is not None:
            self.do_execute(dbapi_connection.cursor(), begin, ())

    def get_isolation_level_values(self, dbapi_connection: Any) -> list[Any]:
        return list(BEGIN)

    def get_isolation_level(self, dbapi_connection: Any) -> Any:
        return dbapi_connection.level

    def set_isolation_level(self, dbapi_connection: Any, level: Any) -> None:
        dbapi_connection.level = level


registry.register("sqlite.inline", __name__, InlineDialect.__name__)


class InlineCursor(sqlite3.Cursor):
    """A cursor with the one method more that SQLAlchemy asks of asynchronous ones."""

    async def _async_soft_close(self) -> None:
        """Nothing to do: rows are in memory once they are asked for."""


class InlineConnection(sqlite3.Connection):
    """A connection that touches its file after each commit: what other processes are woken by (``queue/changes``)."""

    def __init__(self, path: str, *arguments: Any, **options: Any) -> None:
        super().__init__(path, *arguments, **options)
        self.level = "DEFERRED"
        self._path = path
        self._told = 0

    def cursor(self, factory: Any = InlineCursor) -> Any:
        return super().cursor(factory)

    def commit(self) -> None:
        super().commit()
        if self.total_changes != self._told:  # not for a transaction that only looked
            self._told = self.total_changes
            with suppress(OSError):  # whoever waits looks now and then as well
                os.utime(self._path)


# isolation_level None: the driver begins nothing by itself. timeout 0: it must not sleep on the loop's thread.
CONNECT = {"isolation_level": None, "timeout": 0, "check_same_thread": False, "factory": InlineConnection}


def begin(connection: Connection) -> None:
    """Begins to write on a connection whose isolation level is ``BEGUN``; raises at once where another writes."""
    connection.connection.cursor().execute(BEGIN["IMMEDIATE"])


async def when_free(statement: Callable[..., Result], *arguments: Any) -> Result:
    """What a single statement returns, which is tried again and again while another process holds the lock."""
    deadline = None
    while True:
        try:
            return statement(*arguments)
        except (sqlite3.OperationalError, OperationalError) as error:
            now = asyncio.get_running_loop().time()
            deadline = deadline or now + LOCK_SECONDS
            if now > deadline or not _is_locked(error):
                raise
        await asyncio.sleep(LOCK_POLL_SECONDS)


def _is_locked(error: sqlite3.OperationalError | OperationalError) -> bool:
    original = error.orig if isinstance(error, OperationalError) else error
    return getattr(original, "sqlite_errorcode", None) in _WORTH_WAITING_FOR


def checkpoint(path: str) -> None:
    """Moves the write-ahead log into the database file as far as no reader needs it; blocks for the disk."""
    connection = sqlite3.connect(path, isolation_level=None, timeout=0)
    try:
        connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
    finally:
        connection.close()

"""SQLite on the event loop's own thread, behind the interface of aiosqlite that SQLAlchemy asks for.

aiosqlite hands every call to a thread: a statement is four calls, each two thread switches, for work that takes SQLite
some ten microseconds. Here the call is simply made. What could really block is kept away: waiting for the write lock
is done by sleeping on the loop, and checkpoints (the only place with an fsync) run in a thread of their own.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Generator, Sequence
from typing import Any

LOCK_SECONDS = 10.0
"""How long a writer waits. A write holds the lock for about a millisecond; ten seconds is a disk in trouble."""
LOCK_POLL_SECONDS = 0.001

# Not SQLITE_BUSY_SNAPSHOT: a reader that turns writer too late will never succeed by waiting.
_WORTH_WAITING_FOR = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_BUSY_RECOVERY})


class InlineCursor:
    """What SQLAlchemy's adapter calls on a cursor; nothing here suspends but a wait for the lock."""

    def __init__(self, cursor: sqlite3.Cursor) -> None:
        self._cursor = cursor

    async def __aenter__(self) -> InlineCursor:
        return self

    async def execute(self, statement: str, parameters: Sequence[Any] = ()) -> None:
        try:
            self._cursor.execute(statement, parameters)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode not in _WORTH_WAITING_FOR:
                raise
            await self._wait_for_lock(statement, parameters)

    async def _wait_for_lock(self, statement: str, parameters: Sequence[Any]) -> None:
        deadline = asyncio.get_running_loop().time() + LOCK_SECONDS
        while True:
            await asyncio.sleep(LOCK_POLL_SECONDS)
            try:
                self._cursor.execute(statement, parameters)
            except sqlite3.OperationalError as error:
                late = asyncio.get_running_loop().time() > deadline
                if late or error.sqlite_errorcode not in _WORTH_WAITING_FOR:
                    raise
            else:
                return

    async def executemany(self, statement: str, parameters: Sequence[Sequence[Any]]) -> None:
        self._cursor.executemany(statement, parameters)

    async def fetchall(self) -> list[Any]:
        return self._cursor.fetchall()

    async def fetchone(self) -> Any:
        return self._cursor.fetchone()

    async def fetchmany(self, size: int | None = None) -> list[Any]:
        return self._cursor.fetchmany(size or self._cursor.arraysize)

    async def close(self) -> None:
        self._cursor.close()

    @property
    def description(self) -> Any:
        return self._cursor.description

    @property
    def rowcount(self) -> int:
        return self._cursor.rowcount

    @property
    def lastrowid(self) -> int | None:
        return self._cursor.lastrowid


class InlineConnection:
    """What SQLAlchemy's adapter calls on a connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def __await__(self) -> Generator[Any, None, InlineConnection]:
        """Already open: awaiting gives the connection itself."""
        return self
        yield

    def cursor(self) -> InlineCursor:
        return InlineCursor(self._connection.cursor())

    async def commit(self) -> None:
        self._connection.commit()

    async def rollback(self) -> None:
        self._connection.rollback()

    async def close(self) -> None:
        self._connection.close()

    def stop(self) -> None:
        self._connection.close()

    async def create_function(self, *arguments: Any, **options: Any) -> None:
        self._connection.create_function(*arguments, **options)

    @property
    def isolation_level(self) -> str | None:
        return self._connection.isolation_level


def connector(path: str) -> Callable[..., InlineConnection]:
    """What to give SQLAlchemy as ``async_creator_fn``."""

    def connect(*_arguments: Any, **_options: Any) -> InlineConnection:
        # isolation_level None: the driver begins nothing by itself. timeout 0: it must not sleep on the loop's thread.
        return InlineConnection(sqlite3.connect(path, isolation_level=None, timeout=0, check_same_thread=False))

    return connect


def checkpoint(path: str) -> None:
    """Moves the write-ahead log into the database file as far as no reader needs it; blocks for the disk."""
    connection = sqlite3.connect(path, isolation_level=None, timeout=0)
    try:
        connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
    finally:
        connection.close()

"""Learns that another connection committed something, without reading rows.

PostgreSQL tells us (LISTEN). SQLite has nobody to tell, so two cheap signs are joined: our connections touch the
database file after each commit, and inotify wakes us within microseconds and costs nothing while idle; ``PRAGMA
data_version`` says whether something new is visible. A slow poll remains as a net for a writer that is not ours, and
where inotify cannot see it.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import logging
import os
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import psycopg
from sqlalchemy import make_url, text

from app.database import Database, Transaction, dialect_of

CHANNEL = "handcode"
IDLE_POLL_SECONDS = 0.25
BLIND_POLL_SECONDS = 0.01
"""Without inotify the idle poll is the latency of the queue: ten milliseconds at most, five on average."""

_IN_ATTRIB, _IN_NONBLOCK, _IN_CLOEXEC = 0x4, 0o4000, 0o2000000

log = logging.getLogger(__name__)


class Changes(Protocol):
    """One waiter a process."""

    async def start(self) -> None: ...

    async def rows(self, query: str) -> Sequence[Any]:
        """What a small query finds, on the connection that looks for changes: no session, no pool."""

    async def wait(self) -> None:
        """Returns when something may have changed since the last return, or ``wake`` was called."""

    def wake(self) -> None: ...

    async def close(self) -> None: ...


def announce(transaction: Transaction) -> None:
    """Tell PostgreSQL's listeners when this transaction commits; SQLite needs no telling."""
    if dialect_of(transaction) == "postgresql":
        transaction.execute(_NOTIFY)


_NOTIFY = text(f"NOTIFY {CHANNEL}")


def open_changes(database: Database, *, only_if: str | None = None) -> Changes:
    """What fits the database. ``only_if`` is a query; on SQLite a change counts only while it finds something, which
    spares a waiter the commits that are not for it."""
    if database.is_sqlite:
        return SqliteChanges(database.sqlite_path, only_if=only_if)
    return PostgresqlChanges(database)


class SqliteChanges:
    """Watches the database file."""

    def __init__(self, path: Path, *, only_if: str | None = None) -> None:
        self._path = path
        self._only_if = only_if
        self._event = asyncio.Event()
        self._inotify: int | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._version = -1

    async def start(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._connection = sqlite3.connect(f"file:{self._path}?mode=ro", uri=True, isolation_level=None, timeout=0)
        self._inotify = _watch_file(self._path)
        if self._inotify is None:
            log.warning("inotify is not available: looking for changes every %g s", BLIND_POLL_SECONDS)
        else:
            self._loop.add_reader(self._inotify, self._on_commit)
        self._poll()

    async def rows(self, query: str) -> Sequence[Any]:
        return self._connection.execute(query).fetchall()

    async def wait(self) -> None:
        await self._event.wait()
        self._event.clear()

    def wake(self) -> None:
        self._event.set()

    async def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self._inotify is not None:
            self._loop.remove_reader(self._inotify)
            os.close(self._inotify)
            self._inotify = None
        self._connection.close()

    def _on_commit(self) -> None:
        assert self._inotify is not None  # noqa: S101 - add_reader was called with it
        with contextlib.suppress(BlockingIOError):
            os.read(self._inotify, 4096)  # what it says is no news: one file is watched, for one kind of event
        if not self._event.is_set():  # else whoever waited is busy, and will see for itself
            self._look()

    def _poll(self) -> None:
        self._look()
        pause = BLIND_POLL_SECONDS if self._inotify is None else IDLE_POLL_SECONDS
        self._timer = self._loop.call_later(pause, self._poll)

    def _look(self) -> None:
        with contextlib.suppress(sqlite3.OperationalError):  # locked for recovery: the next poll sees it
            version: int = self._connection.execute("PRAGMA data_version").fetchone()[0]
            if version != self._version:
                self._version = version
                if self._only_if is None or self._connection.execute(self._only_if).fetchone() is not None:
                    self._event.set()


def _watch_file(path: Path) -> int | None:
    """An inotify descriptor for touches of ``path``; None where the kernel or the file system has none."""
    libc = ctypes.CDLL(None, use_errno=True)
    descriptor: int = libc.inotify_init1(_IN_NONBLOCK | _IN_CLOEXEC)
    if descriptor < 0:
        return None
    if libc.inotify_add_watch(descriptor, os.fsencode(path), _IN_ATTRIB) < 0:
        os.close(descriptor)
        return None
    return descriptor


class PostgresqlChanges:
    """Listens on a connection of its own, and reconnects: a change may have been missed, so that counts as one."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._dsn = make_url(database.url).set(drivername="postgresql").render_as_string(hide_password=False)
        self._event = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        listening = asyncio.Event()
        self._task = asyncio.create_task(self._listen(listening))
        await listening.wait()

    async def rows(self, query: str) -> Sequence[Any]:
        async with self._database.engine.connect() as connection:
            return (await connection.execute(text(query))).all()

    async def wait(self) -> None:
        await self._event.wait()
        self._event.clear()

    def wake(self) -> None:
        self._event.set()

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _listen(self, listening: asyncio.Event) -> None:
        while True:
            try:
                connection = await psycopg.AsyncConnection.connect(
                    self._dsn, autocommit=True, keepalives_idle=30, keepalives_interval=10
                )
                async with connection:
                    await connection.execute(f"LISTEN {CHANNEL}")
                    listening.set()
                    self._event.set()
                    async for _ in connection.notifies():
                        self._event.set()
            except psycopg.OperationalError as error:
                self._database.outage.met("listening for changes", error)
                await asyncio.sleep(1)

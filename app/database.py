"""The connection to the database: one engine for a process, one transaction for a request or a job."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Annotated, Any, Concatenate, ParamSpec, TypeVar

import psycopg
from fastapi import Depends, Request
from sqlalchemy import Connection, Executable, Row, event, exc, make_url
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import Session as PlainSession
from sqlalchemy.util import greenlet_spawn

from app.inline_sqlite import CONNECT, LOCK_SECONDS, begin, checkpoint, when_free
from app.outage import Outage

DATABASE_AWAY = (
    exc.OperationalError, exc.InterfaceError, exc.TimeoutError,
    sqlite3.OperationalError, psycopg.OperationalError, psycopg.InterfaceError, TimeoutError, ConnectionError,
)  # fmt: skip
"""What is raised while the database cannot be asked, or is locked for longer than anyone should wait: it may pass."""

LOG_BYTES = 4 * 1024 * 1024
"""A write-ahead log longer than this is moved into the database: SQLite's own measure, a thousand pages."""
LOG_LOOK_SECONDS = 1.0

Transaction = Connection | PlainSession
"""What a statement is executed in: the bare connection of ``change``, or a session by its ``run_sync``."""

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


def dialect_of(transaction: Transaction) -> str:
    bind = transaction.get_bind() if isinstance(transaction, PlainSession) else transaction
    return bind.dialect.name


class Database:
    """Opens sessions. On SQLite a writing transaction takes the write lock when it begins: one that reads first and
    writes later would meet ``database is locked`` at once, without waiting, whenever another writer got between."""

    def __init__(self, url: str, *, pool_size: int = 8) -> None:
        self.url = url
        self.is_sqlite = make_url(url).get_backend_name() == "sqlite"
        self.engine = self._sqlite_engine(pool_size) if self.is_sqlite else self._postgresql_engine(pool_size)
        self._sessions = async_sessionmaker(self.engine, expire_on_commit=False)
        self._one_writer = asyncio.Lock()
        # SQLite answers before anyone else can ask and has one writer at a time: one open connection for each way to
        # begin is enough.
        self._open: dict[str, Connection] = {}
        self.outage = Outage()

    @contextlib.asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """A session for looking: a consistent view, no lock."""
        async with self._sessions() as session, session.begin():
            yield session
        self.outage.answered()

    @contextlib.asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncSession]:
        """A session for changing: commits when the block ends, rolls back when it raises."""
        if not self.is_sqlite:
            async with self._sessions() as session, session.begin():
                yield session
            return
        # The writers of this process queue up here, first come first served; only other processes are waited for by
        # asking again and again.
        async with self._the_one_writer(), self._sessions() as session, session.begin():
            await session.connection(execution_options={"isolation_level": "IMMEDIATE"})
            yield session

    # On the way of every verdict a transaction is a plain function, called once: through SQLAlchemy's asynchronous
    # connection each step would have a greenlet of its own. SQLite waits for nothing but a lock, and that is done here
    # before the function is called: to map the stack of a greenlet costs more than a query.

    async def row(self, query: Executable, **values: object) -> Row[*tuple[Any, ...]] | None:
        """The one row of a query, or None. A single query is consistent by itself and needs no transaction."""
        if not self.is_sqlite:
            return await greenlet_spawn(self._row, query, values)
        connection = await self._opened("AUTOCOMMIT")
        return (await when_free(connection.execute, query, values)).one_or_none()

    def _row(self, query: Executable, values: dict[str, object]) -> Row[*tuple[Any, ...]] | None:
        with self.engine.sync_engine.connect() as connection:
            return connection.execution_options(isolation_level="AUTOCOMMIT").execute(query, values).one_or_none()

    async def change(
        self, work: Callable[Concatenate[Connection, Arguments], Result], *arguments: Arguments.args,
        **options: Arguments.kwargs
    ) -> Result:  # fmt: skip
        """What ``work`` returns, which is called in a writing transaction; rolled back when it raises."""
        if not self.is_sqlite:
            result: Result = await greenlet_spawn(self._change, work, arguments, options)
        else:
            async with self._the_one_writer():
                connection = await self._opened("BEGUN")
                await when_free(begin, connection)
                with connection.begin():
                    result = work(connection, *arguments, **options)
        self.outage.answered()
        return result

    def _change(self, work: Callable[..., Result], arguments: Any, options: Any) -> Result:
        with self.engine.sync_engine.begin() as connection:
            return work(connection, *arguments, **options)

    async def _opened(self, level: str) -> Connection:
        connection = self._open.get(level)
        if connection is None:
            opened: Connection = await greenlet_spawn(self.engine.sync_engine.connect)
            connection = self._open[level] = opened.execution_options(isolation_level=level)
        return connection

    @contextlib.asynccontextmanager
    async def _the_one_writer(self) -> AsyncIterator[None]:
        """Raises ``TimeoutError`` rather than wait for ever for a caller that is itself the writer."""
        async with asyncio.timeout(LOCK_SECONDS):
            await self._one_writer.acquire()
        try:
            yield
        finally:
            self._one_writer.release()

    async def close(self) -> None:
        for connection in self._open.values():
            await greenlet_spawn(connection.close)
        self._open.clear()
        await self.engine.dispose()

    @property
    def sqlite_path(self) -> Path:
        """The database file; only for SQLite."""
        path = make_url(self.url).database
        if not self.is_sqlite or not path:
            raise ValueError("This database is not an SQLite file.")
        return Path(path)

    async def keep_log_short(self) -> None:
        """Runs beside the application, since a commit itself leaves the log alone (see ``wal_autocheckpoint``)."""
        while self.is_sqlite:
            await asyncio.sleep(LOG_LOOK_SECONDS)
            await self.shorten_log()

    async def shorten_log(self) -> None:
        """Moves a long write-ahead log into the database, in a thread, since that waits for the disk."""
        log_file = self.sqlite_path.with_name(self.sqlite_path.name + "-wal")
        with contextlib.suppress(OSError, sqlite3.OperationalError):
            if log_file.stat().st_size > LOG_BYTES:
                await asyncio.to_thread(checkpoint, str(self.sqlite_path))

    def _sqlite_engine(self, pool_size: int) -> AsyncEngine:
        url = make_url(self.url).set(drivername="sqlite+inline")
        engine = create_async_engine(
            url, pool_size=pool_size, max_overflow=0, connect_args=CONNECT, hide_parameters=True
        )  # in errors and logs: they hold code and hashes
        event.listen(engine.sync_engine, "connect", _prepare_sqlite_connection)
        return engine

    def _postgresql_engine(self, pool_size: int) -> AsyncEngine:
        return create_async_engine(
            self.url, pool_size=pool_size, max_overflow=2 * pool_size, pool_pre_ping=True, hide_parameters=True
        )


async def session(request: Request) -> AsyncIterator[AsyncSession]:
    """The request's transaction: reading for GET and HEAD, else writing."""
    database: Database = request.app.state.database
    opened = database.reading() if request.method in ("GET", "HEAD") else database.writing()
    async with opened as current:
        yield current


# scope="function": FastAPI's default ends a dependency after the answer has left, and a commit that fails then has
# already been answered 200.
Session = Annotated[AsyncSession, Depends(session, scope="function")]


def _prepare_sqlite_connection(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode = WAL")
    # NORMAL: a power cut may lose the last commits but never corrupts; a killed process loses nothing.
    cursor.execute("PRAGMA synchronous = NORMAL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.execute("PRAGMA wal_autocheckpoint = 0")  # done by keep_log_short
    cursor.execute(f"PRAGMA journal_size_limit = {LOG_BYTES}")
    cursor.close()

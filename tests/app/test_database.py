"""Transactions that are plain functions: undone when they raise, and none the worse for one that was given up."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3

import pytest
from sqlalchemy import func, insert, select
from sqlalchemy.exc import MissingGreenlet, OperationalError
from sqlalchemy.util import await_

from app import inline_sqlite
from app.database import Database, Transaction
from app.models import Candidate

pytestmark = pytest.mark.anyio


def add(transaction: Transaction) -> None:
    transaction.execute(insert(Candidate).values(name="Wei"))


def add_and_fail(transaction: Transaction) -> None:
    add(transaction)
    raise RuntimeError


async def count(database: Database) -> int:
    row = await database.row(select(func.count()).select_from(Candidate))
    assert row is not None
    found: int = row[0]
    return found


async def test_a_change_that_raises_is_undone_and_the_next_one_counts(database: Database) -> None:
    with pytest.raises(RuntimeError):
        await database.change(add_and_fail)
    assert await count(database) == 0
    await database.change(add)
    assert await count(database) == 1


async def test_a_change_is_called_once_whatever_it_meets(database: Database) -> None:
    called = []

    def wait_inside(transaction: Transaction) -> None:
        called.append(transaction)
        await_(asyncio.sleep(0))
        raise MissingGreenlet

    await database.change(add)  # the connection is open
    with pytest.raises(MissingGreenlet):
        await database.change(wait_inside)
    assert len(called) == 1


async def test_a_change_waits_for_another_process_and_may_be_given_up(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = Database(sqlite_url)
    await database.change(add)
    refused = asyncio.Event()

    is_locked = inline_sqlite._is_locked

    def noted(error: sqlite3.OperationalError | OperationalError) -> bool:
        refused.set()
        return is_locked(error)

    monkeypatch.setattr(inline_sqlite, "_is_locked", noted)
    with contextlib.closing(sqlite3.connect(database.sqlite_path, isolation_level=None)) as stranger:
        stranger.execute("BEGIN IMMEDIATE")
        given_up, patient = asyncio.create_task(database.change(add)), asyncio.create_task(database.change(add))
        async with asyncio.timeout(60):
            await refused.wait()
        assert not given_up.done()
        given_up.cancel()
        with pytest.raises(asyncio.CancelledError):
            await given_up
        stranger.execute("COMMIT")
        await patient
    assert await count(database) == 2
    await database.close()


async def test_sqlite_needs_no_greenlet_where_it_waits_for_nothing(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = Database(sqlite_url)
    await database.change(add)
    assert await count(database) == 1  # both connections are open
    with monkeypatch.context() as without:
        without.setattr("app.database.greenlet_spawn", None)
        await database.change(add)
        with pytest.raises(RuntimeError):
            await database.change(add_and_fail)
        assert await count(database) == 2
    await database.close()


async def test_only_a_writer_takes_the_write_lock_and_takes_it_when_it_begins(sqlite_url: str) -> None:
    database = Database(sqlite_url, pool_size=1)

    def locked() -> bool:
        with contextlib.closing(sqlite3.connect(database.sqlite_path, isolation_level=None, timeout=0)) as stranger:
            try:
                stranger.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                return True
            return False

    for _ in range(2):  # the pool's one connection serves both in turn: neither leaves its way to begin behind
        async with database.writing():
            assert locked()
        async with database.reading() as session:
            assert await session.scalar(select(func.count()).select_from(Candidate)) == 0
            assert not locked()
    await database.close()

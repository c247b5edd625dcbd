"""Workers that live and are not heard of: told from those that are, from those that cannot write, and ended."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator

import pytest
from sqlalchemy import make_url, update

from app.clock import database_now
from app.config import Settings
from app.database import Database
from app.models import Device, Worker
from app.processes import pid_namespace
from app.serve import Family
from app.silence import end_silent_workers, silent_workers, why_nothing_is_judged

pytestmark = pytest.mark.anyio

SLEEPER = "import time; time.sleep(600)"


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    """A process that calls itself a worker and, stopped as it is, says nothing."""
    process = subprocess.Popen([sys.executable, "-c", SLEEPER, "worker"])
    process.send_signal(signal.SIGSTOP)
    yield process
    process.kill()
    process.wait()


@pytest.fixture
def other() -> Iterator[subprocess.Popen[bytes]]:
    """A process that got the number of a worker which is no more."""
    process = subprocess.Popen([sys.executable, "-c", SLEEPER, "web"])
    yield process
    process.kill()
    process.wait()


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.silence.LOOK_AGAIN_SECONDS", 0.0)


async def add_worker(database: Database, pid: int, *, silent_seconds: float, host: str | None = None) -> None:
    worker = Worker(name=str(pid), queues=[Device.CPU], slots=1, host=host or pid_namespace(), pid=pid, ready=True)
    worker.last_seen = database_now(-silent_seconds)
    async with database.writing() as session:
        session.add(worker)


async def test_a_stopped_worker_is_ended(
    database: Database, database_url: str, sleeper: subprocess.Popen[bytes]
) -> None:
    await add_worker(database, sleeper.pid, silent_seconds=40)
    assert await why_nothing_is_judged(database_url) == "No worker here was heard of lately."
    assert await end_silent_workers(database_url) == {sleeper.pid}
    assert await asyncio.to_thread(sleeper.wait, 30) == -signal.SIGKILL


async def test_one_that_is_heard_of_is_left_alone(
    database: Database, database_url: str, sleeper: subprocess.Popen[bytes]
) -> None:
    await add_worker(database, sleeper.pid, silent_seconds=20)
    assert await end_silent_workers(database_url) == set()
    assert await why_nothing_is_judged(database_url) is None
    async with database.writing() as session:
        await session.execute(update(Worker).values(ready=False, quarantined="No cell can be made now."))
    assert await why_nothing_is_judged(database_url) == "No cell can be made now."


async def test_neither_another_containers_process_nor_one_that_is_no_worker_is_ended(
    database: Database, database_url: str, sleeper: subprocess.Popen[bytes], other: subprocess.Popen[bytes]
) -> None:
    await add_worker(database, sleeper.pid, silent_seconds=40, host="elsewhere")
    await add_worker(database, other.pid, silent_seconds=40)
    assert await end_silent_workers(database_url) == set()
    assert (sleeper.poll(), other.poll()) == (None, None)


async def test_while_nobody_can_write_nobody_is_silent(
    sqlite_url: str, sleeper: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    database = Database(sqlite_url)
    await add_worker(database, sleeper.pid, silent_seconds=40)
    await database.close()
    monkeypatch.setattr("app.inline_sqlite.LOCK_SECONDS", 0.05)
    assert await silent_workers(sqlite_url) == {sleeper.pid}
    with sqlite3.connect(make_url(sqlite_url).database or "", isolation_level=None) as connection:
        connection.execute("BEGIN IMMEDIATE")
        assert await silent_workers(sqlite_url) == set()
        connection.execute("ROLLBACK")
    connection.close()


def test_serve_ends_its_worker_at_the_second_look(
    settings: Settings, sleeper: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def add() -> None:
        database = Database(settings.database)
        await add_worker(database, sleeper.pid, silent_seconds=40)
        await database.close()

    asyncio.run(add())
    family = Family(None)  # type: ignore[arg-type]
    monkeypatch.setattr(family, "_spawn", lambda *_: sleeper)
    family.start_waiting("worker")()
    family._end_silent_worker(settings)
    assert sleeper.poll() is None
    family._end_silent_worker(settings)
    assert sleeper.wait(30) == -signal.SIGKILL

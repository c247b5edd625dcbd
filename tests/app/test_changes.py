"""Waiting for a change without reading rows, and telling many waiters at once."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from app import judgings, names, submissions
from app.database import Database
from app.models import Device, State
from app.queue import changes as changes_module
from app.queue.changes import Changes, SqliteChanges, open_changes
from app.queue.local import LocalQueue
from app.queue.watch import Watch, is_judged, is_named
from judge.report import Verdict
from tests.app.conftest import CODE, People
from tests.app.reports import make_report

pytestmark = pytest.mark.anyio

LONG = 20.0
"""Seconds: far more than anything here takes; only a test that fails waits for it."""


async def send(database: Database, people: People) -> int:
    async with database.writing() as session:
        sent = await session.run_sync(submissions.submit, LocalQueue(database), people.token, "batchnorm1d", CODE)
    return sent


async def judge_one(database: Database) -> None:
    claim = await database.change(judgings.claim_next, "w", [Device.CPU], timedelta(seconds=20))
    assert claim is not None
    await database.change(judgings.finish, claim, make_report(Verdict.ACCEPTED))


@pytest.fixture
async def started(database: Database) -> AsyncIterator[Changes]:
    opened = open_changes(database)
    await opened.start()
    async with asyncio.timeout(LONG):
        await opened.wait()  # the start itself counts as a change: something may have happened before
    yield opened
    await opened.close()


async def test_a_commit_is_noticed(database: Database, people: People, started: Changes) -> None:
    for _ in range(5):
        await send(database, people)
        async with asyncio.timeout(LONG):
            await started.wait()


async def test_a_commit_is_noticed_without_the_slow_poll(
    database: Database, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes_module, "IDLE_POLL_SECONDS", 2 * LONG)
    opened = open_changes(database)
    await opened.start()
    await opened.wait()
    for _ in range(5):
        await send(database, people)
        async with asyncio.timeout(LONG):
            await opened.wait()
    await opened.close()


async def test_a_writer_that_is_not_ours_is_noticed_by_the_slow_poll(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    opened = open_changes(database)
    await opened.start()
    await opened.wait()
    with contextlib.closing(sqlite3.connect(database.sqlite_path)) as stranger, stranger:
        stranger.execute("INSERT INTO candidates (name, guest, created_at) VALUES ('Wei', 0, '2026-01-01')")
    async with asyncio.timeout(LONG):
        await opened.wait()
    await opened.close()
    await database.close()


async def test_a_rollback_is_not(database: Database, people: People, started: Changes) -> None:
    async def send_and_fail() -> None:
        async with database.writing() as session:
            await session.run_sync(submissions.submit, LocalQueue(database), people.token, "batchnorm1d", CODE)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await send_and_fail()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.4):
            await started.wait()


async def test_a_waiter_can_be_woken_from_inside(started: Changes) -> None:
    started.wake()
    async with asyncio.timeout(LONG):
        await started.wait()


async def test_without_inotify_polling_does(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(changes_module, "_watch_file", lambda _: None)
    database = Database(sqlite_url)
    opened = SqliteChanges(database.sqlite_path)
    await opened.start()
    await opened.wait()
    async with database.writing() as session:
        await submissions.workers(session)
        await session.connection()
        from app.models import Candidate

        session.add(Candidate(name="Wei"))
    async with asyncio.timeout(LONG):
        await opened.wait()
    await opened.close()
    await database.close()
    assert "inotify is not available" in caplog.text


async def test_a_worker_is_woken_by_work_only(sqlite_url: str, people_on_sqlite: tuple[Database, People]) -> None:
    database, people = people_on_sqlite
    opened = open_changes(database, only_if=judgings.ANY_QUEUED)
    await opened.start()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.4):
            await opened.wait()
    await send(database, people)
    async with asyncio.timeout(LONG):
        await opened.wait()
    await opened.close()


@pytest.fixture
async def people_on_sqlite(sqlite_url: str, anyio_backend: str) -> AsyncIterator[tuple[Database, People]]:
    from app import auth
    from app.models import Candidate, Interviewer

    database = Database(sqlite_url)
    async with database.writing() as session:
        interviewer = Interviewer(name="Ada", password_hash="x")
        candidate = Candidate(name="Wei")
        session.add_all([interviewer, candidate])
        token, _ = await auth.create_token(session, "ci")
    access = auth.TokenAccess(token.id)
    yield database, People(interviewer, candidate, access, access)
    await database.close()


@pytest.fixture
async def watch(database: Database) -> AsyncIterator[Watch]:
    opened = Watch(open_changes(database), database.outage)
    await opened.start()
    yield opened
    await opened.close()


async def test_a_waiter_hears_when_its_submission_is_done(database: Database, people: People, watch: Watch) -> None:
    sent = await send(database, people)
    waiting = asyncio.create_task(watch.until(is_judged, sent, LONG))
    await asyncio.sleep(0)
    await judge_one(database)
    assert await waiting is True


async def test_who_comes_too_late_hears_at_once(database: Database, people: People, watch: Watch) -> None:
    sent = await send(database, people)
    await judge_one(database)
    assert await watch.until(is_judged, sent, LONG) is True


async def test_what_ends_after_a_waiter_began_and_before_it_looked_is_heard(
    database: Database, people: People, watch: Watch
) -> None:
    sent = await send(database, people)
    with watch.waiting(sent) as waiter:
        await judge_one(database)
        heard = await waiter.progress(LONG)
    assert heard is not None
    assert heard.state is State.DONE
    assert watch._waiters == set()


async def test_who_waits_for_the_names_is_not_answered_with_the_verdict(
    database: Database, people: People, watch: Watch
) -> None:
    sent = await send(database, people)
    claim = await database.change(judgings.claim_next, "w", [Device.CPU], timedelta(seconds=20))
    assert claim is not None
    await database.change(judgings.finish, claim, make_report(), timedelta(seconds=20))
    assert await watch.until(is_judged, sent, LONG) is True
    assert await watch.until(is_named, sent, 0.05) is False
    with watch.waiting(sent, is_named) as waiter:
        await database.change(names.attach, claim, make_report())
        heard = await waiter.progress(LONG)
    assert heard is not None
    assert await watch.until(is_named, sent, LONG) is True


async def test_a_wait_ends(database: Database, people: People, watch: Watch) -> None:
    sent = await send(database, people)
    assert await watch.until(is_judged, sent, 0.05) is False
    assert watch._waiters == set()


async def test_each_state_is_told_once(database: Database, people: People, watch: Watch) -> None:
    sent = await send(database, people)
    seen = await watch.until_changed(sent, None, LONG)
    assert seen is not None
    assert seen.state is State.QUEUED
    await judge_one(database)
    seen = await watch.until_changed(sent, seen, LONG)
    while seen and seen.state is not State.DONE:
        seen = await watch.until_changed(sent, seen, LONG)
    assert seen is not None
    assert await watch.until_changed(sent, seen, 0.05) is None


async def test_many_waiters_share_one_look(
    database: Database, people: People, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[int] = []
    real = watch._look

    async def counted(numbers: set[int]) -> object:
        looks.append(len(numbers))
        return await real(numbers)

    monkeypatch.setattr(watch, "_look", counted)
    sent = [await send(database, people) for _ in range(20)]
    waiting = [asyncio.create_task(watch.until(is_judged, number, LONG)) for number in sent for _ in range(5)]
    for _ in sent:
        await judge_one(database)
    assert all(await asyncio.gather(*waiting))
    assert len(looks) < 3 * 2 * len(sent), "a look or two a commit, not one for each of a hundred waiters"

"""The worker: a real process with the real engine, killed in mid-judging; and its rules, with an engine that obeys."""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx2
import psycopg
import pytest
from sqlalchemy import func, make_url, select

from app import auth, submissions, worker
from app.config import Settings
from app.database import Database
from app.engine import start_engine
from app.main import create_app
from app.models import Candidate, Device, DiagnosesState, Judging, Report, Scope, State, Submission, Worker
from app.naming import Dropped, Namer, Pace
from app.outage import Outage
from app.queue.local import LocalQueue
from app.worker import CANNOT_HEAL, Walls, WorkerProcess
from judge.cells import NoCell
from judge.engine import Judged
from judge.problem import Problem, load
from judge.report import Report as JudgeReport
from judge.report import Verdict
from tests.app.conftest import CODE, People
from tests.app.reports import make_report

pytestmark = pytest.mark.anyio

ROOT = Path(__file__).parent.parent.parent
ACCEPTED = (ROOT / "judge/problems/batchnorm1d/submissions/accepted/beginner.py").read_text("utf-8")
SLOW = "import time\ntime.sleep(1.5)\n" + ACCEPTED
"""Long enough to be killed in, well inside the problem's limit."""

PATIENCE = 90.0
"""Seconds a test waits for what must come: torch alone takes two to be imported, on a busy machine many more."""


class Process:
    """A worker as it runs in production, or another program that runs one."""

    def __init__(self, settings: Settings, log: Path, program: Sequence[str], **environment: str) -> None:
        self.log = log
        variables = {
            "HANDCODE_DATA": str(settings.data),
            "HANDCODE_DATABASE_URL": settings.database,
            "HANDCODE_SLOTS": "1",
            "HANDCODE_STANDBY_CELLS": "1",
            "HANDCODE_STOCK": "0",
        }
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, *program],
                cwd=ROOT, env=os.environ | variables | environment, stdout=output, stderr=output,
            )  # fmt: skip

    def end(self, number: int = signal.SIGTERM) -> int:
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(PATIENCE)


@pytest.fixture
def start_worker(settings: Settings, tmp_path: Path) -> Iterator[Callable[..., Process]]:
    started: list[Process] = []

    def start(program: Sequence[str] = ("-m", "app.cli", "worker"), **environment: str) -> Process:
        started.append(Process(settings, tmp_path / "worker.log", program, **environment))
        return started[-1]

    yield start
    for process in started:
        if process.process.poll() is None:
            process.end(signal.SIGKILL)


@pytest.fixture
async def sender(settings: Settings, anyio_backend: str) -> AsyncIterator[tuple[Database, People]]:
    database = Database(settings.database)
    async with database.writing() as session:
        candidate = Candidate(name="Wei")
        session.add(candidate)
        token, _ = await auth.create_token(session, "ci")
    access = auth.TokenAccess(token.id)
    yield database, People(None, candidate, access, access)  # type: ignore[arg-type]
    await database.close()


async def send(database: Database, people: People, code: str = CODE, problem: str = "batchnorm1d") -> int:
    async with database.writing() as session:
        sent = await session.run_sync(submissions.submit, LocalQueue(database), people.token, problem, code)
    return sent


async def until(database: Database, submission_id: int, state: State) -> Judging:
    """The newest judging once it is in ``state``."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        async with database.reading() as session:
            judging = await submissions.newest_judging(session, submission_id, with_report=True)
        if judging.state is state:
            return judging
        await asyncio.sleep(0.02)
    raise AssertionError(f"judging {judging.id} is {judging.state} after {PATIENCE} s")


async def until_true(is_true: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not is_true():  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.01)


async def until_named(database: Database, submission_id: int) -> Judging:
    """The newest judging once nothing more will be said of it; on a new machine, naming begins with learning."""
    deadline = time.monotonic() + 2 * PATIENCE
    judging = await until(database, submission_id, State.DONE)
    while judging.diagnoses_state is not DiagnosesState.DONE and time.monotonic() < deadline:
        await asyncio.sleep(0.02)
        judging = await until(database, submission_id, State.DONE)
    assert judging.diagnoses_state is DiagnosesState.DONE
    return judging


def names_in(judging: Judging) -> list[str]:
    assert judging.report is not None
    return [one.id for one in JudgeReport.from_json(judging.report.body).diagnoses]


# With the real engine -----------------------------------------------------------------------------------------------


async def test_a_killed_workers_judging_is_run_again_and_ends_once(
    sender: tuple[Database, People], start_worker: Callable[..., Process]
) -> None:
    database, people = sender
    first = start_worker()
    sent = await send(database, people, SLOW)
    await until(database, sent, State.RUNNING)
    first.end(signal.SIGKILL)

    second = start_worker()
    judging = await until(database, sent, State.DONE)
    assert (judging.verdict, judging.score, judging.attempt) == (Verdict.ACCEPTED, 100, 2)
    async with database.reading() as session:
        assert await session.scalar(select(func.count()).select_from(Report)) == 1
        assert await session.scalar(select(func.count()).select_from(Judging)) == 1
        assert len(await submissions.workers(session)) == 1, "the dead one was forgotten"
    assert second.end() == 0


async def test_a_worker_told_to_stop_gives_back_what_it_judges_as_if_it_had_never_begun(
    sender: tuple[Database, People], start_worker: Callable[..., Process]
) -> None:
    database, people = sender
    worker = start_worker()
    begun, waiting = await send(database, people, SLOW), await send(database, people, ACCEPTED)
    await until(database, begun, State.RUNNING)
    assert worker.end() == 0
    for sent in (begun, waiting):
        judging = await until(database, sent, State.QUEUED)
        assert judging.attempt == 0
    async with database.reading() as session:
        assert await submissions.workers(session) == []

    start_worker()
    judging = await until(database, begun, State.DONE)
    assert (judging.verdict, judging.attempt) == (Verdict.ACCEPTED, 1)


@pytest.mark.skipif(Path("/dev/nvidiactl").exists(), reason="needs a machine on which a CUDA box cannot be built")
async def test_a_worker_that_cannot_build_its_box_takes_no_work_and_says_why(
    sender: tuple[Database, People], start_worker: Callable[..., Process]
) -> None:
    database, _ = sender
    worker = start_worker(HANDCODE_QUEUES="cuda")
    deadline = time.monotonic() + PATIENCE
    reason: str | None = None
    while reason is None and time.monotonic() < deadline:
        await asyncio.sleep(0.1)
        async with database.reading() as session:
            reason = await session.scalar(select(Worker.quarantined))
    assert reason
    async with database.reading() as session:
        assert not await session.run_sync(submissions.has_worker, Device.CUDA)
    assert worker.process.poll() is None, "it stays, so that everyone can see why"
    assert worker.end() == 0


async def test_the_same_seed_gives_the_same_report(
    sender: tuple[Database, People], start_worker: Callable[..., Process]
) -> None:
    database, people = sender
    start_worker()
    sent = await send(database, people, ACCEPTED.replace("nn.Module", "nn.Module  # once more", 1))
    first = await until(database, sent, State.DONE)
    async with database.writing() as session:
        await submissions.rejudge(session, LocalQueue(database), sent, interviewer_id=None, seed=first.seed)
    again = await until(database, sent, State.DONE)
    assert again.id != first.id
    assert (again.seed, again.verdict, again.score) == (first.seed, first.verdict, first.score)


@pytest.mark.usefixtures("jail")
def test_without_moving_memory_every_wall_stands_and_verdicts_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HANDCODE_MOVE_MEMORY", "off")
    engine = start_engine(Settings(standby_cells=1, stock=0))
    try:
        box = engine.cells._box
        assert box is not None
        assert box.moved_bytes == 0
        assert worker.probe_walls(engine).complaint is None
        verdicts = [engine.grade(load("batchnorm1d"), code.encode()).report.verdict for code in (ACCEPTED, REVERSED)]
        assert verdicts == [Verdict.ACCEPTED, Verdict.WRONG_ANSWER]
    finally:
        engine.close()


# What a worker runs whose search for names never ends: it is killed between the two writes of a judging.
STUCK = """
import time
from app import worker
from app.config import Settings
from judge.cells import Cells
from judge.engine import Judge

class Stuck(Judge):
    @staticmethod
    def name(judged, pace=None):
        time.sleep(3600)

worker.run(Settings(), start_engine=lambda settings: Stuck(Cells(standby=1)))
"""
REVERSED = (ROOT / "judge/problems/batchnorm1d/submissions/wrong_answer/momentum_reversed_lerp.py").read_text("utf-8")


@pytest.mark.timeout(300)
async def test_the_names_that_a_killed_worker_owed_come_from_another(
    sender: tuple[Database, People], start_worker: Callable[..., Process]
) -> None:
    database, people = sender
    first = start_worker(program=("-c", STUCK))
    sent = await send(database, people, REVERSED)
    judged = await until(database, sent, State.DONE)
    first.end(signal.SIGKILL)
    assert (judged.verdict, judged.diagnoses_state) == (Verdict.WRONG_ANSWER, DiagnosesState.PENDING)
    assert names_in(judged) == []

    start_worker()
    named = await until_named(database, sent)
    assert names_in(named) == ["momentum_reversed"]
    assert (named.id, named.verdict, named.score, named.finished_at) == (
        judged.id, judged.verdict, judged.score, judged.finished_at
    )  # fmt: skip
    assert named.attempt == judged.attempt + 1


# With an engine that does as a test says ----------------------------------------------------------------------------


Name = Callable[[JudgeReport, Pace], JudgeReport]


class Obedient:
    """An engine whose judgings the test decides; it stands in for faults that cannot be had on demand."""

    def __init__(self, judge: Callable[[str], JudgeReport], name: Name | None = None) -> None:
        self._judge, self._name = judge, name

    def grade(self, problem: Problem, source: bytes, **_: object) -> Judged:
        report = self._judge(source.decode())
        return Judged(report, None if self._name is None else SimpleNamespace())  # type: ignore[arg-type]

    def name(self, judged: Judged, pace: Pace) -> JudgeReport:
        assert self._name is not None
        return self._name(judged.report, pace)

    def replace_box(self) -> None:
        pass

    def close(self) -> None:
        pass


@asynccontextmanager
async def working(
    settings: Settings,
    judge: Callable[[str], JudgeReport],
    complaints: Iterator[str | None] | None = None,
    probe_seconds: float = 60.0,
    name: Name | None = None,
) -> AsyncIterator[WorkerProcess]:
    answers = complaints or iter(lambda: None, "never")
    process = WorkerProcess(
        settings.model_copy(update={"slots": 2, "retry_seconds": 0.0}),
        start_engine=lambda _: Obedient(judge, name),  # type: ignore[arg-type,return-value]
        probe=lambda _: Walls(next(answers), "ok network"),
        probe_seconds=probe_seconds,
    )
    process.host = secrets.token_hex()  # as if on another machine: one process number, two workers
    running = asyncio.create_task(process.run())
    try:
        yield process
    finally:
        process.stop()
        await running


async def test_a_fault_of_ours_is_tried_again_and_never_the_candidates(
    settings: Settings, sender: tuple[Database, People]
) -> None:
    database, people = sender
    faults = iter([RuntimeError("the zygote died")])

    def judge(_: str) -> JudgeReport:
        for fault in faults:
            raise fault
        return make_report(Verdict.ACCEPTED, 100.0)

    async with working(settings, judge):
        sent = await send(database, people)
        judging = await until(database, sent, State.DONE)
    assert (judging.verdict, judging.attempt, judging.fault) == (Verdict.ACCEPTED, 2, None)


async def test_the_third_fault_is_a_judge_error(settings: Settings, sender: tuple[Database, People]) -> None:
    database, people = sender

    def judge(_: str) -> JudgeReport:
        raise RuntimeError("the zygote died")

    async with working(settings, judge):
        sent = await send(database, people)
        judging = await until(database, sent, State.DONE)
    assert (judging.verdict, judging.attempt) == (Verdict.JUDGE_ERROR, 3)
    assert judging.fault == "RuntimeError: the zygote died"
    assert judging.report is None
    async with database.reading() as session:
        assert (await session.get_one(Submission, sent)).score is None


async def test_an_engines_own_judge_error_is_a_fault(settings: Settings, sender: tuple[Database, People]) -> None:
    database, people = sender
    verdicts = iter([Verdict.JUDGE_ERROR, Verdict.WRONG_ANSWER])
    async with working(settings, lambda _: make_report(next(verdicts))):
        sent = await send(database, people)
        judging = await until(database, sent, State.DONE)
    assert (judging.verdict, judging.attempt) == (Verdict.WRONG_ANSWER, 2)


async def test_a_broken_box_is_quarantined_and_its_work_left_to_others(
    settings: Settings, sender: tuple[Database, People], monkeypatch: pytest.MonkeyPatch
) -> None:
    database, people = sender

    def judge(_: str) -> JudgeReport:
        raise RuntimeError("no cell")

    async with working(settings, judge, iter([None, "The network wall is open."])) as process:
        first = await send(database, people)
        await until(database, first, State.DONE)
        deadline = time.monotonic() + PATIENCE
        found: list[str | None] = []
        while found != ["The network wall is open."] and time.monotonic() < deadline:
            async with database.reading() as session:
                found = list(await session.scalars(select(Worker.quarantined)))
        second = await send(database, people)
        await told_in_vain(process, monkeypatch)
        assert (await until(database, second, State.QUEUED)).attempt == 0
    assert found == ["The network wall is open."]


async def told_in_vain(process: WorkerProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    """Has the worker look for work; returns once it waits again."""
    waits, wait = asyncio.Event(), process.changes.wait

    async def noted() -> None:
        waits.set()
        await wait()

    monkeypatch.setattr(process.changes, "wait", noted)
    process.queue.wake()
    async with asyncio.timeout(PATIENCE):
        await waits.wait()


async def test_a_wall_that_stands_again_ends_the_quarantine(
    settings: Settings, sender: tuple[Database, People]
) -> None:
    database, people = sender
    sent = await send(database, people)
    complaints = iter(["The network wall is open."] * 9 + [None])
    async with working(settings, lambda _: make_report(Verdict.ACCEPTED), complaints, probe_seconds=0.01):
        judging = await until(database, sent, State.DONE)
    assert (judging.verdict, judging.attempt) == (Verdict.ACCEPTED, 1)
    assert next(complaints, "none left") == "none left"


async def test_while_no_cell_can_be_made_no_attempt_is_used_up(
    settings: Settings, sender: tuple[Database, People]
) -> None:
    database, people = sender
    shortages = iter([NoCell("no process is left")] * 8)

    def judge(_: str) -> JudgeReport:
        for shortage in shortages:
            raise shortage
        return make_report(Verdict.ACCEPTED, 100.0)

    async with working(settings, judge, probe_seconds=0.01):
        sent = [await send(database, people, f"# {number}") for number in range(4)]
        judged = [await until(database, number, State.DONE) for number in sent]
    assert [(judging.verdict, judging.attempt) for judging in judged] == [(Verdict.ACCEPTED, 1)] * 4


async def test_a_worker_without_cells_says_so_claims_nothing_and_begins_again_by_itself(
    settings: Settings, sender: tuple[Database, People]
) -> None:
    database, people = sender
    short = threading.Event()
    short.set()

    def complaints() -> Iterator[str | None]:
        while True:
            if short.is_set():
                raise NoCell("no process is left")
            yield None

    found = complaints()

    def probe(_: object) -> Walls:
        nonlocal found
        try:
            return Walls(next(found))
        except NoCell:
            found = complaints()
            raise

    process = WorkerProcess(
        settings,
        start_engine=lambda _: Obedient(lambda _: make_report(Verdict.ACCEPTED)),  # type: ignore[arg-type,return-value]
        probe=probe,
        probe_seconds=0.3,
    )
    running = asyncio.create_task(process.run())
    sent = await send(database, people)
    reason = None
    deadline = time.monotonic() + PATIENCE
    while reason is None and time.monotonic() < deadline:
        await asyncio.sleep(0.01)
        async with database.reading() as session:
            reason = await session.scalar(select(Worker.quarantined))
            assert not await session.run_sync(submissions.has_worker, Device.CPU)
    assert reason == "No cell can be made now. no process is left"
    assert (await until(database, sent, State.QUEUED)).attempt == 0
    short.clear()
    assert (await until(database, sent, State.DONE)).attempt == 1
    async with database.reading() as session:
        assert await session.scalar(select(Worker.quarantined)) is None
    process.stop()
    assert await running == 0


async def test_a_worker_that_cannot_heal_ends_with_a_status_of_its_own(settings: Settings) -> None:
    def never(_: Settings) -> Any:
        raise NoCell("The sandbox did not start.")

    process = WorkerProcess(settings, start_engine=never, probe_seconds=0.0)
    async with asyncio.timeout(PATIENCE):
        assert await process.run() == CANNOT_HEAL
    database = Database(settings.database)
    async with database.reading() as session:
        assert list(await session.scalars(select(Worker.name))) == []
    await database.close()


async def test_a_result_is_stored_after_the_database_was_away(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    complaints: list[str] = []
    monkeypatch.setattr(Outage, "met", lambda _self, where, _error: complaints.append(where))
    monkeypatch.setattr("app.database.LOCK_SECONDS", 0.05)
    monkeypatch.setattr("app.inline_sqlite.LOCK_SECONDS", 0.05)
    settings = Settings(data=tmp_path, database_url=database_url)
    database = Database(database_url)
    async with database.writing() as session:
        token, _ = await auth.create_token(session, "ci")
    access = auth.TokenAccess(token.id)
    begun, away = threading.Event(), threading.Event()
    judged: list[str] = []

    def judge(code: str) -> JudgeReport:
        judged.append(code)
        begun.set()
        assert away.wait(PATIENCE)
        return make_report(Verdict.ACCEPTED, 100.0)

    async with working(settings, judge):
        sent = await send(database, People(None, None, access, access))  # type: ignore[arg-type]
        await asyncio.to_thread(begun.wait, PATIENCE)
        with outage(database_url):
            away.set()
            await until_true(lambda: any(where.startswith("storing judging") for where in complaints))
        judging = await until(database, sent, State.DONE)
    assert (judging.verdict, judging.attempt, judged) == (Verdict.ACCEPTED, 1, [CODE])
    await database.close()


@contextmanager
def outage(url: str) -> Iterator[None]:
    """Nobody can write: SQLite is locked by another, PostgreSQL throws everyone out and lets nobody in."""
    if url.startswith("sqlite"):
        connection = sqlite3.connect(make_url(url).database or "", isolation_level=None)
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")
        connection.close()
        return
    address = make_url(url).set(drivername="postgresql", database="postgres").render_as_string(hide_password=False)
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("ALTER DATABASE handcode ALLOW_CONNECTIONS false")
        try:
            connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'handcode'")
            yield
        finally:
            connection.execute("ALTER DATABASE handcode ALLOW_CONNECTIONS true")


async def test_a_slow_judging_does_not_hold_up_the_others(settings: Settings, sender: tuple[Database, People]) -> None:
    database, people = sender
    release = threading.Event()

    def judge(code: str) -> JudgeReport:
        if "slow" in code:
            release.wait(PATIENCE)
        return make_report(Verdict.ACCEPTED)

    async with working(settings, judge):
        slow = await send(database, people, "# slow")
        quick = [await send(database, people, f"# {number}") for number in range(5)]
        for number in quick:
            await until(database, number, State.DONE)
        assert (await until(database, slow, State.RUNNING)).attempt == 1
        release.set()
        await until(database, slow, State.DONE)


async def test_a_busy_worker_told_to_stop_claims_nothing_with_its_results(
    settings: Settings, sender: tuple[Database, People]
) -> None:
    database, people = sender
    release = threading.Event()

    def judge(_: str) -> JudgeReport:
        release.wait(PATIENCE)
        return make_report(Verdict.ACCEPTED)

    async with working(settings, judge) as process:
        sent = [await send(database, people, f"# {number}") for number in range(5)]
        for number in sent[:2]:
            await until(database, number, State.RUNNING)
        process.stop()
        release.set()
    assert [(await until(database, number, State.QUEUED)).attempt for number in sent] == [0] * 5


async def test_a_busy_worker_claims_the_next_with_its_result(
    settings: Settings, sender: tuple[Database, People], monkeypatch: pytest.MonkeyPatch
) -> None:
    database, people = sender
    transactions: list[str] = []
    real = Database.change

    async def noted(self: Database, work: Callable[..., Any], *arguments: Any) -> Any:
        transactions.append(work.__name__)
        return await real(self, work, *arguments)

    monkeypatch.setattr(Database, "change", noted)
    sent = [await send(database, people, f"# {number}") for number in range(8)]
    async with working(settings, lambda _: make_report(Verdict.ACCEPTED)):
        for number in sent:
            await until(database, number, State.DONE)
    alone = transactions.count("claim_next")
    assert alone + transactions.count("finish_and_claim") == 8, "the first of each slot alone, the others with a result"
    assert alone == 2


async def test_two_workers_share_a_queue_and_judge_each_once(
    settings: Settings, sender: tuple[Database, People]
) -> None:
    database, people = sender
    judged: list[str] = []

    def judge(code: str) -> JudgeReport:
        judged.append(code)
        return make_report(Verdict.ACCEPTED)

    async with working(settings, judge), working(settings, judge):
        sent = [await send(database, people, f"# {number}") for number in range(30)]
        for number in sent:
            await until(database, number, State.DONE)
    assert sorted(judged) == sorted(f"# {number}" for number in range(30))


async def test_on_either_database_work_is_noticed_and_the_verdict_waited_for(database_url: str, tmp_path: Path) -> None:
    """The whole way through HTTP, with the settings of one machine and of many."""
    settings = Settings(data=tmp_path, database_url=database_url)
    database = Database(settings.database)
    async with database.writing() as session:
        _, token = await auth.create_token(session, "ci")
    app = create_app(settings)
    transport = httpx2.ASGITransport(app=app)
    headers = {"Authorization": f"Bearer {token}"}
    async with (
        app.router.lifespan_context(app),
        working(settings, lambda _: make_report(Verdict.ACCEPTED, 100.0)),
        httpx2.AsyncClient(transport=transport, base_url="http://handcode.test/api/v1", headers=headers) as client,
    ):
        for _ in range(5):
            sent = (await client.post("/submissions", json={"problem": "batchnorm1d", "code": CODE})).json()
            answer = (await client.get(f"/submissions/{sent['id']}", params={"wait": 60})).json()
            assert (answer["state"], answer["verdict"]) == ("done", "accepted")
    await database.close()


def unnamed(_: str) -> JudgeReport:
    return replace(make_report(), diagnoses=())


def named_at_once(report: JudgeReport, pace: Pace) -> JudgeReport:
    pace()
    stages = report.timing.stages | {"diagnosis": 40.0}
    return replace(report, diagnoses=make_report().diagnoses, timing=replace(report.timing, stages=stages))


def never_ending(_: JudgeReport, pace: Pace) -> JudgeReport:
    while True:
        pace()


async def test_on_either_database_a_verdict_does_not_wait_for_its_names(database_url: str, tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, database_url=database_url)
    database = Database(settings.database)
    async with database.writing() as session:
        _, token = await auth.create_token(session, "staff", [Scope.SUBMIT, Scope.STAFF])
    app = create_app(settings)
    release = threading.Event()

    def name(report: JudgeReport, pace: Pace) -> JudgeReport:
        assert release.wait(PATIENCE)
        return named_at_once(report, pace)

    transport = httpx2.ASGITransport(app=app)
    headers = {"Authorization": f"Bearer {token}"}
    async with (
        app.router.lifespan_context(app),
        working(settings, unnamed, name=name),
        httpx2.AsyncClient(transport=transport, base_url="http://handcode.test/api/v1", headers=headers) as client,
    ):
        sent = (await client.post("/submissions", json={"problem": "batchnorm1d", "code": CODE})).json()
        assert sent["diagnoses_state"] == "pending"
        address = f"/submissions/{sent['id']}"
        told = (await client.get(address, params={"wait": 60})).json()
        assert (told["verdict"], told["diagnoses_state"]) == ("wrong_answer", "pending")
        assert told["report"]["diagnoses"] == []
        still = (await client.get(address, params={"wait": 0.05, "for": "diagnoses"})).json()
        assert still == told
        later = [await client.post("/submissions", json={"problem": "batchnorm1d", "code": CODE}) for _ in range(3)]
        for one in later:
            after = (await client.get(one.headers["location"].removeprefix("/api/v1"), params={"wait": 60})).json()
            assert after["state"] == "done", "no judging waits for the names of an earlier one"
        waiting = asyncio.create_task(client.get(address, params={"wait": 60, "for": "diagnoses"}))
        await asyncio.sleep(0)
        release.set()
        whole = (await waiting).json()
        assert (whole["diagnoses_state"], whole["attempt"]) == ("done", told["attempt"])
        assert [one["id"] for one in whole["report"]["diagnoses"]] == ["momentum_reversed"]
        assert whole["finished_at"] == told["finished_at"]
    await database.close()


async def test_what_has_no_mistakes_to_name_is_named_with_its_verdict(
    settings: Settings, sender: tuple[Database, People]
) -> None:
    database, people = sender
    async with working(settings, lambda _: make_report(Verdict.ACCEPTED, 100.0)):
        judging = await until(database, await send(database, people), State.DONE)
    assert judging.diagnoses_state is DiagnosesState.DONE


async def test_a_worker_told_to_stop_drops_its_names_and_the_next_takes_them_up(
    settings: Settings, sender: tuple[Database, People]
) -> None:
    database, people = sender
    async with working(settings, unnamed, name=never_ending):
        sent = [await send(database, people) for _ in range(3)]
        for number in sent:
            await until(database, number, State.DONE)
    for number in sent:
        assert (await until(database, number, State.DONE)).diagnoses_state is DiagnosesState.PENDING
    async with working(settings, unnamed, name=named_at_once):
        for number in sent:
            named = await until_named(database, number)
            assert (names_in(named), named.attempt) == (["momentum_reversed"], 2)


async def test_a_worker_whose_place_for_names_is_full_leaves_them_for_later(
    settings: Settings, sender: tuple[Database, People], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.naming.MOST_WAITING", 2)
    database, people = sender
    release = threading.Event()

    def name(report: JudgeReport, pace: Pace) -> JudgeReport:
        assert release.wait(PATIENCE)
        return named_at_once(report, pace)

    async with working(settings, unnamed, name=name) as process:
        sent = [await send(database, people, f"# {number}") for number in range(8)]
        for number in sent:
            await until(database, number, State.DONE)
        assert len(process.namer.claims) <= 1 + 2 + process.settings.slots
        release.set()
        assert {tuple(names_in(await until_named(database, number))) for number in sent} == {("momentum_reversed",)}


async def test_a_fault_in_naming_costs_no_verdict_and_is_tried_again(
    settings: Settings, sender: tuple[Database, People], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.naming.LOOK_SECONDS", 0.05)
    database, people = sender
    faults = iter([RuntimeError("a bug in the search")])

    def name(report: JudgeReport, pace: Pace) -> JudgeReport:
        for fault in faults:
            raise fault
        return named_at_once(report, pace)

    async with working(settings, unnamed, name=name) as process:
        named = await until_named(database, await send(database, people))
        told = process.times.to_dict()
    assert (named.verdict, named.fault, named.attempt) == (Verdict.WRONG_ANSWER, None, 2)
    assert names_in(named) == ["momentum_reversed"]
    assert told["verdicts"] == {"wrong_answer": 1}, "the second run is no judging"


async def test_naming_gives_way_while_judgings_need_the_cores(
    settings: Settings, sender: tuple[Database, People], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each step waits while they do, for so long at most, and not at all once they do not."""
    database, _ = sender
    needed, steps = True, 0
    namer = Namer(
        database, None, "w", Device.CPU, timedelta(seconds=20),  # type: ignore[arg-type]
        needs_the_cores=lambda: needed, can_run=lambda: True, run_again=None, times=None,  # type: ignore[arg-type]
    )  # fmt: skip
    waited: list[float] = []

    def wait(seconds: float) -> bool:
        waited.append(seconds)
        return False

    monkeypatch.setattr(namer._stopping, "wait", wait)
    namer._give_way()
    assert sum(waited) == pytest.approx(0.02)
    needed, steps = False, len(waited)
    namer._give_way()
    assert len(waited) == steps
    namer.stop()
    with pytest.raises(Dropped):
        namer._give_way()


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_while_the_database_is_away_the_answer_is_503_and_says_when_to_come_again(
    database_url: str, tmp_path: Path
) -> None:
    settings = Settings(data=tmp_path, database_url=database_url)
    database = Database(settings.database)
    async with database.writing() as session:
        _, token = await auth.create_token(session, "ci")
    await database.close()
    app = create_app(settings)
    transport = httpx2.ASGITransport(app=app)
    headers = {"Authorization": f"Bearer {token}"}
    async with (
        app.router.lifespan_context(app),
        httpx2.AsyncClient(transport=transport, base_url="http://handcode.test", headers=headers) as client,
    ):
        assert (await client.get("/api/v1/submissions")).status_code == 200
        with outage(database_url):
            answer = await client.get("/api/v1/submissions")
        assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json")
        assert int(answer.headers["retry-after"]) > 0
        assert (await client.get("/api/v1/submissions")).status_code == 200


async def test_a_worker_tells_where_the_time_goes(settings: Settings, sender: tuple[Database, People]) -> None:
    database, people = sender
    async with working(settings, lambda _: make_report()) as process:
        await until(database, await send(database, people), State.DONE)
        await until_true(lambda: process.times.to_dict()["verdicts"] == {"wrong_answer": 1})
        told = process.times.to_dict()
    assert set(told["stages"]) == {"queue", "cell", "grading", "judging", "store"}


async def test_each_verdict_is_one_line_with_its_numbers(
    settings: Settings, sender: tuple[Database, People], caplog: pytest.LogCaptureFixture
) -> None:
    database, people = sender
    caplog.set_level(logging.INFO, "app.worker")

    def judge(code: str) -> JudgeReport:
        if "fault" in code:
            raise RuntimeError("the zygote died")
        return make_report(Verdict.ACCEPTED, 100.0)

    def told() -> list[logging.LogRecord]:
        return [line for line in caplog.records if line.getMessage() == "judged"]

    async with working(settings, judge) as process:
        judged, given_up = await send(database, people), await send(database, people, CODE + "# fault")
        await until_true(lambda: len(told()) == 2)
        counted = process.times.to_dict()
    lines = {vars(line)["submission"]: vars(line) for line in told()}
    assert set(lines) == {judged, given_up}
    expected = {"attempt": 1, "problem": "batchnorm1d", "kind": "submit", "device": "cpu", "verdict": "accepted"}
    assert expected.items() <= lines[judged].items()
    assert all(lines[judged][f"{stage}_ms"] >= 0 for stage in ("queue", "cell", "grading", "judging", "store"))
    assert (lines[given_up]["verdict"], lines[given_up]["attempt"]) == ("judge_error", 3)
    assert (counted["verdicts"], counted["retries"]) == ({"accepted": 1, "judge_error": 1}, 2)

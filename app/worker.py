"""The worker process: claims judgings, has the engine judge them in threads, writes the reports.

One asyncio loop does everything that waits (database, queue, heartbeat); each judging blocks one thread of a pool of
``slots``. A fault of ours leaves the engine as an exception and the judging goes back. Dying at any moment loses
nothing: the row says ``running`` until its lease ends, or a worker of the same machine sees that this process is gone.
"""

from __future__ import annotations

import asyncio
import functools
import logging
import os
import secrets
import signal
import socket
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol, TypeVar

import uvloop
from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app import judgings
from app.config import Settings
from app.database import Database
from app.metrics import StageTimes
from app.models import Device, Kind, Worker, now
from app.processes import is_alive, pid_namespace
from app.queue import Claim
from app.queue.changes import open_changes
from app.queue.local import LocalQueue
from judge import problem as problems
from judge.problem import Problem
from judge.report import Report, Verdict

HEARTBEAT_SECONDS = 5.0
FAULTS_BEFORE_PROBE = 3
"""After this many faults of ours in a row the walls are probed again: the box may be broken, not the submissions."""

FORGET_WORKERS_AFTER = timedelta(hours=1)

if TYPE_CHECKING:
    from judge.cells import Cells

Result = TypeVar("Result")

log = logging.getLogger(__name__)


class Engine(Protocol):
    """What the worker asks of ``judge.engine.Judge``."""

    cells: Cells

    def judge(
        self,
        problem: Problem,
        source: bytes,
        *,
        samples: bool = False,
        seed: int | None = None,
        accept: tuple[str, ...] | None = None,
    ) -> Report: ...

    def close(self) -> None: ...


class Fault(Exception):  # noqa: N818 - a fault is what the design calls it
    """The judge itself failed; the judging goes back."""


def start_engine(settings: Settings) -> Engine:
    """The real engine. Imported here, since it brings torch: the worker is seen to be starting meanwhile."""
    from judge.engine import Judge

    standby = settings.standby_cells or settings.slots + 1
    return Judge(standby_cells=standby, stock=settings.stock, device=settings.queues)


@dataclass(frozen=True)
class Walls:
    """What the doctor found: a line for each wall, and what is wrong in a sentence, or None."""

    complaint: str | None
    lines: str = ""


def probe_walls(engine: Engine) -> Walls:
    """Tries every wall of the sandbox from inside cells of this very box."""
    from judge import doctor

    probes = doctor.probe_walls(engine.cells)
    return Walls(doctor.complaint(probes), "\n".join(probe.line() for probe in probes))


class WorkerProcess:
    """One worker: its row, its queue, its engine."""

    def __init__(
        self,
        settings: Settings,
        *,
        start_engine: Callable[[Settings], Engine] = start_engine,
        probe: Callable[[Engine], Walls] = probe_walls,
    ) -> None:
        self.settings = settings
        self.host = pid_namespace()
        self.name = f"{socket.gethostname()[:60]}-{os.getpid()}-{secrets.token_hex(3)}"
        self.queues = [Device(settings.queues)]
        self.database = Database(settings.database)
        self.changes = open_changes(self.database, only_if=judgings.ANY_QUEUED)
        self.queue = LocalQueue(self.database, self.changes, lease_seconds=settings.lease_seconds)
        self.times = StageTimes()
        self._start_engine = start_engine
        self._probe = probe
        self._threads = ThreadPoolExecutor(settings.slots, thread_name_prefix="judging")
        self._claims: dict[int, Claim] = {}
        self._faults_in_a_row = 0
        self._quarantined: str | None = None
        self._stop = asyncio.Event()

    async def run(self) -> None:
        """Until SIGTERM or SIGINT; then what was begun is finished."""
        loop = asyncio.get_running_loop()
        for signal_number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(signal_number, self.stop)
        await self._register()
        beside = [asyncio.create_task(self._beat()), asyncio.create_task(self.database.keep_log_short())]
        try:
            await self._work()
        finally:
            for task in beside:
                task.cancel()
            await self._unregister()
            await self.database.close()

    def stop(self) -> None:
        self._stop.set()
        self.queue.stop()

    async def _work(self) -> None:
        try:
            self.engine = await self._in_thread(self._start_engine, self.settings)
        except Exception as fault:
            # A box that cannot be built is a wall that does not stand. Ending here would only be tried again for ever.
            log.exception("the engine does not start")
            await self._quarantine(str(fault))
            await self._stop.wait()
            return
        try:
            await self._claim_until_stopped()
        finally:
            await self._in_thread(self.engine.close)

    async def _claim_until_stopped(self) -> None:
        if self._stop.is_set():
            return
        walls = await self._in_thread(self._probe, self.engine)
        await self._update_row(doctor=walls.lines)
        if walls.complaint is not None:
            await self._quarantine(walls.complaint)
        else:
            await self._update_row(ready=True)
            await self.changes.start()
            try:
                log.info("judging", extra={"worker": self.name, "slots": self.settings.slots})
                await self.queue.work(self.name, self.queues, self.settings.slots, self._judge)
            finally:
                await self.changes.close()
        if self._quarantined:
            await self._stop.wait()

    async def _in_thread(self, call: Callable[..., Result], *arguments: object) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._threads, functools.partial(call, *arguments))

    # One judging ------------------------------------------------------------------------------------------------------

    async def _judge(self, claim: Claim) -> Claim | None:
        """From claim to result; whatever goes wrong on the way is a fault of ours. Returns what was claimed next."""
        self._claims[claim.judging_id] = claim
        following = None
        try:
            report = await self._in_thread(self._ask_engine, claim)
            judged_at = now()
            written, following = await self._finish(claim, report)
            if written:
                stages = judgings.stages_of(claim, report, judged_at)
                self.times.observe(report.verdict, stages | {"store": judgings.milliseconds(now() - judged_at)})
            self._faults_in_a_row = 0
        except Exception as fault:
            # The top of the loop: a judging that cannot be judged must not end the worker.
            log.exception("fault in judging %d, attempt %d", claim.judging_id, claim.attempt)
            await self._give_back(claim, fault)
        finally:
            self._claims.pop(claim.judging_id, None)
        return following

    async def _finish(self, claim: Claim, report: Report) -> tuple[bool, Claim | None]:
        """Whether the result was written, and the next claim, if there is more to do."""
        if self._stop.is_set() or self._quarantined or not await self.changes.rows(judgings.ANY_QUEUED):
            return await self.database.change(judgings.finish, claim, report), None
        return await self.database.change(
            judgings.finish_and_claim, claim, report, self.name, self.queues, self.queue.lease
        )

    def _ask_engine(self, claim: Claim) -> Report:
        report = self.engine.judge(
            problems.load(claim.problem),
            claim.code.encode(),
            samples=claim.kind is Kind.RUN,
            seed=claim.seed,
            accept=(claim.accept,) if claim.accept else None,
        )
        if report.verdict is Verdict.JUDGE_ERROR:
            raise Fault(report.message.get("en", "the engine reported a fault of its own"))
        return report

    async def _give_back(self, claim: Claim, fault: Exception) -> None:
        self._faults_in_a_row += 1
        # A zygote that is being replaced needs a moment; without it three attempts would pass in as many milliseconds.
        await asyncio.sleep(self.settings.retry_seconds * claim.attempt)
        try:
            await self.database.change(judgings.give_back, claim, f"{type(fault).__name__}: {fault}")
        except Exception:
            log.exception("could not give judging %d back: its lease will end", claim.judging_id)
        if self._faults_in_a_row >= FAULTS_BEFORE_PROBE and self._quarantined is None:
            self._faults_in_a_row = 0
            walls = await self._in_thread(self._probe, self.engine)
            if walls.complaint is not None:
                await self._update_row(doctor=walls.lines)
                await self._quarantine(walls.complaint)

    async def _quarantine(self, complaint: str) -> None:
        """Takes no more work but stays, so that everyone can see why."""
        log.error("this worker takes no work: %s", complaint)
        self._quarantined = complaint
        self.queue.stop()
        await self._update_row(quarantined=complaint, ready=False)

    # The worker's row -------------------------------------------------------------------------------------------------

    async def _register(self) -> None:
        async with self.database.writing() as session:
            session.add(
                Worker(
                    name=self.name, queues=list(self.queues), slots=self.settings.slots, host=self.host, pid=os.getpid()
                )
            )
        await self._look_after_the_lost()

    async def _unregister(self) -> None:
        async with self.database.writing() as session:
            await session.execute(delete(Worker).where(Worker.name == self.name))

    async def _update_row(self, **values: object) -> None:
        async with self.database.writing() as session:
            await session.execute(update(Worker).where(Worker.name == self.name).values(last_seen=now(), **values))

    async def _beat(self) -> None:
        """Says every few seconds that this worker lives and what it is judging, and gives back what others lost."""
        while True:
            await asyncio.sleep(HEARTBEAT_SECONDS)
            try:
                await self._update_row(metrics=self.times.to_dict())
                await self.database.change(judgings.keep, list(self._claims.values()), self.queue.lease)
                await self._look_after_the_lost()
            except Exception:
                log.exception("heartbeat failed")

    async def _look_after_the_lost(self) -> None:
        async with self.database.writing() as session:
            for name in await self._dead_neighbours(session):
                await session.run_sync(judgings.end_leases, name)
                await session.execute(delete(Worker).where(Worker.name == name))
            await session.execute(delete(Worker).where(Worker.last_seen < now() - FORGET_WORKERS_AFTER))
            if count := await session.run_sync(judgings.recover):
                log.warning("gave back %d judgings of lost workers", count)
                self.queue.wake()

    async def _dead_neighbours(self, session: AsyncSession) -> list[str]:
        """Workers of this machine whose process is gone: no need to wait for their leases. One with our own process
        number is from before a restart."""
        rows = await session.execute(
            select(Worker.name, Worker.pid).where(Worker.host == self.host, Worker.name != self.name)
        )
        return [row.name for row in rows if row.pid == os.getpid() or not is_alive(row.pid)]


def run(
    settings: Settings,
    *,
    start_engine: Callable[[Settings], Engine] = start_engine,
    probe: Callable[[Engine], Walls] = probe_walls,
) -> None:
    """Runs a worker until it is told to stop."""

    async def main() -> None:
        await WorkerProcess(settings, start_engine=start_engine, probe=probe).run()

    # Half a millisecond, not 5: the thread that prepares exams ahead must not keep a verdict waiting for the lock.
    sys.setswitchinterval(0.0005)
    uvloop.run(main())

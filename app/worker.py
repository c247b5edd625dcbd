"""The worker process: claims judgings, has the engine judge them in threads, writes the reports.

One asyncio loop does everything that waits (database, queue, heartbeat); each judging blocks one thread of a pool of
``slots``. The names of mistakes are found afterwards, in a thread beside them (``app/naming.py``). A fault of ours
leaves the engine as an exception and the judging goes back; where no cell can be made, it goes back with its attempt
unused, and nothing is claimed until a look at the walls finds all of them standing. Dying at any moment loses nothing:
the row keeps its lease until that ends, or a worker of the same machine sees that this process is gone. Told to stop,
it gives back what it has begun.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
import os
import secrets
import signal
import socket
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import uvloop
from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app import judgings
from app.clock import database_now
from app.config import Settings
from app.database import DATABASE_AWAY, Database
from app.engine import Engine, StartEngine, start_engine
from app.metrics import StageTimes
from app.models import Device, Kind, State, Worker
from app.naming import Namer, Search
from app.processes import is_alive, pid_namespace
from app.queue import Claim
from app.queue.changes import open_changes
from app.queue.local import LocalQueue
from judge import problem as problems
from judge.report import Report, Verdict
from judge.sandbox.box import NoCell

HEARTBEAT_SECONDS = 5.0
FAULTS_BEFORE_PROBE = 3
"""After this many faults of ours in a row the walls are probed again: the box may be broken, not the submissions."""
PROBE_SECONDS = 30.0
"""Between looks at the walls while nothing is judged."""
PROBES_BEFORE_END = 5
"""Looks in vain for a cell before this process ends: whoever started it starts another, which may do better."""
CANNOT_HEAL = 75
"""The exit status then: sysexits' word for a failure that may pass."""
STORE_AGAIN_SECONDS = 0.5
CLOSE_SECONDS = 5.0
"""For the box to end; whatever is left ends with this process."""

FORGET_WORKERS_SECONDS = 3600.0

if TYPE_CHECKING:
    from judge.engine import Judged

log = logging.getLogger(__name__)


class Fault(Exception):  # noqa: N818 - a fault is what the design calls it
    """The judge itself failed; the judging goes back."""


@dataclass(frozen=True)
class Walls:
    """What the doctor found: a line for each wall, and what is broken in a sentence, or None."""

    complaint: str | None
    lines: str = ""


def probe_walls(engine: Engine) -> Walls:
    """Tries every wall of the sandbox from inside cells of this very box; raises where there is no cell to try from."""
    from judge import doctor

    probes = doctor.probe_walls(engine.cells)
    return Walls(doctor.complaint(probes), "\n".join(probe.line() for probe in probes))


class WorkerProcess:
    """One worker: its row, its queue, its engine."""

    def __init__(
        self,
        settings: Settings,
        *,
        start_engine: StartEngine = start_engine,
        probe: Callable[[Engine], Walls] = probe_walls,
        probe_seconds: float = PROBE_SECONDS,
    ) -> None:
        self.settings = settings
        self.host = pid_namespace()
        self.name = f"{socket.gethostname()[:60]}-{os.getpid()}-{secrets.token_hex(3)}"
        self.queues = [Device(settings.queues)]
        self.database = Database(settings.database)
        self.changes = open_changes(self.database, only_if=judgings.ANY_QUEUED)
        self.queue = LocalQueue(self.database, self.changes, lease_seconds=settings.lease_seconds)
        self.times = StageTimes()
        self.namer = Namer(
            self.database, self.changes, self.name, self.queues[0], self.queue.lease,
            needs_the_cores=self._needs_the_cores, can_run=lambda: self._sound, run_again=self._search_again,
            times=self.times,
        )  # fmt: skip
        self.engine: Engine | None = None
        self._start_engine = start_engine
        self._probe = probe
        self._probe_seconds = probe_seconds
        self._threads = _started(settings.slots, "judging")
        self._upkeep = _started(1, "upkeep")
        self._claims: dict[int, Claim] = {}
        self._asked: dict[int, asyncio.Future[Judged]] = {}
        self._faults_in_a_row = 0
        self._sound = False
        self._quarantined: str | None = None
        self._doubt = asyncio.Event()
        self._doubt.set()
        self._stop = asyncio.Event()
        self._status = 0

    async def run(self) -> int:
        """Until SIGTERM or SIGINT, or until it cannot heal; returns the exit status."""
        loop = asyncio.get_running_loop()
        for signal_number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(signal_number, self.stop)
        await self._register()
        beside = [
            asyncio.create_task(each) for each in (self._beat(), self._heal(), self.database.keep_log_short())
        ]  # fmt: skip
        try:
            await self._work()
        finally:
            for task in beside:
                task.cancel()
            await self._unregister()
            await self.database.close()
        return self._status

    def stop(self) -> None:
        """Takes nothing more and lets go of what was begun: each judging goes back as it was."""
        self._stop.set()
        self.queue.stop()
        self.namer.stop()
        for asked in self._asked.values():
            asked.cancel()

    async def _work(self) -> None:
        self.queue.pause()
        starting = asyncio.create_task(self.changes.start())
        await self._first_of(starting, self._stop.wait())
        if starting.done():
            await starting
            naming = asyncio.create_task(self.namer.work())
            await self.queue.work(self.name, self.queues, self.settings.slots, self._judge)
            await naming
        await self.changes.close()
        if self.engine is not None:
            closing = asyncio.get_running_loop().run_in_executor(self._upkeep, self.engine.close)
            await asyncio.wait([closing], timeout=CLOSE_SECONDS)

    @staticmethod
    async def _first_of(*what: Awaitable[object]) -> None:
        tasks = [asyncio.ensure_future(each) for each in what]
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()

    # Whether cells can be made, and walls stand -----------------------------------------------------------------------

    async def _heal(self) -> None:
        """Looks at the walls whenever there is reason for doubt, again and again until they stand."""
        while True:
            await self._doubt.wait()
            looks_in_vain = 0
            while not await self._look_at_walls():
                looks_in_vain += self._quarantined is None
                if looks_in_vain >= PROBES_BEFORE_END:
                    log.error("this worker cannot heal and ends")
                    self._status = CANNOT_HEAL
                    self.stop()
                    return
                await asyncio.sleep(self._probe_seconds)
                if self.engine is not None:
                    self.engine.replace_box()

    async def _look_at_walls(self) -> bool:
        """Whether judging can go on; what stands in its way is written into the worker's row for everyone to see."""
        try:
            walls = await asyncio.get_running_loop().run_in_executor(self._upkeep, self._start_and_probe)
            trouble = self._quarantined = walls.complaint
        except Exception as fault:
            log.exception("no cell can be made now")
            walls, trouble, self._quarantined = Walls(None), f"No cell can be made now. {fault}", None
        await self._tell(ready=trouble is None, quarantined=trouble, doctor=walls.lines or None)
        if trouble is not None:
            log.error("this worker takes no work: %s", trouble)
            return False
        self._doubt.clear()
        self._faults_in_a_row = 0
        self._sound = True
        log.info("judging", extra={"worker": self.name, "slots": self.settings.slots})
        self.queue.resume()
        return True

    async def _tell(self, **values: object) -> None:
        """Writes it into the worker's row, as often as it takes while the database is away."""
        while True:
            try:
                await self._update_row(**values)
                return
            except DATABASE_AWAY as error:
                self.database.outage.met("telling what became of the walls", error)
                await asyncio.sleep(STORE_AGAIN_SECONDS)

    def _start_and_probe(self) -> Walls:
        """In the thread for upkeep."""
        if self.engine is None:
            self.engine = self._start_engine(self.settings)
        return self._probe(self.engine)

    def _have_doubts(self) -> None:
        """Claims nothing more until the walls were looked at."""
        self._sound = False
        self.queue.pause()
        self._doubt.set()

    # One judging ------------------------------------------------------------------------------------------------------

    async def _judge(self, claim: Claim) -> Claim | None:
        """From claim to result; whatever goes wrong on the way is a fault of ours. Returns what was claimed next."""
        self._claims[claim.judging_id] = claim
        try:
            return await self._store(claim, await self._asked_engine(claim))
        except asyncio.CancelledError:
            if not self._stop.is_set():
                raise
            await self._give_back(claim, "The worker was stopped.", counts=False)
        except NoCell as fault:
            log.warning("no cell for judging %d: %s", claim.judging_id, fault)
            await self._give_back(claim, f"No cell: {fault}", counts=False)
            self._have_doubts()
        except Exception as fault:
            # The top of the loop: a judging that cannot be judged must not end the worker.
            log.exception("fault in judging %d, attempt %d", claim.judging_id, claim.attempt)
            # A zygote that is being replaced needs a moment; without it three attempts would pass in as many
            # milliseconds.
            await self._pause(self.settings.retry_seconds * claim.attempt)
            await self._give_back(claim, f"{type(fault).__name__}: {fault}", counts=not self._stop.is_set())
            self._faults_in_a_row += 1
            if self._faults_in_a_row >= FAULTS_BEFORE_PROBE:
                self._have_doubts()
        finally:
            self._claims.pop(claim.judging_id, None)
        return None

    async def _asked_engine(self, claim: Claim) -> Judged:
        """Its answer; raises ``CancelledError`` once this worker is to stop, though the thread goes on for nothing."""
        if self._stop.is_set():
            raise asyncio.CancelledError
        asked = asyncio.get_running_loop().run_in_executor(self._threads, self._ask_engine, claim)
        self._asked[claim.judging_id] = asked
        try:
            return await asked
        finally:
            del self._asked[claim.judging_id]

    def _ask_engine(self, claim: Claim) -> Judged:
        assert self.engine is not None  # noqa: S101 - nothing is claimed without one
        judged = self.engine.grade(
            problems.load(claim.problem),
            claim.code.encode(),
            samples=claim.kind is Kind.RUN,
            seed=claim.seed,
            accept=(claim.accept,) if claim.accept else None,
        )
        if judged.report.verdict is Verdict.JUDGE_ERROR:
            raise Fault(judged.report.message.get("en", "the engine reported a fault of its own"))
        return judged

    async def _store(self, claim: Claim, judged: Judged) -> Claim | None:
        """Writes the result, as often as it takes while the database is away; returns what was claimed with it."""
        judged_at = time.monotonic()
        report, has_names, has_room = judged.report, judged.case is not None, self.namer.has_room
        names_lease = self.queue.lease if has_room else timedelta(0)  # without room, whoever has some may take it up
        while True:
            try:
                written, following = await self._finish(claim, report, names_lease if has_names else None)
                break
            except DATABASE_AWAY as error:
                self.database.outage.met(f"storing judging {claim.judging_id}", error)
                if self._stop.is_set():
                    raise asyncio.CancelledError from error
                await self._pause(STORE_AGAIN_SECONDS)
        if written:
            stages = judgings.stages_of(claim, report) | {"store": judgings.milliseconds_since(judged_at)}
            self.times.observe(report.verdict, stages)
            self._say(claim, report.verdict, stages)
        if written and has_names and has_room:
            self.namer.add(claim, self._search(judged))
        self._faults_in_a_row = 0
        return following

    async def _finish(self, claim: Claim, report: Report, names_lease: timedelta | None) -> tuple[bool, Claim | None]:
        """Whether the result was written, and the next claim, if there is more to do."""
        if self._stop.is_set() or not self._sound or not await self.changes.rows(judgings.ANY_QUEUED):
            return await self.database.change(judgings.finish, claim, report, names_lease), None
        return await self.database.change(
            judgings.finish_and_claim, claim, report, names_lease, self.name, self.queues, self.queue.lease
        )

    async def _give_back(self, claim: Claim, why: str, *, counts: bool) -> None:
        try:
            state = await self.database.change(judgings.give_back, claim, why, counts=counts)
            if counts and state is not None:
                self.times.observe_fault(given_up=state is State.DONE)
            if state is State.DONE:
                self._say(claim, Verdict.JUDGE_ERROR, {"judging": judgings.milliseconds_since(claim.begun)})
        except DATABASE_AWAY as error:
            # Not again: should it have been given back after all, the next attempt is another worker's.
            self.database.outage.met(f"giving judging {claim.judging_id} back; its lease will end", error)
        except Exception:
            log.exception("could not give judging %d back: its lease will end", claim.judging_id)

    def _say(self, claim: Claim, verdict: Verdict, stages: dict[str, float]) -> None:
        """One line for each verdict."""
        whose = {
            "verdict": verdict.value,
            "submission": claim.submission_id,
            "judging": claim.judging_id,
            "attempt": claim.attempt,
            "problem": claim.problem,
            "kind": claim.kind.value,
            "device": claim.device.value,
        }
        log.info("judged", extra=whose | {f"{stage}_ms": took for stage, took in stages.items()})

    async def _pause(self, seconds: float) -> None:
        """Waits, unless this worker is to stop."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stop.wait()

    # Its names --------------------------------------------------------------------------------------------------------

    def _search(self, judged: Judged) -> Search:
        assert self.engine is not None  # noqa: S101 - it has judged
        return functools.partial(self.engine.name, judged)

    def _search_again(self, claim: Claim) -> Search:
        return self._search(self._ask_engine(claim))

    def _needs_the_cores(self) -> bool:
        """A judging keeps one core busy and the making of the next cell another."""
        return 0 < len(self._claims) >= (os.cpu_count() or 1) - 1

    # The worker's row -------------------------------------------------------------------------------------------------

    async def _register(self) -> None:
        row = Worker(
            name=self.name, queues=list(self.queues), slots=self.settings.slots, host=self.host, pid=os.getpid()
        )
        row.started_at = row.last_seen = database_now()
        async with self.database.writing() as session:
            session.add(row)
        await self._look_after_the_lost()

    async def _unregister(self) -> None:
        try:
            async with self.database.writing() as session:
                await session.run_sync(judgings.end_leases, self.name)
                await session.execute(delete(Worker).where(Worker.name == self.name))
        except DATABASE_AWAY as error:
            self.database.outage.met("removing this worker's row", error)

    async def _update_row(self, **values: object) -> None:
        async with self.database.writing() as session:
            await session.execute(
                update(Worker).where(Worker.name == self.name).values(last_seen=database_now(), **values)
            )

    async def _beat(self) -> None:
        """Says every few seconds that this worker lives and what it is judging, and gives back what others lost."""
        loop = asyncio.get_running_loop()
        all_heard_at = loop.time()
        while True:
            await asyncio.sleep(HEARTBEAT_SECONDS)
            try:
                await self._update_row(metrics=self.times.to_dict())
                kept = [*self._claims.values(), *self.namer.claims]
                await self.database.change(judgings.keep, kept, self.queue.lease)
                if loop.time() >= all_heard_at:
                    await self._look_after_the_lost()
            except DATABASE_AWAY as error:
                self.database.outage.met("a heartbeat", error)
                # Leases went on ending while nobody could prolong one: whoever lives gets the time to say so.
                all_heard_at = loop.time() + self.settings.lease_seconds
            except Exception:
                log.exception("heartbeat failed")

    async def _look_after_the_lost(self) -> None:
        async with self.database.writing() as session:
            for name in await self._dead_neighbours(session):
                await session.run_sync(judgings.end_leases, name)
                await session.execute(delete(Worker).where(Worker.name == name))
            await session.execute(delete(Worker).where(Worker.last_seen < database_now(-FORGET_WORKERS_SECONDS)))
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


def _started(threads: int, name: str) -> ThreadPoolExecutor:
    """A pool whose threads run already: a machine short of processes starts no further one."""
    pool = ThreadPoolExecutor(threads, thread_name_prefix=name)
    all_there = threading.Event()
    for _ in range(threads):
        pool.submit(all_there.wait)
    all_there.set()
    return pool


def run(
    settings: Settings,
    *,
    start_engine: StartEngine = start_engine,
    probe: Callable[[Engine], Walls] = probe_walls,
) -> int:
    """Runs a worker until it is told to stop or cannot heal; returns the exit status."""

    async def main() -> int:
        return await WorkerProcess(settings, start_engine=start_engine, probe=probe).run()

    # Half a millisecond, not 5: the thread that prepares exams ahead must not keep a verdict waiting for the lock.
    sys.setswitchinterval(0.0005)
    return uvloop.run(main())

"""Names the mistakes of judged submissions: one at a time, in a thread of its own that gives way to names.

A judging's verdict is stored before this begins, and what is found here is attached to its report by a second write.
All of it may be dropped at any moment: whoever looks next for names that nobody is looking for runs the code again on
the same exam. That is also how this worker takes up what another one left.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from app import names
from app.database import DATABASE_AWAY, Database
from app.metrics import StageTimes
from app.models import Device
from app.queue import Claim
from app.queue.changes import Changes
from judge.report import Report

Pace = Callable[[], None]
Search = Callable[[Pace], Report]
"""Finds the names for one report; calls what it is given before each of its many steps."""

MOST_WAITING = 32
"""Each holds an exam's answers and a transcript; what comes beyond is left to be taken up when there is time."""

GIVES_WAY_SECONDS = 0.02
"""For each step while judgings need the cores: names come slowly then, but they come."""

LOOK_SECONDS = 5.0
"""Between looks for what others left."""

_LOOK_AGAIN_SECONDS = 0.002

log = logging.getLogger(__name__)


class Dropped(Exception):  # noqa: N818 - no error: this worker was told to stop
    """The search for names ends without any; another worker takes it up."""


class Namer:
    """What is to be named, and the one thread that does it."""

    def __init__(
        self,
        database: Database,
        changes: Changes,
        worker: str,
        queue: Device,
        lease: timedelta,
        *,
        needs_the_cores: Callable[[], bool],
        can_run: Callable[[], bool],
        run_again: Callable[[Claim], Search],
        times: StageTimes,
    ) -> None:
        """``needs_the_cores`` says whether a judging does; ``run_again`` judges once more what another worker left,
        while it ``can_run``."""
        self._database, self._changes = database, changes
        self._worker, self._queue, self.lease = worker, queue, lease
        self._needs_the_cores, self._can_run, self._run_again = needs_the_cores, can_run, run_again
        self._times = times
        self._waiting: deque[tuple[Claim, Search]] = deque()
        self._current: Claim | None = None
        self._searching: asyncio.Future[Report] | None = None
        self._wake = asyncio.Event()
        self._stopping = threading.Event()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="naming")

    @property
    def has_room(self) -> bool:
        return len(self._waiting) < MOST_WAITING and not self._stopping.is_set()

    @property
    def claims(self) -> list[Claim]:
        """Whose lease must not end."""
        return [*([self._current] if self._current else []), *(claim for claim, _ in self._waiting)]

    def add(self, claim: Claim, search: Search) -> None:
        self._waiting.append((claim, search))
        self._wake.set()

    def stop(self) -> None:
        """Drops everything; the leases are the worker's to end."""
        self._stopping.set()
        self._waiting.clear()
        self._wake.set()
        if self._searching is not None:
            self._searching.cancel()  # the thread ends with its next step, or with its cell

    async def work(self) -> None:
        """Until stopped."""
        while not self._stopping.is_set():
            if not self._waiting and not await self._take_up():
                self._wake.clear()
                try:
                    async with asyncio.timeout(LOOK_SECONDS):
                        await self._wake.wait()
                except TimeoutError:
                    continue
            if self._waiting:
                self._current, search = self._waiting.popleft()
                await self._name(self._current, search)
                self._current = None
        self._thread.shutdown(wait=False)

    async def _take_up(self) -> bool:
        """Whether there was something that another worker left."""
        try:
            if not self._can_run() or not await self._changes.rows(names.ANY_LEFT):
                return False  # looked at before the write lock is taken
            claim = await self._database.change(names.take_up, self._worker, self._queue, self.lease)
        except DATABASE_AWAY as error:
            self._database.outage.met("looking for names that others left", error)
            return False
        if claim is not None:
            self._waiting.append((claim, lambda pace: self._run_again(claim)(pace)))
        return claim is not None

    async def _name(self, claim: Claim, search: Search) -> None:
        self._searching = asyncio.get_running_loop().run_in_executor(self._thread, search, self._give_way)
        try:
            named = await self._searching
            if await self._database.change(names.attach, claim, named):
                self._times.observe_stages({"diagnosis": named.timing.stages.get("diagnosis", 0.0)})
        except (Dropped, asyncio.CancelledError):
            if not self._stopping.is_set():
                raise
            log.info("dropped the names of judging %d", claim.judging_id)
        except Exception:
            log.exception("fault in naming the mistakes of judging %d, attempt %d", claim.judging_id, claim.attempt)
            await self._leave(claim)

    async def _leave(self, claim: Claim) -> None:
        try:
            await self._database.change(names.leave, claim, timedelta(seconds=LOOK_SECONDS))
        except Exception:
            log.exception("could not leave judging %d: its lease will end", claim.judging_id)

    def _give_way(self) -> None:
        """Before each step of a search, in its thread."""
        waited = 0.0
        while not self._stopping.is_set() and self._needs_the_cores() and waited < GIVES_WAY_SECONDS:
            self._stopping.wait(_LOOK_AGAIN_SECONDS)
            waited += _LOOK_AGAIN_SECONDS
        if self._stopping.is_set():
            raise Dropped

"""The embedded queue: the judgings row itself is the job, on SQLite and on PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta

from app import judgings
from app.database import DATABASE_AWAY, Database, Transaction
from app.models import Device
from app.queue import Claim
from app.queue.changes import Changes, announce

DATABASE_PAUSE_SECONDS = 1.0


class LocalQueue:
    """Claims straight from the table whenever something was committed and a slot is free; prefetches nothing."""

    def __init__(self, database: Database, changes: Changes | None = None, *, lease_seconds: float = 30.0) -> None:
        self._database = database
        self._its_changes = changes
        self.lease = timedelta(seconds=lease_seconds)
        self._stopping = False
        self._paused = False

    def enqueue(self, transaction: Transaction, judging_id: int) -> None:
        announce(transaction)

    async def work(
        self,
        worker: str,
        queues: Sequence[Device],
        slots: int,
        judge: Callable[[Claim], Awaitable[Claim | None]],
    ) -> None:
        running: set[asyncio.Task[None]] = set()
        free = asyncio.Semaphore(slots)

        async def fill_slot(claim: Claim | None) -> None:
            while claim is not None:
                claim = await judge(claim)

        def ended(task: asyncio.Task[None]) -> None:
            running.discard(task)
            free.release()

        await free.acquire()
        while claim := await self._next(worker, queues):
            task = asyncio.ensure_future(fill_slot(claim))
            running.add(task)
            task.add_done_callback(ended)
            await free.acquire()
        await asyncio.gather(*running)

    async def _next(self, worker: str, queues: Sequence[Device]) -> Claim | None:
        """The next judging, waited for; None once stopped."""
        while not self._stopping:
            claim = None if self._paused else await self._claim(worker, queues)
            if claim is not None:
                return claim
            await self._changes.wait()
        return None

    async def _claim(self, worker: str, queues: Sequence[Device]) -> Claim | None:
        try:
            if not await self._changes.rows(judgings.ANY_QUEUED):
                return None  # looked at before the write lock is taken
            return await self._database.change(judgings.claim_next, worker, queues, self.lease)
        except DATABASE_AWAY as error:
            # A database that restarts must not take the worker, and what it is judging, with it.
            self._database.outage.met("looking for work", error)
            await asyncio.sleep(DATABASE_PAUSE_SECONDS)
            self.wake()
            return None

    @property
    def _changes(self) -> Changes:
        if self._its_changes is None:
            raise RuntimeError("A queue that only enqueues was asked to work.")
        return self._its_changes

    def wake(self) -> None:
        self._changes.wake()

    def pause(self) -> None:
        self._paused = True

    def resume(self) -> None:
        self._paused = False
        self.wake()

    def stop(self) -> None:
        self._stopping = True
        self.wake()

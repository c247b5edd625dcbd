"""Tells many waiting requests how their submissions fare, with one query a change however many wait."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from app.database import DATABASE_AWAY
from app.models import DiagnosesState, State
from app.outage import Outage
from app.queue.changes import Changes

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Progress:
    """Where the newest judging of a submission is; attempts count, so that a judging begun again is a change."""

    judging_id: int
    state: State
    attempt: int = 0
    diagnoses_state: DiagnosesState = DiagnosesState.PENDING


Wanted = Callable[[Progress], bool]


def is_judged(progress: Progress) -> bool:
    return progress.state is State.DONE


def is_named(progress: Progress) -> bool:
    """Whether nothing more will be said of it, neither a verdict nor the name of a mistake."""
    return is_judged(progress) and progress.diagnoses_state is DiagnosesState.DONE


def has_changed(_: Progress) -> bool:
    return True


@dataclass(eq=False)
class Waiter:
    """One who waits for a submission, from the moment it is made."""

    submission_id: int
    seen: Progress | None
    answer: asyncio.Future[Progress | None]
    wanted: Wanted

    async def progress(self, seconds: float) -> Progress | None:
        """What it waits for; None when ``seconds`` pass first, or this process is to stop."""
        try:
            async with asyncio.timeout(seconds):
                return await self.answer
        except TimeoutError:
            return None


class Watch:
    """A waiting request holds a future here: no thread, no database connection."""

    def __init__(self, changes: Changes, outage: Outage) -> None:
        self._changes = changes
        self._outage = outage
        self._waiters: set[Waiter] = set()
        self._task: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self.stopped = False

    async def start(self) -> None:
        self._loop = asyncio.get_running_loop()
        await self._changes.start()
        self._task = asyncio.create_task(self._run())

    def stop(self) -> None:
        """Tells everyone who waits, and whoever will, to wait no longer; callable from a signal's handler."""
        self.stopped = True
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._let_go)

    def _let_go(self) -> None:
        for waiter in self._waiters:
            if not waiter.answer.done():
                waiter.answer.set_result(None)

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        for waiter in self._waiters:
            waiter.answer.cancel()
        await self._changes.close()

    @contextlib.contextmanager
    def waiting(
        self, submission_id: int, wanted: Wanted = is_judged, *, seen: Progress | None = None
    ) -> Iterator[Waiter]:
        """Hears of every change from here on, so that whoever reads a row inside need not have it read once more."""
        waiter = Waiter(submission_id, seen, asyncio.get_running_loop().create_future(), wanted)
        self._waiters.add(waiter)
        if self.stopped:
            waiter.answer.set_result(None)
        try:
            yield waiter
        finally:
            self._waiters.discard(waiter)

    async def until(self, wanted: Wanted, submission_id: int, seconds: float) -> bool:
        """Whether the newest judging is as ``wanted``, now or within ``seconds``."""
        with self.waiting(submission_id, wanted) as waiter:
            self._changes.wake()
            return await waiter.progress(seconds) is not None

    async def until_changed(self, submission_id: int, seen: Progress | None, seconds: float) -> Progress | None:
        """The progress once it is not ``seen`` any more; None when ``seconds`` pass first."""
        with self.waiting(submission_id, has_changed, seen=seen) as waiter:
            self._changes.wake()
            return await waiter.progress(seconds)

    async def _run(self) -> None:
        while True:
            await self._changes.wait()
            if not self._waiters:
                continue
            try:
                await self._answer(list(self._waiters))
            except DATABASE_AWAY as error:
                self._outage.met("for those who wait", error)
                await asyncio.sleep(1)
                self._changes.wake()
            except Exception:
                # The waiters must outlive a fault of ours.
                log.exception("could not look at the judgings waited for")
                await asyncio.sleep(1)
                self._changes.wake()

    async def _answer(self, waiters: list[Waiter]) -> None:
        progress = await self._look({waiter.submission_id for waiter in waiters})
        for waiter in waiters:
            current = progress.get(waiter.submission_id)
            if current is None or current == waiter.seen or waiter.answer.done():
                continue
            if waiter.wanted(current):
                waiter.answer.set_result(current)

    async def _look(self, submission_ids: Iterable[int]) -> dict[int, Progress]:
        numbers = ", ".join(str(int(number)) for number in submission_ids)
        rows = await self._changes.rows(
            "SELECT submission_id, id, state, attempt, diagnoses_state FROM judgings "  # noqa: S608 - whole numbers only
            f"WHERE submission_id IN ({numbers}) ORDER BY id"
        )
        return {
            submission_id: Progress(judging_id, State(state), attempt, DiagnosesState(diagnoses_state))
            for submission_id, judging_id, state, attempt, diagnoses_state in rows
        }

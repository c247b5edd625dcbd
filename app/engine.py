"""The engine as the worker asks it, and the starting of the real one."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TYPE_CHECKING, Protocol

from app.config import Settings

if TYPE_CHECKING:
    from app.naming import Pace
    from judge.cells import Cells
    from judge.engine import Judged
    from judge.problem import Problem
    from judge.report import Report


class Engine(Protocol):
    """What the worker asks of ``judge.engine.Judge``."""

    cells: Cells

    def grade(
        self,
        problem: Problem,
        source: bytes,
        *,
        samples: bool = False,
        seed: int | None = None,
        accept: tuple[str, ...] | None = None,
    ) -> Judged: ...

    def name(self, judged: Judged, pace: Pace) -> Report: ...

    def replace_box(self) -> None: ...

    def close(self) -> None: ...


StartEngine = Callable[[Settings], Engine]


def start_engine(settings: Settings) -> Engine:
    """The real engine; raises ``judge.cells.NoCell`` with a sentence when no cell can be made."""
    from judge.starting import start_judge

    standby = settings.standby_cells or settings.slots + 1
    return start_judge(standby=standby, stock=settings.stock, device=settings.queues, move_memory=settings.move_memory)


def begin_engine(settings: Settings) -> StartEngine:
    """Begins to start one in a thread of its own; the first call of what is returned waits for it, a later one starts
    another."""
    begun: Future[Engine] = Future()

    def start() -> None:
        try:
            begun.set_result(start_engine(settings))
        except BaseException as error:
            begun.set_exception(error)

    threading.Thread(target=start, name="engine", daemon=True).start()
    first = [begun]
    return lambda settings: first.pop().result() if first else start_engine(settings)

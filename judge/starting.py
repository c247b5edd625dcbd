"""Starts a judge: its box imports torch in a process of its own while this one does."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from judge.cells import Cells

if TYPE_CHECKING:
    from judge.engine import Judge


def start_judge(*, standby: int, stock: int = 0, device: str = "cpu", move_memory: bool = True) -> Judge:
    """A judge with ``standby`` waiting cells and ``stock`` exams of each problem prepared ahead.

    Raises ``judge.cells.NoCell`` with a sentence when no cell can be made.
    """
    with ThreadPoolExecutor(1, thread_name_prefix="box") as beside:
        box = beside.submit(Cells, standby=standby, device=device, move_memory=move_memory)
        from judge.engine import Judge, learn  # brings torch

        if stock:
            learn()
        return Judge(box.result(), stock=stock)

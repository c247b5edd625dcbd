"""Keeps jailed cells ready and runs each job in one of them; the trusted side of the sandbox.

One thread owns the box: it starts it, makes standby cells ahead, puts used ones away and starts a new box when the
zygote died. A caller of ``run`` takes a waiting cell and hands it the job in its own thread, so an endless loop in
one cell delays nobody. A cell is never used twice. Memory, CPU and processes are bounded as ``cgroups`` finds
possible. What the walls are: ``judge/cell/jail.py``.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections import Counter

from judge.problem import Limits
from judge.sandbox.box import Box, CellFault, NoCell
from judge.sandbox.cgroups import Groups, Mode
from judge.sandbox.collect import CellOutcome, Collector, Ended
from judge.sandbox.gpu import Gpu
from judge.sandbox.standby import END_SECONDS, Cell, Shape

__all__ = ["CellFault", "CellOutcome", "Cells", "Ended", "NoCell"]

_log = logging.getLogger(__name__)

_USERS = 4095
_FIRST_SHAPE = Shape(1024 * 1024, 64)
"""Until the first job tells what its problem allows."""
_WAIT_SECONDS = 150.0
"""For a cell: longer than a box may take to start, so that its own sentence comes first."""
_BACK_OFF_SECONDS = 1.0
"""Between attempts after a fault, so that a wall that cannot be put up does not keep a processor busy."""
_TRIES = 5
"""Cells that died before their job, one after the other: the machine, not bad luck."""
_FAILURES_OF_A_BOX = 3
"""Cells that could not be made, one after the other: another box may do better than this one."""
_GRACE_SECONDS = 0.02
"""While one cell waits and another runs, the making of the next gives way for as long as an honest exam takes."""
_LOOK_AGAIN_SECONDS = 0.005
_IDLE_SECONDS = 0.5
_ADDRESS_SLACK_BYTES = 1024 * 1024 * 1024
"""Reserving is not using: a tighter bound would turn a memory limit into an exception of the candidate's."""


class Cells:
    """The standby cells of one worker. Thread-safe."""

    def __init__(
        self, *, standby: int = 2, require_cgroups: bool = False, device: str = "cpu", move_memory: bool = True
    ) -> None:
        """Starts the box and returns when a first cell waits; raises ``NoCell`` with a sentence."""
        self._move_memory = move_memory
        self._gpu = Gpu() if device == "cuda" else None
        self.device, self.standby = device, 1 if self._gpu else max(1, standby)
        self._groups = Groups()
        if require_cgroups and self._groups.mode is Mode.NONE:
            raise NoCell("Control groups are required by the settings, and none can be written here.")
        self._shape = _FIRST_SHAPE
        self._changed = threading.Condition()
        self._waiting: list[Cell] = []
        self._used: list[Cell] = []
        self._wanted: list[Shape] = []
        self._running = 0
        self._fault: str | None = None
        self._failures = 0
        self._closed = False
        self._box: Box | None = None
        self._made = 0
        self._proven = False  # whether this box has made a cell
        self._thread = threading.Thread(target=self._keep, name="cells", daemon=True)
        self._thread.start()
        try:
            self._put_back(self._take(self._shape))
        except CellFault:
            self.close()
            raise

    @property
    def mode(self) -> Mode:
        """How memory and processes are bounded on this machine."""
        return self._groups.mode

    @property
    def counts_namespaces(self) -> bool:
        """Whether cells have a limit of no user namespace besides the filter against them."""
        box = self._box
        return box is not None and box.counts_namespaces

    def run(self, job: bytes, limits: Limits) -> CellOutcome:
        """Runs one job in a fresh cell and returns what came out; raises ``CellFault`` when the fault is ours, and
        ``NoCell`` when the job was not begun."""
        for _ in range(_TRIES):
            cell = self._take(Shape.of(limits))
            try:
                address_bytes = self._address_bytes(cell, limits)
                outcome = None if address_bytes is None else Collector(cell, job, limits).run(address_bytes)
            finally:
                self._give_up(cell)
            if outcome is not None:
                return outcome
        raise NoCell("One waiting cell after the other had died; the machine may be out of memory.")

    def replace_box(self) -> None:
        """Has the next cells made in a new box, as soon as nothing runs in this one."""
        with self._changed:
            self._failures = _FAILURES_OF_A_BOX
            self._changed.notify_all()

    def close(self) -> None:
        """Ends the box and every cell; returns when they are gone."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._thread.join()

    def _address_bytes(self, cell: Cell, limits: Limits) -> int | None:
        """A bound on address space where no control group bounds memory; the watch ends a cell well below it. None
        when the cell is dead."""
        if cell.group is not None:
            return 0
        if self._gpu is not None:
            return 0  # CUDA reserves more addresses than any machine has memory
        try:
            with open(f"/proc/{cell.candidate_pid}/statm") as file:  # noqa: PTH123 - as short as it gets
                base = int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
        except OSError:
            return None
        return base + 4 * limits.memory_bytes + _ADDRESS_SLACK_BYTES

    def _take(self, shape: Shape) -> Cell:
        """A waiting cell of that shape; waits for one to be made."""
        deadline = time.monotonic() + _WAIT_SECONDS
        with self._changed:
            self._wanted.append(shape)
            self._shape = shape
            self._fault = None
            self._changed.notify_all()
            try:
                while (cell := self._find(shape)) is None:
                    if self._closed:
                        raise NoCell("The cells are closed.")
                    if self._fault is not None:
                        raise NoCell(self._fault)
                    if not self._changed.wait(deadline - time.monotonic()):
                        raise NoCell("No cell became ready in time.")
                self._running += 1
                return cell
            finally:
                self._wanted.remove(shape)
                self._changed.notify_all()

    def _find(self, shape: Shape) -> Cell | None:
        """Takes a living cell of that shape from those that wait; changes nothing for whoever wants another shape."""
        for cell in [cell for cell in self._waiting if cell.shape == shape]:
            self._waiting.remove(cell)
            if not cell.spoilt():
                return cell
            cell.kill()
            self._used.append(cell)
        return None

    def _put_back(self, cell: Cell) -> None:
        with self._changed:
            self._running -= 1
            self._waiting.append(cell)

    def _give_up(self, cell: Cell) -> None:
        """Kills the cell; the keeper puts it away once it is gone."""
        cell.kill()
        with self._changed:
            self._running -= 1
            self._used.append(cell)
            self._changed.notify_all()

    # The keeper's thread

    def _keep(self) -> None:
        """Makes, puts away, starts anew, until closed."""
        try:
            while not self._closed:
                try:
                    self._keep_once()
                except CellFault as fault:
                    self._failed(str(fault))
                except Exception as error:  # the keeper must live: without it every judging would wait for ever
                    _log.exception("the keeper of cells stumbled")
                    self._failed(f"The keeper of cells stumbled: {error!r}")
        finally:
            self._end_everything()

    def _keep_once(self) -> None:
        if self._box is not None and not self._box.alive():
            _log.error("the zygote died: %s", self._box.last_words())
            self._leave_box()
        if self._failures >= _FAILURES_OF_A_BOX and not self._running:
            self._leave_box()
        if self._box is None:
            self._proven = False
            self._failures = 0
            self._box = Box(self.device, move_memory=self._move_memory)
        self._put_away()
        if self._gpu is not None and not self._gpu_is_free(self._gpu):
            return
        with self._changed:
            if self._waiting and self._running and not self._used and not self._wanted:
                self._changed.wait(_GRACE_SECONDS)
            self._drop_unwanted()
            shape = self._next_shape()
            if shape is None and not self._closed:
                self._changed.wait(_LOOK_AGAIN_SECONDS if self._used else _IDLE_SECONDS)
                return
        if shape is not None and not self._closed:
            self._make(self._box, shape)

    def _next_shape(self) -> Shape | None:
        """What to make next: what somebody waits for, then what was asked for last, ahead."""
        ready = Counter(cell.shape for cell in self._waiting)
        wanted = Counter(self._wanted)
        lacking = [shape for shape in self._wanted if ready[shape] < wanted[shape]]
        if lacking:
            return lacking[0]
        return self._shape if ready[self._shape] < max(self.standby, wanted[self._shape]) else None

    def _drop_unwanted(self) -> None:
        """Cells of a shape nobody asked for lately make room."""
        for cell in list(self._waiting):
            if cell.shape != self._shape and cell.shape not in self._wanted:
                self._waiting.remove(cell)
                cell.kill()
                self._used.append(cell)

    def _gpu_is_free(self, gpu: Gpu) -> bool:
        """One candidate on a GPU at a time: the next cell, with its context, is made when the last one is gone."""
        with self._changed:
            if self._running or self._used:
                self._changed.wait(_LOOK_AGAIN_SECONDS)
                return False
            waiting = bool(self._waiting)
        if not waiting:
            gpu.await_baseline()
        return True

    def _make(self, box: Box, shape: Shape) -> None:
        group = self._groups.take()
        uid = 1 + self._made % _USERS
        self._made += 1
        try:
            cell = Cell(box, group, shape, uid)
        except (CellFault, OSError):
            if group is not None and group.empty():
                self._groups.give_back(group)
            if self._proven and not box.alive():
                return  # the zygote died over this one: the next round starts another, which has to prove itself
            raise
        self._proven = True
        self._failures = 0
        with self._changed:
            self._waiting.append(cell)
            self._changed.notify_all()

    def _put_away(self) -> None:
        """Closes what is dead; a cell whose memory the kernel is still freeing holds up nobody."""
        with self._changed:
            used = list(self._used)
        for cell in used:
            if not cell.gone():
                continue
            try:
                cell.close()
                if cell.group is not None:
                    self._groups.give_back(cell.group)
            finally:  # not earlier: who sees no used cell may rely on nothing of one being left
                with self._changed:
                    self._used.remove(cell)

    def _leave_box(self) -> None:
        """Once an incident: whoever runs a job in a cell of this box finds out by himself."""
        with self._changed:
            lost, self._waiting = self._waiting, []
            self._used += lost
        if self._box is not None:
            self._box.close()
        self._box = None

    def _failed(self, fault: str) -> None:
        with self._changed:
            self._failures += 1
            if self._proven and self._failures == 1:
                return  # it may have been chance: tried once more before anybody hears of it
            self._fault = fault
            self._changed.notify_all()
            if not self._closed:
                self._changed.wait_for(lambda: self._closed, _BACK_OFF_SECONDS)

    def _end_everything(self) -> None:
        self._leave_box()
        with self._changed:
            self._changed.wait_for(lambda: not self._running, END_SECONDS)
        deadline = time.monotonic() + END_SECONDS
        while self._used and time.monotonic() < deadline:
            self._put_away()
            time.sleep(_LOOK_AGAIN_SECONDS)
        self._groups.close()

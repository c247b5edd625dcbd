"""What a running cell has used: from its control group, or, where there is none, from a watch over its processes."""

from __future__ import annotations

import os
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from judge.cell import moving
from judge.sandbox.cgroups import Group
from judge.sandbox.standby import Cell

_TICK_NS = 1_000_000_000 // os.sysconf("SC_CLK_TCK")
_KIBIBYTE = 1024


@dataclass(frozen=True)
class Used:
    """Since the job was handed over; ``memory_exceeded`` means the limit was hit, whoever noticed.

    ``machine_out_of_memory`` means that the kernel killed for want of memory without a limit of ours being hit.
    """

    cpu_ns: int
    peak_bytes: int
    memory_exceeded: bool
    machine_out_of_memory: bool


class Meter(Protocol):
    """Reads what the cell used so far; ``seconds_between`` is how often it must be asked to notice memory.

    ``base_cpu_ns`` is what it had used before its job.
    """

    seconds_between: float
    base_cpu_ns: int

    def used(self) -> Used: ...


def meter(cell: Cell, memory_bytes: int) -> Meter:
    """A meter that starts now, with memory bounded at this much on top of what the waiting cell holds."""
    return _GroupMeter(cell.group, memory_bytes) if cell.group is not None else _ProcessMeter(cell, memory_bytes)


class _GroupMeter:
    seconds_between = float("inf")  # the kernel enforces memory itself

    def __init__(self, group: Group, memory_bytes: int) -> None:
        self._group = group
        self._base_bytes = group.set_memory(memory_bytes)
        self._start = group.usage()
        self.base_cpu_ns = self._start.cpu_ns

    def used(self) -> Used:
        now = self._group.usage()
        killed, at_limit = now.kills > self._start.kills, now.times_at_limit > self._start.times_at_limit
        return Used(
            now.cpu_ns - self.base_cpu_ns,
            max(0, now.peak_bytes - self._base_bytes),
            memory_exceeded=killed and at_limit,
            machine_out_of_memory=killed and not at_limit,
        )


class _ProcessMeter:
    """Counts anonymous and shared pages of a cell's processes, each page once as far as can be told, and its ``/tmp``.

    A resident-set watch alone would miss pages of files in ``/tmp`` that nobody maps; memory files and System V
    segments, the other such pages, cannot be made in a cell. Every process starts with the zygote's pages, which it
    shares; so of several processes we add what each has alone to the most that one of them shares. Where the kernel
    does not show us what is private (a container without the right to trace), what a fork overwrites goes unseen.

    Pages of the file onto which the zygote moved its memory look like the candidate's shared ones. Finding them takes
    milliseconds, so that is done only before a limit is said to be hit, and once a box for what a waiting cell has of
    them; the peak may count them.
    """

    seconds_between = 0.01

    def __init__(self, cell: Cell, memory_bytes: int) -> None:
        self._cell, self._most = cell, memory_bytes
        if cell.box.file_bytes_at_rest < 0:
            cell.box.file_bytes_at_rest = self._of_the_zygotes_file()
        self._base_bytes, self.base_cpu_ns = self._memory(), self._cpu()
        self._peak = self._cpu_seen = 0
        self._exceeded = False
        self._base_kills = _kills_on_this_machine()

    def used(self) -> Used:
        memory = self._memory() - self._base_bytes
        self._peak = max(self._peak, memory)
        self._cpu_seen = max(self._cpu_seen, self._cpu() - self.base_cpu_ns)
        exceeded = self._exceeded = self._exceeded or self._exceeds(memory)
        killed = _kills_on_this_machine() > self._base_kills
        return Used(self._cpu_seen, self._peak, exceeded, machine_out_of_memory=killed and not exceeded)

    def _exceeds(self, memory: int) -> bool:
        if memory <= self._most:
            return False
        return memory - (self._of_the_zygotes_file() - self._cell.box.file_bytes_at_rest) > self._most

    def _memory(self) -> int:
        folder = os.statvfs(self._cell.tmp)
        total, most_shared = (folder.f_blocks - folder.f_bfree) * folder.f_frsize, 0
        processes = self._processes()
        for pid in processes:
            with suppress(OSError):
                resident = _kibibytes(f"/proc/{pid}/status", ("RssAnon:", "RssShmem:"))
                alone = 0
                with suppress(PermissionError):
                    if len(processes) > 1:
                        alone = _kibibytes(f"/proc/{pid}/smaps_rollup", ("Private_Dirty:",))
                total += alone * _KIBIBYTE
                most_shared = max(most_shared, (resident - alone) * _KIBIBYTE)
        return total + most_shared

    def _of_the_zygotes_file(self) -> int:
        """How much of what ``_memory`` counts is that file: what single processes map, and the most that they share."""
        alone = most_shared = 0
        for pid in self._processes() if self._cell.box.moved_bytes else ():
            with suppress(OSError):
                sizes = _sizes_of_the_zygotes_file(pid)
                private = max(0, sizes["Private_Clean:"] + sizes["Private_Dirty:"] - sizes["Anonymous:"])
                alone += private
                most_shared = max(most_shared, sizes["Rss:"] - sizes["Anonymous:"] - private)
        return (alone + most_shared) * _KIBIBYTE

    def _cpu(self) -> int:
        total = 0
        for pid in [self._cell.init_pid, *self._processes()]:  # init reaps the orphans, and so inherits what they used
            with suppress(OSError, IndexError):
                total += time.clock_gettime_ns((~pid << 3) | 2)  # MAKE_PROCESS_CPUCLOCK(pid, CPUCLOCK_SCHED)
                fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
                total += (int(fields[13]) + int(fields[14])) * _TICK_NS  # of children that ended
        return total

    def _processes(self) -> list[int]:
        """The candidate's process and every one below it or init: who loses a parent becomes a child of init."""
        found, wanted = [self._cell.candidate_pid], [self._cell.init_pid, self._cell.candidate_pid]
        while wanted:
            pid = wanted.pop()
            with suppress(OSError):
                for thread in Path(f"/proc/{pid}/task").iterdir():
                    children = (thread / "children").read_text().split()
                    wanted += map(int, children)
                    found += map(int, children)
        return found


def _sizes_of_the_zygotes_file(pid: int) -> Counter[str]:
    """Sums of the fields of ``/proc/PID/smaps`` over its mappings, in KiB."""
    sizes, counts = Counter[str](), False
    for line in Path(f"/proc/{pid}/smaps").read_text().splitlines():
        field, *values = line.split()
        if not field.endswith(":"):
            counts = values[-1] == "(deleted)" and values[-2] in moving.MAPPED_AS
        elif counts and values[-1] == "kB":
            sizes[field] += int(values[0])
    return sizes


def _kibibytes(path: str, fields: tuple[str, ...]) -> int:
    return sum(int(line.split()[1]) for line in Path(path).read_text().splitlines() if line.startswith(fields))


def _kills_on_this_machine() -> int:
    """How often the kernel has killed for want of memory, anywhere; 0 where it does not count."""
    with suppress(OSError):
        for line in Path("/proc/vmstat").read_text().splitlines():
            if line.startswith("oom_kill "):
                return int(line.split()[1])
    return 0

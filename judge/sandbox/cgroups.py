"""Memory, processes and CPU of cells in control groups: version 2 where delegated, version 1 where writable, else none.

Directories are used again for later cells, since the kernel keeps a removed memory group alive as long as one page is
charged to it; the numbers start anew for each cell. A worker's directory carries a lock, which the kernel frees with
the worker: by it alone another knows that nobody owns what it sees. Reads and writes here are the only ones of
``/sys/fs/cgroup``.
"""

from __future__ import annotations

import fcntl
import os
import time
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

_PREFIX = "handcode-"
_LEFTOVER_BYTES = 32 * 1024 * 1024
"""Page cache a cell may leave charged to its group before we ask the kernel to let go of it."""


class Mode(StrEnum):
    """How memory and processes are bounded here; the doctor and the health page show it."""

    V2 = "cgroup v2"
    V1 = "cgroup v1"
    NONE = "rlimits and watchdog"


@dataclass(frozen=True)
class Usage:
    """What a cell's group has used: CPU in nanoseconds since the group was made, the most memory in bytes.

    ``kills`` counts processes killed for want of memory, be it the group's or the machine's; only the former comes
    with a further one of ``times_at_limit``.
    """

    cpu_ns: int
    peak_bytes: int
    kills: int
    times_at_limit: int


class Group:
    """The control group of one cell at a time."""

    def __init__(self, memory: Path, pids: Path, cpu: Path, *, unified: bool) -> None:
        self._memory, self._pids, self._cpu, self._unified = memory, pids, cpu, unified
        self._folders = tuple(dict.fromkeys((memory, pids, cpu)))
        for folder in self._folders:
            folder.mkdir(exist_ok=True)
        names = ("memory.max", "memory.current", "memory.peak") if unified else (
            "memory.limit_in_bytes", "memory.usage_in_bytes", "memory.max_usage_in_bytes"
        )  # fmt: skip
        self._limit, self._current, self._peak = (memory / name for name in names)
        if not unified:
            _write(memory / "memory.swappiness", "0")  # else memory past the limit would go to swap, and on

    def join(self, pid: int) -> None:
        """Puts a process, and so its later children, into the group."""
        for folder in self._folders:
            _write(folder / "cgroup.procs", str(pid))

    def set_processes(self, most: int) -> None:
        """Bounds processes and threads together."""
        _write(self._pids / "pids.max", str(most))

    def free_memory(self) -> None:
        """No bound while a cell is made."""
        _write(self._limit, "max" if self._unified else "-1")

    def set_memory(self, more_bytes: int) -> int:
        """Allows this much on top of what is used now, with no swap, and returns what is used now."""
        if not self._unified:
            _write(self._peak, "0")
        used = int(_read(self._current))
        _write(self._limit, str(used + more_bytes))
        swap = self._memory / "memory.swap.max"
        if self._unified and swap.exists():
            _write(swap, "0")
        return used

    def usage(self) -> Usage:
        """The numbers now."""
        if self._unified:
            cpu = int(_field(_read(self._cpu / "cpu.stat"), "usage_usec")) * 1000
            events = _read(self._memory / "memory.events")
            at_limit = _field(events, "max")
        else:
            cpu = int(_read(self._cpu / "cpuacct.usage"))
            events = _read(self._memory / "memory.oom_control")
            at_limit = _read(self._memory / "memory.failcnt")
        peak = int(_read(self._peak)) if self._peak.exists() else 0
        return Usage(cpu, peak, int(_field(events, "oom_kill")), int(at_limit))

    def exists(self) -> bool:
        """Whether nobody removed it, which can be done to a group without a process."""
        return all(folder.is_dir() for folder in self._folders)

    def empty(self) -> bool:
        """Whether no process is left in the group; there is none in a group that was removed."""
        try:
            return not any(_read(folder / "cgroup.procs").strip() for folder in self._folders)
        except OSError:
            if self.exists():
                raise
            return True

    def tidy(self) -> None:
        """Lets go of page cache that the last cell left charged."""
        if int(_read(self._current)) > _LEFTOVER_BYTES:
            with suppress(OSError):
                if self._unified:
                    _write(self._memory / "memory.reclaim", str(_LEFTOVER_BYTES * 4))
                else:
                    _write(self._memory / "memory.force_empty", "0")

    def remove(self) -> None:
        """Removes the directories; a group whose last process is still leaving gets a moment."""
        for folder in self._folders:
            for _ in range(100):
                try:
                    folder.rmdir()
                    break
                except FileNotFoundError:
                    break
                except OSError:
                    time.sleep(0.01)


class Groups:
    """All groups of one worker, under a directory of its own in each hierarchy."""

    def __init__(self) -> None:
        self.mode, self._owned = _find()
        self._made = 0
        self._free: list[Group] = []
        self._all: list[Group] = []

    def take(self) -> Group | None:
        """A group for a new cell; None where there are no control groups. Raises ``OSError`` where there were some."""
        if self.mode is Mode.NONE:
            return None
        while self._free:
            if (group := self._free.pop()).exists():
                return group
            self._all.remove(group)
        if not all(owned.path.is_dir() for owned in self._owned):
            self._begin_anew()
        folders = [owned.path / f"cell-{self._made}" for owned in self._owned]
        self._made += 1
        memory, pids, cpu = folders if len(folders) == 3 else folders * 3
        group = Group(memory, pids, cpu, unified=self.mode is Mode.V2)
        self._all.append(group)
        return group

    def give_back(self, group: Group) -> None:
        """For the next cell; the caller knows it is empty.

        Version 2 cannot start its peak anew before Linux 6.12, and lets go of what a removed group was charged: there,
        every cell gets a fresh one.
        """
        if self.mode is Mode.V2 or not group.exists():
            group.remove()
            self._all.remove(group)
            return
        group.tidy()
        self._free.append(group)

    def _begin_anew(self) -> None:
        """Somebody removed our directories: others of the same kind, or none at all, since limits are not given up."""
        for owned in self._owned:
            owned.leave()
        mode, found = _find()
        if mode is not self.mode:
            for owned in found:
                owned.leave()
            raise FileNotFoundError(f"The directories of {self.mode} were removed and cannot be made again.")
        self._owned = found

    def close(self) -> None:
        """Removes every directory made."""
        for group in self._all:
            group.remove()
        for owned in self._owned:
            owned.leave()


class _Owned:
    """A directory made for this worker, locked as long as the worker lives."""

    def __init__(self, path: Path) -> None:
        """Makes and locks it; raises ``FileExistsError`` where it is another's."""
        self.path = path
        path.mkdir()
        self._lock = _lock(path)
        if self._lock is None:
            raise FileExistsError(path)  # whoever clears away was faster

    def leave(self) -> None:
        """Removes it where it is empty, and gives up the lock; used twice it does nothing."""
        if self._lock is not None:
            with suppress(OSError):
                self.path.rmdir()
            os.close(self._lock)
            self._lock = None


def _lock(folder: Path) -> int | None:
    """A descriptor that holds the lock of a directory; None while somebody else holds it, or when it is gone.

    Not the number of the owner's process: another container has other numbers and sees the same directories.
    """
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.fstat(descriptor).st_ino == folder.stat().st_ino:
            return descriptor
    except OSError:
        pass
    os.close(descriptor)
    return None


def _find() -> tuple[Mode, tuple[_Owned, ...]]:
    """What there is, with the directories in it: of memory, of processes, of CPU, or one for all."""
    for mode, finder in ((Mode.V2, _version_2), (Mode.V1, _version_1)):
        with suppress(OSError, LookupError):
            return mode, finder()
    return Mode.NONE, ()


def _version_2() -> tuple[_Owned, ...]:
    """Our own group of the unified hierarchy, if memory and pids were delegated to us; raises where not.

    A group with processes of its own may not share out controllers, so this process first moves to a leaf beside the
    cells, as systemd's ``Delegate=yes`` and a container's own hierarchy allow. Where the whole service was delegated
    one group, whoever else is in it (its web server, what started both) moves along.
    """
    own = _own_group("cgroup2", "")
    if own.name.startswith(_PREFIX):
        own = own.parent  # this process has moved before
    top = next(path for path in (own, *own.parents) if not (path.parent / "cgroup.procs").exists())
    # Root on a plain machine shares its session's group with strangers, whom it leaves alone: it may use the top.
    for parent, everyone in ((own, False), (top, False), (own, True)):
        with suppress(OSError, LookupError):
            return _version_2_below(parent, everyone=everyone)
    raise LookupError("no group of version 2 to divide")


def _version_2_below(own: Path, *, everyone: bool) -> tuple[_Owned, ...]:
    if not _shares(own, "cgroup.controllers"):
        raise LookupError("memory and pids are not delegated")
    if not _shares(own, "cgroup.subtree_control"):
        _move_to_a_leaf(own, _read(own / "cgroup.procs").split() if everyone else [str(os.getpid())])
    root = _fresh(own)
    _write(root.path / "cgroup.subtree_control", "+memory +pids")
    return (root,)


def _shares(folder: Path, name: str) -> bool:
    return {"memory", "pids"} <= set(_read(folder / name).split())


def _move_to_a_leaf(own: Path, pids: list[str]) -> None:
    """Makes room for controllers below ``own``; back again where others of its processes stand in the way."""
    leaf = own / f"{_PREFIX}{os.getpid()}-worker"
    leaf.mkdir(exist_ok=True)
    lock = _lock(leaf)  # until somebody is in it, when nobody can remove it
    try:
        for pid in pids:
            _write(leaf / "cgroup.procs", pid)
        _write(own / "cgroup.subtree_control", "+memory +pids")
    except OSError:
        for pid in _read(leaf / "cgroup.procs").split():
            _write(own / "cgroup.procs", pid)
        leaf.rmdir()
        raise
    finally:
        if lock is not None:
            os.close(lock)


def _version_1() -> tuple[_Owned, ...]:
    folders = [_own_group("cgroup", name) for name in ("memory", "pids", "cpuacct")]
    found: list[_Owned] = []
    try:
        for folder in folders:
            found.append(_fresh(folder))
    except OSError:
        for owned in found:
            owned.leave()
        raise
    return tuple(found)


def _own_group(kind: str, controller: str) -> Path:
    """The directory of this process's group in a mounted hierarchy; raises ``LookupError``."""
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        left, right = line.split(" - ")
        fields, (found, _, options) = left.split(), right.split(maxsplit=2)
        if found != kind or (controller and controller not in options.split(",")):
            continue
        for entry in Path("/proc/self/cgroup").read_text().splitlines():
            _, controllers, path = entry.split(":", 2)
            if (not controllers and not controller) or (controller and controller in controllers.split(",")):
                below = path if fields[3] == "/" else "/" + os.path.relpath(path, fields[3])
                folder = Path(fields[4] + below)
                return folder if folder.is_dir() else Path(fields[4])
    raise LookupError(f"no {kind} {controller}")


def _fresh(parent: Path) -> _Owned:
    """A directory for this worker; those that nobody owns any more are removed on the way."""
    for left in parent.glob(f"{_PREFIX}[0-9]*"):
        if (lock := _lock(left)) is not None:
            _sweep(left)
            os.close(lock)
    for number in range(1000):
        with suppress(FileExistsError):
            return _Owned(parent / f"{_PREFIX}{os.getpid()}-{number}")
    raise LookupError("a thousand groups of this process")


def _sweep(folder: Path) -> None:
    with suppress(OSError):
        for child in folder.glob("cell-*"):
            child.rmdir()
        folder.rmdir()


def _read(path: Path) -> str:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return os.read(descriptor, 65536).decode()
    finally:
        os.close(descriptor)


def _write(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(descriptor, text.encode())
    finally:
        os.close(descriptor)


def _field(text: str, name: str) -> str:
    for line in text.splitlines():
        key, _, value = line.partition(" ")
        if key == name:
            return value
    return "0"

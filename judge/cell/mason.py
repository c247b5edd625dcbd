"""The small process inside the box that builds the room of each cell: namespaces, mounts, and process 1 of it.

It leaves the zygote before torch is imported, so its forks cost a tenth of the zygote's. A *builder*, its child, makes
namespaces and mounts while it still may, and leaves. The *init* is process 1 of the new pid namespace: it gives up all
rights, holds the room open, reaps, and never runs a candidate's code. The trusted side speaks to them over the
``gate``. A step that fails is told there as a fault; nothing goes on without a wall.
"""

from __future__ import annotations

import os
import signal
import socket
from contextlib import suppress
from dataclasses import dataclass
from typing import NoReturn

from judge.cell import gate, kernel
from judge.cell.walls import GATE, Step, Walls, begin, end_all_rights, tell_fault

HOST_NAME = "cell"
INNER_ID = 1000

_NAMESPACES = (
    kernel.CLONE_NEWUSER | kernel.CLONE_NEWNS | kernel.CLONE_NEWPID | kernel.CLONE_NEWIPC | kernel.CLONE_NEWUTS
    | kernel.CLONE_NEWNET | kernel.CLONE_NEWCGROUP
)  # fmt: skip


@dataclass(frozen=True)
class Room:
    """What must be known when a room is built: its user, and the size of its only writable folder."""

    uid: int
    tmp_bytes: int
    tmp_files: int


def serve(orders: socket.socket, walls: Walls) -> NoReturn:
    """Builds a room for each order until the trusted side is gone."""
    while True:
        message, descriptors, _, _ = socket.recv_fds(orders, 64, 1)
        if not message:
            os._exit(0)
        try:
            if os.fork() == 0:
                _build(Room(*gate.ROOM.unpack(message)), walls, *descriptors)
        except OSError as error:  # no memory or no process number for another one: a fault, but no end of ours
            os.write(descriptors[0], gate.FAULT + f"fork: {error}".encode())
        for descriptor in descriptors:
            os.close(descriptor)
        with suppress(ChildProcessError):
            os.wait()  # the builder leaves when its room stands


def _build(room: Room, walls: Walls, gate_end: int) -> NoReturn:
    """Runs in a child of the mason."""
    try:
        os.dup2(gate_end, GATE)
        for descriptor in range(1, GATE):
            os.dup2(0, descriptor)  # /dev/null; nothing of the box's own
        kernel.close_descriptors_from(GATE + 1)
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # the candidate could call a handler of Python's in init
        begin(room.uid)
        _build_room(room, walls)
        os._exit(0)
    except BaseException as error:
        tell_fault(error)
    finally:
        os._exit(1)  # whatever it was, this child must not go on as a second mason


def _build_room(room: Room, walls: Walls) -> None:
    Step.name = "namespaces"
    kernel.prctl(kernel.PR_SET_DUMPABLE, 1)  # setresuid cleared it, and the maps need it
    uid, gid = os.getuid(), os.getgid()
    kernel.unshare(_NAMESPACES)
    _write("/proc/self/setgroups", "deny")
    _write("/proc/self/uid_map", f"{INNER_ID} {uid} 1")
    _write("/proc/self/gid_map", f"{INNER_ID} {gid} 1")
    if walls.no_nested_namespaces:
        _write("/proc/sys/user/max_user_namespaces", "0")
    kernel.sethostname(HOST_NAME)
    Step.name = "mounts"
    namespaces = os.open("/proc/self/ns", os.O_RDONLY | os.O_DIRECTORY)  # before /proc is covered
    _mounts(room, covers_proc=walls.device != "cuda")
    Step.name = "init"
    init = os.fork()
    if init == 0:
        _init(walls)
    _hand_over(init, namespaces)


def _write(path: str, text: str) -> None:
    opened = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(opened, text.encode())
    finally:
        os.close(opened)


def _mounts(room: Room, *, covers_proc: bool) -> None:
    """A private view of the box: its root and binds are read-only and locked, ``/proc`` covered, ``/tmp`` fresh.

    The root was made by bubblewrap for cells to share: nothing in it can be written, so nothing of one cell is there
    for the next. Every mount of it is locked, because this mount namespace belongs to a lesser user namespace.
    CUDA cannot start without a ``/proc``: there, init mounts one that shows only the cell.
    """
    inside = kernel.MS_NOSUID | kernel.MS_NODEV
    kernel.mount(None, "/", None, kernel.MS_REC | kernel.MS_PRIVATE)
    if covers_proc:
        kernel.mount("none", "/proc", "tmpfs", inside | kernel.MS_NOEXEC | kernel.MS_RDONLY, "nr_inodes=1,mode=0555")
    options = f"size={room.tmp_bytes},nr_inodes={room.tmp_files + 1},mode=0700"
    kernel.mount("none", "/tmp", "tmpfs", inside | kernel.MS_NOEXEC, options)  # noqa: S108 - fresh for this cell
    os.chdir("/tmp")  # noqa: S108


def _hand_over(init: int, namespaces: int) -> None:
    """The trusted side kills and watches through the pidfd, asks the folder how full it is, and lets one process in."""
    own_end = socket.socket(fileno=GATE)
    tmp = os.open("/tmp", os.O_PATH)  # noqa: S108
    doors = [os.open(name, os.O_RDONLY, dir_fd=namespaces) for name in gate.NAMESPACES]
    socket.send_fds(own_end, [gate.ROOM_BUILT], [os.pidfd_open(init), tmp, *doors])
    own_end.detach()


def _init(walls: Walls) -> NoReturn:
    """Process 1: gives up every right, tells so, and reaps whoever loses a parent until it is killed."""
    try:
        if walls.device == "cuda":
            Step.name = "mounts"
            kernel.mount("proc", "/proc", "proc", kernel.MS_NOSUID | kernel.MS_NODEV | kernel.MS_NOEXEC)
        end_all_rights(walls)
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
        os.write(GATE, gate.INIT)
        kernel.close_descriptors_from(0)
        while True:
            _reap()
            signal.sigwait({signal.SIGCHLD})
    except BaseException as error:
        tell_fault(error)
    finally:
        os._exit(1)


def _reap() -> None:
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass

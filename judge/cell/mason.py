"""The small process inside the box that begins the room of each cell: it forks process 1 of it, which builds the rest.

It leaves the zygote before torch is imported, so its forks cost a tenth of the zygote's. It makes a pid namespace and
forks into it: the *init*. This makes the other namespaces and the mounts while it still may, hands them over, gives up
all rights, and from then on holds the room open and reaps; it never runs a candidate's code. The trusted side speaks to
it over the ``gate``. A step that fails is told there as a fault; nothing goes on without a wall.
"""

from __future__ import annotations

import os
import select
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
    kernel.CLONE_NEWUSER | kernel.CLONE_NEWNS | kernel.CLONE_NEWIPC | kernel.CLONE_NEWUTS | kernel.CLONE_NEWNET
    | kernel.CLONE_NEWCGROUP
)  # fmt: skip
"""Those that init makes; its pid namespace was there before it, and so belongs to the box's user namespace."""


@dataclass(frozen=True)
class Room:
    """What must be known when a room is built: its user, and the size of its only writable folder."""

    uid: int
    tmp_bytes: int
    tmp_files: int


def serve(orders: socket.socket, walls: Walls) -> NoReturn:
    """Begins a room for each order, and reaps its process 1 when that ended, until the trusted side is gone."""
    _set_signals_for_init()
    own_pid_namespace = os.open("/proc/self/ns/pid", os.O_RDONLY)
    poll = select.poll()
    poll.register(orders, select.POLLIN)
    while True:
        for ready, _ in poll.poll():
            if ready == orders.fileno():
                message, descriptors, _, _ = socket.recv_fds(orders, 64, 1)
                if not message:
                    os._exit(0)
                pidfd = _begin_room(Room(*gate.ROOM.unpack(message)), walls, descriptors, own_pid_namespace)
                if pidfd is not None:
                    poll.register(pidfd, select.POLLIN)
            else:
                os.waitid(os.P_PIDFD, ready, os.WEXITED)
                poll.unregister(ready)
                os.close(ready)


def _set_signals_for_init() -> None:
    """Once, here, since Python takes a while over a signal; every init inherits them.

    No handler: the candidate could have one of Python's called in init. Of children that ended, init hears by waiting.
    """
    for number in (signal.SIGINT, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, {signal.SIGCHLD})


def _begin_room(room: Room, walls: Walls, descriptors: list[int], own_pid_namespace: int) -> int | None:
    """Forks process 1 of a new pid namespace and returns its pidfd; a failure to do so is told over the gate."""
    [gate_end] = descriptors
    try:
        kernel.unshare(kernel.CLONE_NEWPID)
        init = os.fork()
        if init == 0:
            _init(room, walls, gate_end)
        return os.pidfd_open(init)
    except OSError as error:  # no memory or no process number for another one: a fault, but no end of ours
        os.write(gate_end, gate.FAULT + f"fork: {error}".encode())
        return None
    finally:
        kernel.setns(own_pid_namespace)
        os.close(gate_end)


def _init(room: Room, walls: Walls, gate_end: int) -> NoReturn:
    """Process 1: builds its room, gives up every right, and reaps whoever loses a parent until it is killed."""
    try:
        os.dup2(gate_end, GATE)
        for descriptor in range(1, GATE):
            os.dup2(0, descriptor)  # /dev/null; nothing of the box's own
        kernel.close_descriptors_from(GATE + 1)
        if walls.device == "cuda":
            _mount_proc()
        begin(room.uid)
        _build_room(room, walls)
        end_all_rights(walls)
        os.write(GATE, gate.INIT)
        kernel.close_descriptors_from(0)
        while True:
            _reap()
            signal.sigwait({signal.SIGCHLD})
    except BaseException as error:
        tell_fault(error)
    finally:
        os._exit(1)  # whatever it was, this child must not go on as a second mason


def _mount_proc() -> None:
    """CUDA cannot start without a ``/proc``: one that shows only the cell.

    It takes rights over the pid namespace, which is the box's: so before init becomes the cell's user, in a mount
    namespace that only the room's own is made from.
    """
    Step.name = "proc"
    kernel.unshare(kernel.CLONE_NEWNS)
    kernel.mount(None, "/", None, kernel.MS_REC | kernel.MS_PRIVATE)
    kernel.mount("proc", "/proc", "proc", kernel.MS_NOSUID | kernel.MS_NODEV | kernel.MS_NOEXEC)


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
    _hand_over(namespaces)


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
    For CUDA, ``/proc`` shows only the cell by now.
    """
    inside = kernel.MS_NOSUID | kernel.MS_NODEV
    kernel.mount(None, "/", None, kernel.MS_REC | kernel.MS_PRIVATE)
    if covers_proc:
        kernel.mount("none", "/proc", "tmpfs", inside | kernel.MS_NOEXEC | kernel.MS_RDONLY, "nr_inodes=1,mode=0555")
    options = f"size={room.tmp_bytes},nr_inodes={room.tmp_files + 1},mode=0700"
    kernel.mount("none", "/tmp", "tmpfs", inside | kernel.MS_NOEXEC, options)  # noqa: S108 - fresh for this cell
    os.chdir("/tmp")  # noqa: S108


def _hand_over(namespaces: int) -> None:
    """The trusted side kills and watches through the pidfd, asks the folder how full it is, and lets one process in."""
    Step.name = "hand-over"
    own_end = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET, 0, GATE)
    tmp = os.open("/tmp", os.O_PATH)  # noqa: S108
    doors = [os.open(name, os.O_RDONLY, dir_fd=namespaces) for name in gate.NAMESPACES]
    socket.send_fds(own_end, [gate.ROOM_BUILT], [os.pidfd_open(os.getpid()), tmp, *doors])
    own_end.detach()
    kernel.close_descriptors_from(GATE + 1)


def _reap() -> None:
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass

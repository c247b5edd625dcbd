"""Turns a fork of the zygote into a cell: puts up every wall in order, waits for its limits, then serves one job.

Three processes in turn. The *builder*, a child of the zygote, makes namespaces and mounts while it still may, and
leaves. The *init* is process 1 of the new pid namespace: it gives up all rights and waits for the *candidate*,
process 2, which runs the job. The trusted side speaks to them over the ``gate``, a socket that is closed before any
code of a candidate runs. A step that fails is told over the gate as a fault; nothing goes on without a wall.
"""

from __future__ import annotations

import os
import random
import resource
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import torch

from judge.cell import answering, gate, kernel, landlock, warmup

CHANNEL, GATE = 3, 4
"""The cell's descriptors besides stdin, stdout and stderr; the candidate sees only the first."""

HOST_NAME = "cell"
INNER_ID = 1000

_NAMESPACES = (
    kernel.CLONE_NEWUSER | kernel.CLONE_NEWNS | kernel.CLONE_NEWPID | kernel.CLONE_NEWIPC | kernel.CLONE_NEWUTS
    | kernel.CLONE_NEWNET | kernel.CLONE_NEWCGROUP
)  # fmt: skip

_MOST_DESCRIPTORS = 1024
_MOST_PENDING_SIGNALS = 1024  # and timers, which are kernel memory too
_STACK_BYTES = 8 * 1024 * 1024


@dataclass(frozen=True)
class Walls:
    """What the zygote found out once and every cell uses: the seccomp program and what this kernel has."""

    device: str
    seccomp: bytes
    landlock: int
    devices: tuple[str, ...]
    no_nested_namespaces: bool
    """Whether ``/proc/sys/user`` can be written here; where a container engine keeps it read-only, seccomp is alone."""


@dataclass(frozen=True)
class Shape:
    """What must be known when a cell is made: its user, and the size of its only writable folder."""

    uid: int
    tmp_bytes: int
    tmp_files: int


class _Step:
    """Names the wall being put up, for the fault message."""

    name = "start"


def build(shape: Shape, walls: Walls, gate_end: int, channel: int, stdout: int, stderr: int) -> None:
    """Runs in a child of the zygote and never returns."""
    try:
        _build(shape, walls, gate_end, channel, stdout, stderr)
    except BaseException as error:
        _tell_fault(error)
    finally:
        os._exit(1)  # whatever it was, this child must not go on as a second zygote


def _tell_fault(error: BaseException) -> None:
    with suppress(OSError):
        os.write(GATE, gate.FAULT + f"{_Step.name}: {type(error).__name__}: {error}".encode()[:500])


def _build(shape: Shape, walls: Walls, gate_end: int, channel: int, stdout: int, stderr: int) -> None:
    _keep_descriptors(gate_end, channel, stdout, stderr)
    os.setsid()
    _default_signals()
    os.umask(0o077)
    _Step.name = "cgroup"
    _ask(gate.HELLO, gate.JOINED)
    _Step.name = "user"
    if os.getuid() == 0:  # the box has a range of users: one of its own for this cell
        os.setgroups([])
        os.setresgid(shape.uid, shape.uid, shape.uid)
        os.setresuid(shape.uid, shape.uid, shape.uid)
    kernel.prctl(kernel.PR_SET_DUMPABLE, 1)  # setresuid cleared it, and the maps below need it
    kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)  # setresuid cleared that too, so not earlier
    if os.getppid() != 1:
        raise RuntimeError("the zygote is gone")
    _Step.name = "namespaces"
    uid, gid = os.getuid(), os.getgid()
    kernel.unshare(_NAMESPACES)
    _write("/proc/self/setgroups", "deny")
    _write("/proc/self/uid_map", f"{INNER_ID} {uid} 1")
    _write("/proc/self/gid_map", f"{INNER_ID} {gid} 1")
    if walls.no_nested_namespaces:
        _write("/proc/sys/user/max_user_namespaces", "0")
    kernel.sethostname(HOST_NAME)
    _Step.name = "mounts"
    _mounts(shape, covers_proc=walls.device != "cuda")
    _Step.name = "init"
    init = os.fork()
    if init == 0:
        _init(walls)
    _hand_over_init(init)
    os._exit(0)


def _keep_descriptors(gate_end: int, channel: int, stdout: int, stderr: int) -> None:
    """stdin is the zygote's ``/dev/null``; everything else of the zygote is closed."""
    high = [os.dup2(fd, 100 + place) for place, fd in enumerate((stdout, stderr, channel, gate_end))]
    for place, fd in enumerate(high):
        os.dup2(fd, 1 + place)
    kernel.close_descriptors_from(GATE + 1)


def _default_signals() -> None:
    """Python's own choice stays: SIGPIPE and SIGXFSZ become exceptions."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())


def _ask(message: bytes, answer: bytes) -> bytes:
    """Sends over the gate and waits; returns what follows ``answer``."""
    os.write(GATE, message)
    return _answer(answer)


def _answer(answer: bytes) -> bytes:
    received = os.read(GATE, 512)
    if not received.startswith(answer):
        raise RuntimeError(f"expected {answer!r} from the trusted side, not {received!r}")
    return received[len(answer) :]


def _write(path: str, text: str) -> None:
    opened = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(opened, text.encode())
    finally:
        os.close(opened)


def _mounts(shape: Shape, *, covers_proc: bool) -> None:
    """A private view of the box: its root and binds are read-only and locked, ``/proc`` covered, ``/tmp`` fresh.

    The root was made by bubblewrap for cells to share: nothing in it can be written, so nothing of one cell is there
    for the next. Every mount of it is locked, because this mount namespace belongs to a lesser user namespace.
    CUDA cannot start without a ``/proc``: there, init mounts one that shows only the cell.
    """
    inside = kernel.MS_NOSUID | kernel.MS_NODEV
    kernel.mount(None, "/", None, kernel.MS_REC | kernel.MS_PRIVATE)
    if covers_proc:
        kernel.mount("none", "/proc", "tmpfs", inside | kernel.MS_NOEXEC | kernel.MS_RDONLY, "nr_inodes=1,mode=0555")
    options = f"size={shape.tmp_bytes},nr_inodes={shape.tmp_files + 1},mode=0700"
    kernel.mount("none", "/tmp", "tmpfs", inside | kernel.MS_NOEXEC, options)  # noqa: S108 - fresh for this cell
    os.chdir("/tmp")  # noqa: S108


def _hand_over_init(init: int) -> None:
    """The trusted side kills and watches through the pidfd, and asks the folder how full it is."""
    own_end = socket.socket(fileno=GATE)
    tmp = os.open("/tmp", os.O_PATH)  # noqa: S108
    socket.send_fds(own_end, [gate.INIT], [os.pidfd_open(init), tmp])
    own_end.detach()


def _init(walls: Walls) -> None:
    """Process 1: gives up every right, starts the candidate, reaps, tells how the candidate ended."""
    try:
        if walls.device == "cuda":
            _Step.name = "mounts"
            kernel.mount("proc", "/proc", "proc", kernel.MS_NOSUID | kernel.MS_NODEV | kernel.MS_NOEXEC)
        _Step.name = "rlimits"
        _fixed_limits()
        _Step.name = "capabilities"
        kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
        kernel.drop_capabilities()
        kernel.prctl(kernel.PR_SET_DUMPABLE, 0)
        if walls.landlock:
            _Step.name = "landlock"
            landlock.restrict(walls.landlock, walls.devices)
        _Step.name = "seccomp"
        kernel.install_seccomp(walls.seccomp)
        _Step.name = "candidate"
        # With a handler, process 1 could be ended from inside, and that would look like a fault of ours.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        candidate = os.fork()
        if candidate == 0:
            _candidate(walls.device)
        _reap(candidate)
    except BaseException as error:
        _tell_fault(error)
    finally:
        os._exit(1)


def _fixed_limits() -> None:
    for limit, value in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_MEMLOCK, 0),
        (resource.RLIMIT_MSGQUEUE, 0),
        (resource.RLIMIT_RTPRIO, 0),
        (resource.RLIMIT_SIGPENDING, _MOST_PENDING_SIGNALS),
        (resource.RLIMIT_NOFILE, _MOST_DESCRIPTORS),
        (resource.RLIMIT_STACK, _STACK_BYTES),
    ):
        resource.setrlimit(limit, (value, value))


def _reap(candidate: int) -> None:
    for descriptor in range(GATE):
        os.close(descriptor)  # so that the candidate's end of the channel is the only one
    while True:
        pid, status, usage = os.wait4(-1, 0)
        if pid == candidate:
            total = resource.getrusage(resource.RUSAGE_CHILDREN)
            cpu = max(usage.ru_utime + usage.ru_stime, total.ru_utime + total.ru_stime)
            os.write(GATE, gate.EXIT + gate.EXIT_TAIL.pack(status, int(cpu * 1e6)))
            os._exit(0)  # and with process 1 the kernel ends every other process of this cell


def _candidate(device: str) -> None:
    """Process 2: last limits, then the driver."""
    try:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        _reseed()
        if device == "cuda":
            _Step.name = "cuda"
            torch.zeros(1, device=device).add_(1).item()  # after the fork: a context does not survive one
        os.write(GATE, gate.READY)
        warmup.run()  # touches what an exam touches, while nobody waits: 2,000 pages are copied here and not later
        limits = _answer(gate.LIMITS)
        cpu_seconds, file_bytes, processes, open_files, address_bytes = gate.LIMITS_TAIL.unpack(limits)
        for limit, value in (
            (resource.RLIMIT_CPU, cpu_seconds),
            (resource.RLIMIT_FSIZE, file_bytes),
            (resource.RLIMIT_NPROC, processes),
            (resource.RLIMIT_NOFILE, open_files),
        ):
            resource.setrlimit(limit, (value, value))
        if address_bytes:
            resource.setrlimit(resource.RLIMIT_AS, (address_bytes, address_bytes))
        os.close(GATE)
        serve = _forget_ourselves()
    except BaseException as error:
        try:
            _tell_fault(error)
        finally:
            os._exit(1)
    try:
        serve(CHANNEL)
        for stream in (sys.stdout, sys.stderr):
            with suppress(Exception):
                stream.flush()
    finally:
        os._exit(0)


def _reseed() -> None:
    """Every fork has the zygote's random state; without this, cells would draw the same numbers."""
    seed = int.from_bytes(os.urandom(8), "little")
    random.seed(seed)
    if numpy_random := sys.modules.get("numpy.random"):
        numpy_random.seed(seed & 0xFFFFFFFF)
    torch.default_generator.manual_seed(seed)  # torch.manual_seed asks after every kind of accelerator: 9 ms


def _forget_ourselves() -> Callable[[int], None]:
    """Takes jail and zygote out of reach of plain imports; tidiness, not a wall, since nothing here is believed."""
    serve = answering.answer
    for name in ("jail", "gate", "zygote", "kernel", "landlock"):
        sys.modules.pop(f"judge.cell.{name}", None)
    return serve

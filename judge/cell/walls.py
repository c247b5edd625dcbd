"""What the processes of a cell have in common while they put up walls: how they speak, and the last walls of each."""

from __future__ import annotations

import os
import resource
import signal
from contextlib import suppress
from dataclasses import dataclass

from judge.cell import gate, kernel, landlock

GATE = 4
"""The descriptor of the gate in every process that puts up walls: the next after a candidate's channel."""

_MOST_DESCRIPTORS = 1024
_MOST_PENDING_SIGNALS = 1024  # and timers, which are kernel memory too
_STACK_BYTES = 8 * 1024 * 1024


@dataclass(frozen=True)
class Walls:
    """What is found out once and every cell uses: the seccomp program and what this kernel has."""

    device: str
    seccomp: bytes
    landlock: int
    last_capability: int
    devices: tuple[str, ...]
    no_nested_namespaces: bool
    """Whether ``/proc/sys/user`` can be written here; where a container engine keeps it read-only, seccomp is alone."""


class Step:
    """Names the wall being put up, for the fault message."""

    name = "start"


def tell_fault(error: BaseException) -> None:
    """Tells the trusted side which wall could not be put up, if it still listens."""
    with suppress(OSError):
        os.write(GATE, gate.FAULT + f"{Step.name}: {type(error).__name__}: {error}".encode()[:500])


def answer(expected: bytes) -> bytes:
    """Waits for the trusted side to say this; returns what follows it."""
    received = os.read(GATE, 512)
    if not received.startswith(expected):
        raise RuntimeError(f"expected {expected!r} from the trusted side, not {received!r}")
    return received[len(expected) :]


def begin(uid: int) -> None:
    """A session and a control group of its own, then the user of the cell where the box has one for each."""
    os.setsid()
    os.umask(0o077)
    Step.name = "cgroup"
    os.write(GATE, gate.HELLO)
    answer(gate.JOINED)
    Step.name = "user"
    if os.getuid() == 0:
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
    kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)  # setresuid cleared it, so not earlier


def end_all_rights(walls: Walls) -> None:
    """The last walls, after which a process can do what a candidate's may do."""
    Step.name = "rlimits"
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
    Step.name = "capabilities"
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    kernel.drop_capabilities(walls.last_capability)
    kernel.prctl(kernel.PR_SET_DUMPABLE, 0)
    if walls.landlock:
        Step.name = "landlock"
        landlock.restrict(walls.landlock, walls.devices)
    Step.name = "seccomp"
    kernel.install_seccomp(walls.seccomp)

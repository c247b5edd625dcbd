"""Turns a fork of the zygote into the candidate's process of a cell, which waits for its limits and serves one job.

The mason has built the room: namespaces, mounts and a process 1. The fork was made inside its pid namespace; here it
enters the others and puts up its own last walls, before it is given any code. It speaks to the trusted side over the
``gate``, a socket that is closed before any code of a candidate runs.
"""

from __future__ import annotations

import math
import os
import resource
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from typing import NoReturn

from judge.cell import answering, gate, kernel, warmup
from judge.cell.walls import GATE, Step, Walls, answer, begin, end_all_rights, tell_fault

CHANNEL = 3
"""The cell's descriptor besides stdin, stdout and stderr."""


def enter(uid: int, walls: Walls, descriptors: list[int]) -> NoReturn:
    """Runs in a child of the zygote; ``descriptors`` are those of ``gate.SPAWN``."""
    try:
        doors = _keep_descriptors(*descriptors)
        _set_signals()
        begin(uid)
        _go_in(doors)
        end_all_rights(walls)
        _wait_for_limits(walls)
        serve = _forget_ourselves()
    except BaseException as error:
        try:
            tell_fault(error)
        finally:
            os._exit(1)  # whatever it was, this child must not go on as a second zygote
    try:
        serve(CHANNEL)
        for stream in (sys.stdout, sys.stderr):
            with suppress(Exception):
                stream.flush()
    finally:
        os._exit(0)


def _keep_descriptors(gate_end: int, channel: int, stdout: int, stderr: int, *doors: int) -> list[int]:
    """stdin is the zygote's ``/dev/null``; returns where the doors are, and everything else of the zygote is closed."""
    ours = (stdout, stderr, channel, gate_end, *doors)
    free = 1 + max(*ours, len(ours))  # above all of them, however many gates of other cells the zygote holds
    high = [os.dup2(fd, free + place) for place, fd in enumerate(ours)]
    for place, fd in enumerate(high):
        os.dup2(fd, 1 + place)
    kernel.close_descriptors_from(1 + len(high))
    return list(range(GATE + 1, 1 + len(high)))


def _set_signals() -> None:
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())


def _go_in(doors: list[int]) -> None:
    """Into the room's namespaces, its user namespace first: that gives the right to enter the others."""
    Step.name = "namespaces"
    for door in doors:
        kernel.setns(door)
    kernel.close_descriptors_from(GATE + 1)
    os.chdir("/tmp")  # noqa: S108 - the room's own


def _wait_for_limits(walls: Walls) -> None:
    Step.name = "candidate"
    taken = _start_the_driver(walls.device) if walls.device != "cpu" else 0
    os.write(GATE, gate.READY)
    limits = answer(gate.LIMITS)
    cpu_seconds, file_bytes, processes, open_files, address_bytes = gate.LIMITS_TAIL.unpack(limits)
    for limit, value in (
        (resource.RLIMIT_CPU, cpu_seconds + math.ceil(time.process_time())),
        (resource.RLIMIT_FSIZE, file_bytes),
        (resource.RLIMIT_NPROC, processes),
        (resource.RLIMIT_NOFILE, open_files + taken),
    ):
        resource.setrlimit(limit, (value, value))
    if address_bytes:
        resource.setrlimit(resource.RLIMIT_AS, (address_bytes, address_bytes))
    os.close(GATE)


def _start_the_driver(device: str) -> int:
    """Here, since what a driver sets up in a process survives no fork; returns how many descriptors it keeps open.

    A rehearsal has it load the kernels of an exam, each of which takes the driver tens of milliseconds.
    """
    Step.name = device
    before = len(list(os.scandir("/proc/self/fd")))
    warmup.run(device)
    return len(list(os.scandir("/proc/self/fd"))) - before


def _forget_ourselves() -> Callable[[int], None]:
    """Takes jail and zygote out of reach of plain imports; tidiness, not a wall, since nothing here is believed."""
    serve = answering.answer
    for name in ("jail", "gate", "zygote", "mason", "walls", "kernel", "pages", "moving", "landlock", "warmup"):
        sys.modules.pop(f"judge.cell.{name}", None)
    return serve

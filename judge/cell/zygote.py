"""The process inside the box that imported torch once and forks cells; process 1 of the box, and it never runs a job.

It is told over one socket what to fork and answers nothing but ``ready``: a cell speaks for itself over its gate, and
the zygote only adds how it ended. It has one thread that forks; the rooms it forks into are built by the mason. When
the trusted side goes away, the socket ends, the zygote exits, and with process 1 the kernel ends every cell.
"""

from __future__ import annotations

import gc
import importlib
import os
import select
import signal
import socket
import sys
import warnings
from contextlib import suppress

from judge.cell import gate, kernel, landlock, mason, moving, pages, seccomp
from judge.cell.walls import Walls

_WARM_MODULES = (
    "numpy", "numpy.random", "torch", "torch._decomp", "torch._refs",
    "torch.nn.functional", "torch.utils.data",
    "abc", "ast", "bisect", "collections", "contextlib", "copy", "cProfile", "dataclasses", "decimal", "enum",
    "fractions", "functools", "heapq", "inspect", "io", "itertools", "json", "linecache", "logging", "math",
    "operator", "pathlib", "pprint", "queue", "random", "re", "statistics", "string", "tempfile", "textwrap",
    "threading", "time", "timeit", "tokenize", "traceback", "types", "typing", "typing_extensions", "unittest",
    "warnings", "weakref",
    "judge.cell.driver", "judge.cell.answering", "judge.cell.jail", "judge.cell.seccomp",
)  # fmt: skip
"""What a candidate's file may import, imported before the fork: a cell then reads no module from disk."""


_REHEARSALS = 4
"""Python adapts a function to what it meets after some eight calls; each of these calls the driver a dozen times."""


def main() -> None:
    """``zygote.py ORDERS ROOMS DEVICE MEMORY``: two sockets, to the zygote and to the mason, then ``cpu`` or ``cuda``,
    and ``moved`` or ``left``."""
    os.environ.clear()  # bubblewrap leaves PWD
    *sockets, device, memory = sys.argv[1:]
    orders, rooms = (socket.socket(fileno=int(number)) for number in sockets)
    pages.map_after_forks()
    walls = _walls(device)
    masons = os.fork()  # before torch: its own forks must stay cheap
    if masons == 0:
        orders.close()
        mason.serve(rooms, walls)
    rooms.close()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # libraries about themselves; a candidate's own warnings are shown
        _warm_up(walls.device)
    from judge.cell import warmup

    gc.collect()
    pages.close_gaps()
    gc.freeze()
    # With a driver's own mappings it was never tried.
    moved = moving.move() if memory == "moved" and walls.device == "cpu" else 0
    if not moved:
        kernel.use_huge_pages()
    if walls.device == "cpu":
        warmup.learn_pages()
    orders.send(gate.ZYGOTE_READY.pack(b"ready", walls.landlock, walls.no_nested_namespaces, moved))
    _Zygote(orders, masons, walls).serve()


def _warm_up(device: str) -> None:
    """Imports and runs everything once on one thread: a fork after a multi-threaded operation hangs for ever.

    Where a GPU is in sight it only imports: the first backward pass of a process starts the driver in it and a thread
    for the device, and neither survives a fork.
    """
    import torch

    torch.set_num_threads(1)
    torch.set_num_interop_threads(1)
    torch.backends.cudnn.allow_tf32 = False  # a convolution is exact then, as everything else on a GPU is
    for name in _WARM_MODULES:
        importlib.import_module(name)
    from judge.cell import norms, ordinary, warmup

    norms.install()
    ordinary.settle()
    for _ in range(_REHEARSALS if device == "cpu" else 0):
        warmup.run(device)
    warnings.resetwarnings()


def _walls(device: str) -> Walls:
    devices = ["/dev/null", "/dev/zero"]
    if device == "cuda":
        devices += sorted(entry.path for entry in os.scandir("/dev") if entry.name.startswith("nvidia"))
        devices.append("/proc/self/task")  # the driver names its threads, or gives up: error 304
    return Walls(
        device=device,
        seccomp=seccomp.program(device),
        landlock=landlock.abi(),
        last_capability=kernel.last_capability(),
        devices=tuple(devices),
        no_nested_namespaces=os.statvfs("/proc/sys").f_flag & os.ST_RDONLY == 0,
    )


class _Zygote:
    """Forks when told to, tells how a candidate's process ended, leaves when the trusted side or the mason is gone."""

    def __init__(self, orders: socket.socket, masons: int, walls: Walls) -> None:
        self.orders, self.mason, self.walls = orders, masons, walls
        self.own_pid_namespace = os.open("/proc/self/ns/pid", os.O_RDONLY)
        self.gates: dict[int, int] = {}

    def serve(self) -> None:
        wake_read, wake_write = os.pipe()
        os.set_blocking(wake_read, False)
        os.set_blocking(wake_write, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
        self.reap()  # nobody told of a mason that ended before there was a handler
        poll = select.poll()
        poll.register(self.orders.fileno(), select.POLLIN)
        poll.register(wake_read, select.POLLIN)
        while True:
            ready = {descriptor for descriptor, _ in poll.poll()}
            if wake_read in ready:
                os.read(wake_read, 4096)
                self.reap()
            if self.orders.fileno() in ready:
                message, descriptors, _, _ = socket.recv_fds(self.orders, 64, gate.SPAWN_DESCRIPTORS)
                if not message:
                    os._exit(0)
                (uid,) = gate.SPAWN.unpack(message)
                self.spawn(uid, descriptors)

    def spawn(self, uid: int, descriptors: list[int]) -> None:
        """A fork in the room's pid namespace; a fork there is no child of its init, so we tell how it ends."""
        from judge.cell import jail

        gate_end, *others, pid_namespace = descriptors
        try:
            kernel.setns(pid_namespace)
            child = os.fork()
            if child == 0:
                jail.enter(uid, self.walls, [gate_end, *others])
            self.gates[child] = gate_end
        except OSError as error:  # no memory or no process number for another one: a fault, but no end of ours
            os.write(gate_end, gate.FAULT + f"fork: {error}".encode())
            os.close(gate_end)
        finally:
            kernel.setns(self.own_pid_namespace)
            for descriptor in (*others, pid_namespace):
                os.close(descriptor)

    def reap(self) -> None:
        with suppress(ChildProcessError):
            while True:
                child, status, usage = os.wait4(-1, os.WNOHANG)
                if child == 0:
                    return
                if child == self.mason:
                    sys.exit("The mason ended.")
                if (gate_end := self.gates.pop(child, None)) is not None:
                    microseconds = int((usage.ru_utime + usage.ru_stime) * 1e6)
                    with suppress(OSError):
                        os.write(gate_end, gate.EXIT + gate.EXIT_TAIL.pack(status, microseconds))
                    os.close(gate_end)


if __name__ == "__main__":
    main()

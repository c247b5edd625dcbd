"""The process inside the box that imported torch once and forks cells; process 1 of the box, and it never runs a job.

It is told over one socket what to fork and answers nothing but ``ready``: a cell speaks for itself over its gate. It
has one thread that forks. When the trusted side goes away, the socket ends, the zygote exits, and with process 1 the
kernel ends every cell.
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

from judge.cell import gate

_WARM_MODULES = (
    "numpy", "numpy.random", "torch", "torch._decomp", "torch._refs", "torch.nn.functional", "torch.utils.data",
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
    """``zygote.py CONTROL DEVICE``: the socket's descriptor and ``cpu`` or ``cuda``."""
    os.environ.clear()  # bubblewrap leaves PWD
    control = socket.socket(fileno=int(sys.argv[1]))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # libraries about themselves; a candidate's own warnings are shown
        _warm_up()
    from judge.cell import kernel

    gc.collect()
    gc.freeze()
    kernel.use_huge_pages()
    walls = _walls(sys.argv[2])
    control.send(gate.ZYGOTE_READY.pack(b"ready", walls.landlock, walls.no_nested_namespaces))
    _serve(control, walls)


def _warm_up() -> None:
    """Imports and runs everything once on one thread: a fork after a multi-threaded operation hangs for ever."""
    import torch

    torch.set_num_threads(1)
    torch.set_num_interop_threads(1)
    for name in _WARM_MODULES:
        importlib.import_module(name)
    from judge.cell import norms, warmup

    norms.install()
    for _ in range(_REHEARSALS):
        warmup.run()
    warnings.resetwarnings()


def _walls(device: str):  # type: ignore[no-untyped-def]  # Walls; importing it at the top would import torch there
    from judge.cell import jail, landlock, pages, seccomp, warmup

    devices = ["/dev/null", "/dev/zero"]
    if device == "cuda":
        devices += sorted(entry.path for entry in os.scandir("/dev") if entry.name.startswith("nvidia"))
    return jail.Walls(
        device=device,
        seccomp=seccomp.program(device),
        landlock=landlock.abi(),
        devices=tuple(devices),
        no_nested_namespaces=os.statvfs("/proc/sys").f_flag & os.ST_RDONLY == 0,
        pages=pages.learn(warmup.run),
    )


def _serve(control: socket.socket, walls) -> None:  # type: ignore[no-untyped-def]  # as above
    """Forks when told to, reaps when one ended, leaves when the trusted side is gone."""
    from judge.cell import jail

    wake_read, wake_write = os.pipe()
    os.set_blocking(wake_read, False)
    os.set_blocking(wake_write, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
    poll = select.poll()
    poll.register(control.fileno(), select.POLLIN)
    poll.register(wake_read, select.POLLIN)
    while True:
        ready = {descriptor for descriptor, _ in poll.poll()}
        if wake_read in ready:
            os.read(wake_read, 4096)
            _reap()
        if control.fileno() in ready:
            message, descriptors, _, _ = socket.recv_fds(control, 64, gate.SPAWN_DESCRIPTORS)
            if not message:
                os._exit(0)
            shape = jail.Shape(*gate.SPAWN.unpack(message))
            try:
                if os.fork() == 0:
                    jail.build(shape, walls, *descriptors)
            except OSError as error:  # no memory or no process number for another one: a fault, but no end of ours
                os.write(descriptors[0], gate.FAULT + f"fork: {error}".encode())
            for descriptor in descriptors:
                os.close(descriptor)


def _reap() -> None:
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


if __name__ == "__main__":
    main()

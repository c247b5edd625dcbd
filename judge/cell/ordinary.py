"""Makes a cell an ordinary small machine to a file that asks who and where it is, for an event loop or a compiler.

What a cell cannot have (a socket, a compiler) is stood in for by what needs none, or an honest layer would fail here
that is right everywhere else. Not a wall: everything in this file lives beside the candidate's code.
"""

from __future__ import annotations

import os
import sys
from asyncio import selector_events
from typing import Any

VARIABLES = {
    "HOME": "/tmp",  # noqa: S108 - the cell's own, and the only folder that can be written
    "LANG": "C.UTF-8",
    "LOGNAME": "candidate",
    "PATH": "/usr/bin:/bin",
    "PYTHONTZPATH": "",  # time zones come from the package tzdata, which is the same on every machine
    "USER": "candidate",
}
"""What a variable names is the same in every cell on every machine, and tells nothing of either."""


def settle() -> None:
    """Once in the zygote, after everything was imported: every cell inherits it."""
    import torch  # here, since the doctor asks for the variables alone

    from judge.cell.norms import SOURCE_NAME

    os.environ.update(VARIABLES)
    sys.argv[:] = [SOURCE_NAME]
    loops: Any = selector_events.BaseSelectorEventLoop
    loops._make_self_pipe = _make_self_pipe
    replaced: Any = torch
    replaced.compile = _compile
    replaced.nn.Module.compile = _compile_module
    replaced.set_num_interop_threads = _set_num_interop_threads


class _End:
    """One end of a pipe, with what an event loop asks of a socket."""

    def __init__(self, descriptor: int) -> None:
        os.set_blocking(descriptor, False)
        self._descriptor = descriptor

    def fileno(self) -> int:
        return self._descriptor

    def recv(self, size: int) -> bytes:
        return os.read(self._descriptor, size)

    def send(self, data: bytes) -> int:
        return os.write(self._descriptor, data)

    def close(self) -> None:
        os.close(self._descriptor)


def _make_self_pipe(loop: Any) -> None:
    """How a loop is woken: asyncio makes a pair of sockets, which no cell can; a pipe does the same."""
    loop._ssock, loop._csock = map(_End, os.pipe())
    loop._internal_fds += 1
    loop._add_reader(loop._ssock.fileno(), loop._read_from_self)


def _compile(model: Any = None, **options: Any) -> Any:
    """``torch.compile`` without a compiler: the function as it is written, and a word that it is."""
    if model is None:
        return lambda function: _compile(function, **options)
    if not callable(model):
        raise AssertionError(f"A callable function is expected, but {type(model)} is provided.")
    _say_once("torch.compile: there is no compiler here; the code runs uncompiled, with the same results.")
    return model


def _compile_module(module: Any, *_arguments: Any, **_options: Any) -> None:
    _compile(module)


def _set_num_interop_threads(count: int) -> None:
    """Takes what torch takes; one operation runs at a time here, whatever is asked for."""
    if type(count) is not int:
        raise RuntimeError(f"set_num_interop_threads expects an int, but got {type(count).__name__}")
    if count <= 0:
        raise RuntimeError("set_num_interop_threads expects a positive integer")


_said: set[str] = set()


def _say_once(sentence: str) -> None:
    if sentence not in _said:
        _said.add(sentence)
        print(sentence, file=sys.stderr)

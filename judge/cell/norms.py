"""Watches which built-in normalisations run, by standing in for their kernels in torch's dispatcher.

A stand-in notes the operator and the candidate's line, then calls the kernel it stands in for, so a forbidden call
still shows how it would have scored, and a comparison with a built-in shows what torch computes. An honest layer never
meets a stand-in and pays nothing, where a ``TorchDispatchMode`` would slow every operator. Functions that leave no
operator behind (``torch._refs``, ``torch._decomp``) are wrapped by name. Evidence, not proof: all of this lives beside
the candidate's code.
"""

from __future__ import annotations

import importlib
import re
import sys
import types
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch._decomp import decomposition_table

SOURCE_NAME = "solution.py"
"""The file name the candidate's code is compiled under; tracebacks and findings are counted in it."""

_NORM = re.compile(r"(batch|layer|group|instance|rms)_norm")

_FUNCTION = re.compile(_NORM.pattern + "|^_normalize$")
"""The operators' twins in Python, and what ``torch._refs`` computes all of them with."""

_library = torch.library.Library("aten", "IMPL")  # type: ignore[no-untyped-call]  # torch leaves it untyped
_seen: dict[str, int | None] = {}
_state = {"watching": False, "installed": False, "inside": False}


def install() -> None:
    """Puts the stand-ins in place, once for the process and every cell forked from it."""
    if _state["installed"]:
        return
    _state["installed"] = True
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch says that a kernel is overridden; that is the point
        for overload in list(_overloads()):
            name = overload.name()
            for key in _keys(name):
                stand_in = _stand_in(overload, name, "CPU" if key.startswith("Composite") else key)
                _library.impl(overload, stand_in, key, with_keyset=True)  # type: ignore[no-untyped-call]
        _wrap_functions()


def watch() -> None:
    """From now on what runs is written down; before, a comparison at import time is the candidate's own business."""
    _state["watching"] = True


def forget() -> None:
    """Watches no more and knows nothing of what it saw, as before the first ``watch``."""
    _state["watching"] = False
    _seen.clear()


def findings() -> list[tuple[str, int | None]]:
    """Which built-in normalisations ran while watching: name and line in the candidate's file."""
    return list(_seen.items())


def inherited(layer_class: type) -> str | None:
    """The built-in normalisation the class inherits from, if there is one."""
    for base in layer_class.__mro__:
        if base.__module__.startswith("torch.nn.") and "Norm" in base.__name__:
            return f"torch.nn.{base.__name__}"
    return None


def _overloads() -> Iterator[Any]:
    for name in torch._C._dispatch_get_all_op_names():
        if name.startswith("aten::") and _NORM.search(name):
            packet, _, overload = name.removeprefix("aten::").partition(".")
            yield getattr(getattr(torch.ops.aten, packet), overload or "default")


def _keys(name: str) -> list[str]:
    """Where an operator has a kernel that runs here; a composite one serves the devices that have none of their own.

    Composite operators that autograd looks into end in the kernels below them; only ``rms_norm`` has none there.
    """
    own = [key for key in ("CPU", "CUDA", "MkldnnCPU") if torch._C._dispatch_has_kernel_for_dispatch_key(name, key)]
    composite = "CompositeImplicitAutograd" if name == "aten::rms_norm" else "CompositeExplicitAutograd"
    return own or [key for key in (composite,) if torch._C._dispatch_has_kernel_for_dispatch_key(name, key)]


def _stand_in(overload: Any, name: str, key: str) -> Callable[..., Any]:
    """Notes, and calls the kernel that ``key`` has until it is overridden."""
    kernel = torch.library.get_kernel(overload, torch._C._dispatch_key_parse(key))  # knows more keys than the enum
    return _wrapped(name.removeprefix("aten::"), kernel.call_boxed)


def _wrap_functions() -> None:
    """Wraps the Python twins of the operators, wherever torch keeps them."""
    importlib.import_module("torch._decomp.decompositions_for_jvp")  # scripts some of them, and reads no wrapper
    import torch._decomp.decompositions as decompositions
    import torch._refs as refs
    import torch._refs.nn.functional as refs_functional

    for module in (decompositions, refs, refs_functional):
        for name, value in list(vars(module).items()):
            if _FUNCTION.search(name) and isinstance(value, types.FunctionType):
                setattr(module, name, _wrapped(name, value))
    table: dict[Any, Callable[..., Any]] = decomposition_table
    for overload, function in list(table.items()):
        if _NORM.search(overload.name()):
            table[overload] = _wrapped(overload.name().removeprefix("aten::"), function)


def _wrapped(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        if _state["inside"]:  # one built-in computed by way of another is still one finding
            return function(*args, **kwargs)
        note(name)
        _state["inside"] = True
        try:
            return function(*args, **kwargs)
        finally:
            _state["inside"] = False

    return wrapper


def note(name: str, line: int | None = None) -> None:
    """Writes down that a built-in normalisation is at work, on the candidate's line that is being run."""
    line = line or _candidate_line()
    if _state["watching"] and not (line is None and name.endswith("_backward")):  # autograd's own half of a forward
        _seen.setdefault(name, line)


def _candidate_line() -> int | None:
    frame: types.FrameType | None = sys._getframe(1)
    while frame is not None:
        if frame.f_code.co_filename == SOURCE_NAME:
            return frame.f_lineno
        frame = frame.f_back
    return None

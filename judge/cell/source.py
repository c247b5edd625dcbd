"""Loads the candidate's file as a real module and finds the class the problem asks for; runs inside the cell."""

from __future__ import annotations

import io
import json
import linecache
import sys
import types
from typing import Any

import torch

from judge.cell.norms import SOURCE_NAME

MODULE_NAME = "solution"
_MOST_CLASSES = 8
"""Told of: more than anybody has to look through for a misspelt one."""


class CannotLoad(Exception):  # noqa: N818 - a fact about the candidate's file
    """The file is no usable answer; ``kind`` and ``message`` are for the candidate, ``line`` counts in their file.

    Where no exception of theirs says why, the message holds facts, of which ``judge.words`` makes a sentence.
    """

    def __init__(self, kind: str, line: int | None, message: str) -> None:
        super().__init__(message)
        self.kind = kind
        self.line = line
        self.message = message


def decode(source: bytes) -> str:
    """The source as text; raises ``CannotLoad`` for bytes that are not UTF-8."""
    try:
        return source.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = source.count(b"\n", 0, error.start) + 1
        raise CannotLoad("UnicodeDecodeError", line, "") from None


def load(text: str) -> types.ModuleType:
    """Runs the file as module ``solution``, known to ``sys.modules``, ``inspect`` and ``linecache``.

    Raises ``CannotLoad`` when it does not compile or its top level raises.
    """
    try:
        code = compile(text, SOURCE_NAME, "exec", dont_inherit=True)
    except SyntaxError as error:
        raise CannotLoad(type(error).__name__, error.lineno, error.msg) from None
    except (ValueError, OverflowError, MemoryError, RecursionError) as error:
        raise CannotLoad(type(error).__name__, None, str(error)) from None
    module = types.ModuleType(MODULE_NAME)
    module.__file__ = SOURCE_NAME
    sys.modules[MODULE_NAME] = module
    linecache.cache[SOURCE_NAME] = (len(text), None, lines(text), SOURCE_NAME)
    try:
        exec(code, module.__dict__)  # noqa: S102 - running the candidate's code is what a cell is for
    except BaseException as error:
        name, line, message = describe(error)
        raise CannotLoad(name, line, message) from None
    return module


def lines(text: str) -> list[str]:
    """The lines as Python counts them, each with its end: ``splitlines`` counts form feeds and others that end none."""
    return list(io.StringIO(text if text.endswith(("\n", "\r")) else f"{text}\n", newline=None))


def unload() -> None:
    """Forgets the module, so that the next file starts from nothing."""
    sys.modules.pop(MODULE_NAME, None)
    linecache.cache.pop(SOURCE_NAME, None)


def find_class(module: types.ModuleType, names: list[str]) -> type[Any]:
    """The first of ``names`` that is a class of the module; raises ``CannotLoad`` with what there is instead."""
    for name in names:
        found = module.__dict__.get(name)
        if isinstance(found, type) and issubclass(found, torch.nn.Module):
            return found
        if isinstance(found, type):
            raise CannotLoad("NotAModule", None, _facts(name, module))
        if found is not None:
            raise CannotLoad("NotAClass", None, _facts(name, module))
    raise CannotLoad("MissingClass", None, _facts(names[0], module))


def _facts(name: str, module: types.ModuleType) -> str:
    """The name that was looked for, the first classes of the file with whether each is a layer, and their count."""
    classes = [one for one in vars(module).values() if isinstance(one, type) and one.__module__ == MODULE_NAME]
    found = [(one.__name__, issubclass(one, torch.nn.Module)) for one in dict.fromkeys(classes)]
    return json.dumps([name, found[:_MOST_CLASSES], len(found)])


def describe(error: BaseException) -> tuple[str, int | None, str]:
    """Type, deepest line in the candidate's file, and message of an exception that may lie in all three."""
    line = None
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == SOURCE_NAME:
            line = trace.tb_lineno
        trace = trace.tb_next
    try:
        name = type.__getattribute__(type(error), "__name__")
        message = str(error)
        return str(name)[:200], line, message[:2000] if isinstance(message, str) else ""
    except BaseException:
        return "Exception", line, ""

"""The sample submissions of a problem: files whose folder is the verdict they must get and whose first line says why.

``# expects: momentum_reversed`` names the diagnosis a wrong answer must get, ``# expects: a, b`` two of them.
"""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch

from judge.cell import source
from judge.cell.driver import LayerFactory, Roles, find_roles
from judge.problem import Problem
from judge.report import Verdict

_EXPECTS = re.compile(r"#\s*expects:\s*(.+)")
_ID = re.compile(r"[a-z][a-z0-9_]*")
UNKNOWN = "unknown"
"""What a wrong answer expects that no misconception explains."""


@dataclass(frozen=True)
class Specimen:
    """One sample submission; ``expects`` are the misconceptions to be named, empty where nothing is to be said."""

    path: Path
    verdict: Verdict
    expects: tuple[str, ...]

    @property
    def name(self) -> str:
        return f"{self.verdict.value}/{self.path.name}"


def specimens(problem: Problem) -> tuple[Specimen, ...]:
    """All sample submissions of a problem, by folder and name; a folder that is no verdict raises ``ValueError``."""
    paths = sorted((problem.folder / "submissions").glob("*/*.py"))
    return tuple(Specimen(path, Verdict(path.parent.name), _expected(path)) for path in paths)


def _expected(path: Path) -> tuple[str, ...]:
    first = path.read_bytes().splitlines()[:1]
    found = _EXPECTS.match(first[0].decode("utf-8", "replace")) if first else None
    names = tuple(name.strip() for name in found[1].split(",")) if found else ()
    return tuple(name for name in names if _ID.fullmatch(name) and name != UNKNOWN)


@contextlib.contextmanager
def in_this_process(specimen: Specimen, problem: Problem, rank: int) -> Iterator[tuple[LayerFactory, Roles]]:
    """The layer of one of our own files, loaded beside the judge; nothing a candidate sent may come here.

    What it prints is dropped, and what it set for the whole process is set back.
    """
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        try:
            text = source.decode(specimen.path.read_bytes())
            build = source.find_class(source.load(text), list(problem.class_names))
            try:
                roles = find_roles(build, rank=rank)
            except Exception:  # as in a cell: the scenarios will tell what is wrong with it
                roles = Roles(None, None)
            yield build, roles
        finally:
            torch.set_default_dtype(torch.float32)
            torch.set_grad_enabled(True)

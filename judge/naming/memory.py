"""Keeps on disk what is learnt of a problem's wrong layers: seconds of work that depend on code and machine alone.

A file is believed only when its checksum is right and it names the problem's version, torch's and the kind of
processor; else it is as if there were none, and whoever learnt writes it anew. Two processes may do so at once: a file
is moved into its place whole. Where nothing can be written, every process learns for itself.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import platform
import tempfile
from pathlib import Path

import msgspec
import torch

from judge.problem import Problem

FOLDER = Path(__file__).parents[2] / ".cache"

_CHECKSUM_BYTES = 32


class Trait(msgspec.Struct, frozen=True):
    """What one wrong layer does on the exam its habits come from: the scenarios it fails, those by far, and where it
    stops early, with the reason and the step."""

    fails: tuple[int, ...]
    by_far: tuple[int, ...]
    stops: dict[int, tuple[str, int]]


class _Learnt(msgspec.Struct):
    """``traits`` are those of the catalogue's variants, in its order; None for one that fails nothing."""

    problem: str
    version: str
    torch: str
    processor: str
    traits: list[Trait | None]


def recall(problem: Problem, variants: int) -> list[Trait | None] | None:
    """What was learnt of so many variants; None when it has to be learnt."""
    try:
        data = _file_of(problem).read_bytes()
        checksum, body = data[:_CHECKSUM_BYTES], data[_CHECKSUM_BYTES:]
        if hashlib.sha256(body).digest() != checksum:
            return None
        learnt = msgspec.msgpack.decode(body, type=_Learnt)
    except (OSError, msgspec.MsgspecError):
        return None
    known = learnt == _learnt(problem, learnt.traits) and len(learnt.traits) == variants
    return learnt.traits if known else None


def keep(problem: Problem, traits: list[Trait | None]) -> None:
    """Writes it down, where that is possible."""
    body = msgspec.msgpack.encode(_learnt(problem, traits))
    with contextlib.suppress(OSError):
        FOLDER.mkdir(exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=FOLDER)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(hashlib.sha256(body).digest() + body)
            Path(name).chmod(0o644)  # root learns when an image is built, another user serves
            Path(name).replace(_file_of(problem))
        except OSError:
            Path(name).unlink(missing_ok=True)


def _file_of(problem: Problem) -> Path:
    return FOLDER / f"{problem.slug}.habits"


def _learnt(problem: Problem, traits: list[Trait | None]) -> _Learnt:
    return _Learnt(problem.slug, problem.version, str(torch.__version__), _processor(), traits)


def _processor() -> str:
    """What decides which kernels torch takes, and so how it rounds."""
    vendor = ""
    with contextlib.suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text("utf-8", "replace").splitlines()
        vendor = next((line.partition(":")[2].strip() for line in lines if line.startswith("vendor_id")), "")
    return f"{platform.machine()} {vendor} {torch.backends.cpu.get_cpu_capability()}"

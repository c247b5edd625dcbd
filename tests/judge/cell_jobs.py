"""Jobs for tests of cells: a file with no scenarios, so that what its top level does is all that happens."""

from __future__ import annotations

import json
import os
import struct
from pathlib import Path

from judge.cells import CellOutcome, Cells
from judge.problem import Limits

MIB = 1024 * 1024
LIMITS = Limits(
    wall_seconds=10.0,
    cpu_seconds=8.0,
    memory_bytes=256 * MIB,
    processes=16,
    output_bytes=64 * 1024,
    file_bytes=16 * MIB,
    files=64,
)


def job(source: str, random: int = 1) -> bytes:
    """The job that loads this file and asks for no scenario; ``random`` is where its random numbers begin."""
    names = {"tensors": [], "device": "cpu", "rank": 2, "random": random, "class_names": ["Layer"], "scenarios": []}
    names["large"] = len(names["scenarios"])
    header = json.dumps(names)
    return struct.pack("<I", len(header)) + header.encode() + source.encode()


def run(cells: Cells, source: str, **changed: float) -> CellOutcome:
    """What becomes of that file under the usual limits with some changed."""
    values = {name: changed.get(name, getattr(LIMITS, name)) for name in LIMITS.__dataclass_fields__}
    return cells.run(job(source), Limits(**values))  # type: ignore[arg-type]


def descriptors() -> int:
    """How many this process has open."""
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208


def descendants() -> list[int]:
    """Every process below this one."""
    found: list[int] = []
    wanted = [os.getpid()]
    while wanted:
        pid = wanted.pop()
        for task in Path(f"/proc/{pid}/task").glob("*/children"):
            try:
                children = [int(child) for child in task.read_text().split()]
            except OSError:
                continue
            found += children
            wanted += children
    return found

"""Hostile programs in real cells: each ends in one of the verdicts of its first line and leaves nothing behind.

Where an attack can see that it succeeded it falls through to an honest layer, so that ``accepted`` means a breach; one
that was refused raises. After each, an honest submission is accepted and this machine is as it was.
"""

from __future__ import annotations

import dataclasses
import getpass
import json
import os
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from judge.engine import Judge
from judge.problem import Limits, Problem, load
from judge.report import Report
from judge.starting import start_judge

FOLDER = Path(__file__).parent / "programs"
HONEST = (FOLDER.parent / "honest.py").read_text("utf-8")
PROGRAMS = sorted(FOLDER.glob("*/*.py"))

LIMITS = Limits(
    wall_seconds=3.0,
    cpu_seconds=1.5,
    memory_bytes=192 * 1024 * 1024,
    processes=16,
    output_bytes=128 * 1024,
    file_bytes=1024 * 1024,
    files=64,
)
"""Tighter than a problem's, so that endless programs end soon."""

MOST_GROWTH_BYTES = 64 * 1024 * 1024
"""Of this process over the whole corpus: its caches fill during the first programs, and nothing may grow after."""


@dataclass(frozen=True)
class Traces:
    """What a submission could leave on this machine."""

    processes: int
    descriptors: int
    mounts: str
    shared_memory: tuple[str, ...]
    groups_in_use: int

    @staticmethod
    def now(judge: Judge) -> Traces:
        return Traces(
            processes=len(_descendants()),
            descriptors=len(list(Path("/proc/self/fd").iterdir())),
            mounts=Path("/proc/self/mountinfo").read_text(),
            shared_memory=_shared_memory(),
            groups_in_use=_groups_in_use(judge),
        )


@pytest.fixture(scope="module")
def problem() -> Problem:
    return dataclasses.replace(load("batchnorm1d"), limits=LIMITS)


@pytest.fixture(scope="module")
def judge(problem: Problem) -> Iterator[Judge]:
    made = start_judge(standby=2)
    for _ in range(3):
        assert made.judge(problem, HONEST.encode()).verdict == "accepted"
    yield made
    made.close()


@pytest.fixture(scope="module")
def before(judge: Judge) -> Traces:
    _settle(judge)
    return Traces.now(judge)


def _verdicts(program: Path) -> set[str]:
    first = program.read_text("utf-8").split("\n", 1)[0]
    return set(first.removeprefix("# verdicts: ").split(", "))


def _source(program: Path) -> bytes:
    text = program.read_text("utf-8")
    return (text if "class MyBatchNorm1d" in text else text + HONEST).encode()


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_hostile_program_gets_its_verdict_and_leaves_nothing(
    program: Path, judge: Judge, problem: Problem, before: Traces
) -> None:
    report = judge.judge(problem, _source(program))
    assert report.verdict in _verdicts(program), (report.verdict, report.error, report.stderr[-500:])
    _tells_nothing_of_the_host(report)
    canary = judge.judge(problem, HONEST.encode())
    assert canary.verdict == "accepted", canary.error
    _settle(judge)
    _is_as_it_was(judge, before)


def test_there_are_programs_of_every_group() -> None:
    assert {path.parent.name for path in PROGRAMS} == {
        "processes", "memory", "output", "kernel", "environment", "forging",
    }  # fmt: skip
    assert len(PROGRAMS) >= 80
    assert all(_verdicts(path) for path in PROGRAMS)


def test_the_honest_layer_alone_is_accepted(judge: Judge, problem: Problem) -> None:
    assert judge.judge(problem, HONEST.encode()).score == problem.max_score


def test_memory_of_the_judging_process_stays_flat(judge: Judge, problem: Problem) -> None:
    worst = [path for path in PROGRAMS if path.stem in ("stdout_flood", "too_many_frames", "heap", "nested_json")]
    for path in worst:
        judge.judge(problem, _source(path))
    resident = _resident_bytes()
    for _ in range(4):
        for path in worst:
            judge.judge(problem, _source(path))
    assert _resident_bytes() - resident < MOST_GROWTH_BYTES


def _tells_nothing_of_the_host(report: Report) -> None:
    """What a candidate or interviewer may read holds no path, name or traceback of ours."""
    text = json.dumps(report.to_dict())
    hidden = [str(Path(__file__).parents[2]), str(Path.home()), "judge/engine", "judge/cells", "judge/cell/"]
    hidden += [name for name in (socket.gethostname(), getpass.getuser()) if len(name) > 4]  # "vm" is in any text
    assert not [secret for secret in hidden if secret in text]


def _settle(judge: Judge) -> None:
    """Until the keeper has put the used cells away and made new ones."""
    cells = judge.cells
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with cells._changed:
            if len(cells._waiting) == cells.standby and not cells._used and not cells._running:
                return
        time.sleep(0.01)
    raise AssertionError("the cells do not come to rest")


def _is_as_it_was(judge: Judge, before: Traces) -> None:
    """The kernel takes a moment to forget a process; nothing may be left after that."""
    deadline = time.monotonic() + 10
    while (now := Traces.now(judge)) != before and time.monotonic() < deadline:
        time.sleep(0.05)
    assert now == before


def _descendants() -> list[int]:
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


def _groups_in_use(judge: Judge) -> int:
    """Control groups are used again and so are not removed; but only those of waiting cells may hold processes."""
    groups = judge.cells._groups
    assert all(group.empty() for group in groups._free)
    return len(groups._all) - len(groups._free)


def _shared_memory() -> tuple[str, ...]:
    """What lies in the host's shared memory; what databases and browsers of other tests have there comes and goes."""
    names = (entry.name for entry in Path("/dev/shm").iterdir())  # noqa: S108
    return tuple(sorted(name for name in names if not name.startswith(("PostgreSQL.", ".org.chromium."))))


def _resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")

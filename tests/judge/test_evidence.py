"""What a run itself decides: each limit has its verdict, however the candidate's code noticed it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest

from judge.engine import Judge
from judge.problem import load
from judge.starting import start_judge

HONEST = (Path(__file__).parents[1] / "hostile/honest.py").read_text("utf-8")
IN_FORWARD = """
import mmap, os, resource, signal, time
def in_forward(done=[]):
    if not done:
        done.append(1)
        {}
"""


@pytest.fixture(scope="module")
def judge() -> Iterator[Judge]:
    made = start_judge(standby=1)
    yield made
    made.close()


@pytest.mark.parametrize(
    ("changed", "inside", "outside", "verdict"),
    [
        ({"wall_seconds": 4.0}, "time.sleep(1)", "time.sleep(5)", "time_limit"),
        (
            {"cpu_seconds": 2.0},
            "while time.process_time() < 0.8: pass",
            "while time.process_time() < 4: pass",
            "time_limit",
        ),
        ({"memory_bytes": 100 << 20}, "bytearray(60 << 20)", "bytearray(110 << 20)", "memory_limit"),
        (
            {"memory_bytes": 100 << 20},
            "mmap.mmap(-1, 60 << 20, flags=0x8021)",
            "mmap.mmap(-1, 110 << 20, flags=0x8021)",
            "memory_limit",
        ),
        ({"output_bytes": 5000}, "os.write(1, bytes(5000))", "os.write(2, bytes(5001))", "output_limit"),
        (
            {"file_bytes": 1 << 20},
            "os.pwrite(os.open('/tmp/f', os.O_CREAT | os.O_RDWR), b'x', (1 << 20) - 1)",
            "os.pwrite(os.open('/tmp/f', os.O_CREAT | os.O_RDWR), b'x', 1 << 20)",
            "output_limit",
        ),
        (
            {"file_bytes": 1 << 20},
            "os.truncate(os.open('/tmp/f', os.O_CREAT | os.O_RDWR), 1 << 20)",
            "signal.signal(signal.SIGXFSZ, signal.SIG_DFL)\n        os.truncate(os.open('/tmp/f', 66), (1 << 20) + 1)",
            "output_limit",
        ),
        (
            {"files": 20},
            "[open(f'/tmp/{n}', 'w').close() for n in range(20)]",
            "[open(f'/tmp/{n}', 'w').close() for n in range(21)]",
            "output_limit",
        ),
        (
            {"processes": 5},
            "[os.fork() or time.sleep(60) for _ in range(4)]",
            "[os.fork() or time.sleep(60) for _ in range(5)]",
            "runtime_error",
        ),
    ],
)
def test_just_inside_a_limit_is_accepted_and_just_outside_has_its_verdict(
    judge: Judge, changed: dict[str, float], inside: str, outside: str, verdict: str
) -> None:
    problem = load("batchnorm1d")
    problem = dataclasses.replace(problem, limits=dataclasses.replace(problem.limits, **changed))  # type: ignore[arg-type]
    for what, expected in ((inside, "accepted"), (outside, verdict)):
        report = judge.judge(problem, (IN_FORWARD.format(what) + HONEST).encode())
        assert report.verdict == expected, (what, report.error)

"""Measures what judging costs against a bare exam (warm process, no jail) and a cold judge (new interpreter).

All figures of one table come from one run, taken in turns, so that their ratios mean something on any machine.
"""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from judge.problem import Problem, load_all

_COLD_RUNS = 5


def run(runs: int = 60) -> int:
    """Prints the table of every problem; returns 0 when every judging was accepted, else 1."""
    from judge import diagnosis

    print(machine())
    for problem in load_all():
        diagnosis.prepare(problem.slug)  # else the judge does it beside the first runs, in this process
    print(f"runs: {runs} of each, in turns; cold: {_COLD_RUNS}")
    print("| problem | bare exam ms | judged ms | p95 | judged / bare | cold ms | cold / judged | cpu judged / bare |")
    print("|---|---|---|---|---|---|---|---|")
    accepted = [_measure(problem, runs) for problem in load_all()]
    return 0 if all(accepted) else 1


def machine() -> str:
    """The facts of this machine that a reader needs beside figures."""
    import torch

    system = f"{platform.system()} {platform.release()}, {os.cpu_count()} cores"
    return f"{system}, Python {platform.python_version()}, torch {torch.__version__}"


def example(problem: Problem) -> Path:
    """The accepted sample submission every benchmark judges: the first by name."""
    return min((problem.folder / "submissions" / "accepted").glob("*.py"))


def bare_exam(problem: Problem, file: Path) -> Callable[[], Any]:
    """A function that runs one hidden exam on the layer in ``file`` in this process, with nothing around it.

    Only for sample submissions of our own: there is no wall here.
    """
    import torch

    from judge.cell import source
    from judge.cell.driver import find_roles
    from judge.exam import observe, prepare

    torch.set_num_threads(1)
    build = source.find_class(source.load(source.decode(file.read_bytes())), list(problem.class_names))
    exam = prepare(problem, 1)
    roles = find_roles(build, rank=exam.rank)
    return lambda: observe(exam, build, roles)


def cold_milliseconds(problem: Problem, source: Path) -> float:
    """One exam in a new interpreter that has to import torch first."""
    code = (
        "import sys; from pathlib import Path;"
        "from judge.bench import bare_exam; from judge.problem import load;"
        "bare_exam(load(sys.argv[1]), Path(sys.argv[2]))()"
    )
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", code, problem.slug, str(source)], check=True)  # noqa: S603 - our own code
    return (time.perf_counter() - began) * 1000


def family(root: int) -> dict[int, list[str]]:
    """A process and its living descendants: by number, the fields of ``/proc/PID/stat`` that follow the name."""
    fields: dict[int, list[str]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields[int(entry.name)] = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
    members, grown = {root}, True
    while grown:
        children = {pid for pid, values in fields.items() if int(values[1]) in members} - members
        members |= children
        grown = bool(children)
    return {pid: fields[pid] for pid in members if pid in fields}


def tree_cpu_seconds(root: int) -> float:
    """User and system seconds of a process, its living descendants, and all of theirs that were waited for."""
    ticks = os.sysconf("SC_CLK_TCK")
    return sum(sum(int(value) for value in values[11:15]) for values in family(root).values()) / ticks


def _measure(problem: Problem, runs: int) -> bool:
    from judge.starting import start_judge

    source = example(problem)
    bare = bare_exam(problem, source)
    judge = start_judge(standby=2, stock=8)
    accepted = True
    try:
        for _ in range(5):
            bare()
            judge.judge(problem, source.read_bytes())
        bare_ms, judged_ms = [], []
        for _ in range(runs):
            bare_ms.append(_milliseconds(bare))
            began = time.perf_counter()
            report = judge.judge(problem, source.read_bytes())
            judged_ms.append((time.perf_counter() - began) * 1000)
            accepted = accepted and report.verdict.value == "accepted"
        bare_cpu = _cpu_milliseconds(bare, runs)
        judged_cpu = _cpu_milliseconds(lambda: judge.judge(problem, source.read_bytes()), runs)
    finally:
        judge.close()
    cold_ms = [cold_milliseconds(problem, source) for _ in range(_COLD_RUNS)]
    b, j, c = (statistics.median(values) for values in (bare_ms, judged_ms, cold_ms))
    p95 = statistics.quantiles(judged_ms, n=20)[-1]
    print(
        f"| {problem.slug} | {b:.1f} | {j:.1f} | {p95:.1f} | {j / b:.2f} | {c:.0f} | {c / j:.1f} "
        f"| {judged_cpu:.1f} / {bare_cpu:.1f} = {judged_cpu / bare_cpu:.2f} |"
    )
    return accepted


def _milliseconds(work: Callable[[], Any]) -> float:
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000


def _cpu_milliseconds(work: Callable[[], Any], runs: int) -> float:
    """CPU of this process and every process below it for one call, the refilling between calls included."""
    began = tree_cpu_seconds(os.getpid())
    for _ in range(runs):
        work()
    return (tree_cpu_seconds(os.getpid()) - began) * 1000 / runs

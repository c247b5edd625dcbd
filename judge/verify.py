"""Lets a problem prove its own exam: right is right and wrong is wrong on many seeds, and every known mistake shows.

Three parts, each told as it is found out. The sample submissions go through the real judge once: the verdict is that
of their folder, the diagnosis the one they expect. They are then run beside the judge on fresh exams by the hundred.
And each misconception meets each check, which shows what catches what, and by how much.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

from judge.exam import module_of
from judge.problem import Problem
from judge.proof.matrix import Matrix
from judge.proof.specimens import Specimen, specimens
from judge.proof.trials import trials
from judge.report import Report, Verdict
from judge.starting import start_judge

Out = Callable[[str], None]

SINGLES_NAMED, PAIRS_NAMED = 0.95, 0.70
"""The share of wrong samples with one mistake, and with two, whose mistakes are all among the diagnoses."""

ENGINE_SEED = 7
CELLS = 2
MATRIX_SEEDS = 5
"""Whole matrices; what is wrong on every seed is seen by the trials."""


def _apart(problem: Problem, count: int) -> range:
    """So many seeds, each of another edition and so with other shapes, and at another place in it."""
    step = module_of(problem.slug, "scenarios").COPIES + 1
    return range(step, step * count + 1, step)


def verify(problem: Problem, *, seeds: int = 200, out: Out = print) -> bool:
    """Whether the problem's exam is proven; ``out`` receives the tables and, in words, whatever is amiss."""
    out(f"== {problem.slug}, version {problem.version}, {seeds} seeds")
    samples = specimens(problem)
    complaints = _complaints_about(samples)
    if not complaints:
        complaints += _judged(problem, samples, out)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # wrong layers earn torch's warnings, for a variance of one value and such
            complaints += trials(problem, samples, _apart(problem, seeds), out)
            matrix = Matrix.of(problem, _apart(problem, min(seeds, MATRIX_SEEDS)))
        matrix.show(out)
        complaints += matrix.complaints()
    for complaint in complaints:
        out(f"  NOT PROVEN: {complaint}")
    out(f"== {problem.slug}: {'not proven' if complaints else 'proven'}\n")
    return not complaints


def _complaints_about(samples: tuple[Specimen, ...]) -> list[str]:
    verdicts = [sample.verdict for sample in samples]
    return [
        f"there is no sample submission with the verdict {verdict}"
        for verdict in (Verdict.ACCEPTED, Verdict.WRONG_ANSWER)
        if verdict not in verdicts
    ]


# Through the real judge


def _shown(*points: float) -> Decimal:
    """The sum of points as a page shows them."""
    return sum((Decimal(f"{each:.1f}") for each in points), Decimal())


def _judged(problem: Problem, samples: tuple[Specimen, ...], out: Out) -> list[str]:
    """Every sample through the engine: verdicts, and the table of namings."""
    judge = start_judge(standby=CELLS)
    try:
        with ThreadPoolExecutor(CELLS) as pool:  # some samples only wait for their time limit
            reports = list(pool.map(lambda one: judge.judge(problem, one.path.read_bytes(), seed=ENGINE_SEED), samples))
    finally:
        judge.close()
    complaints = [
        f"{sample.name} got {report.verdict}"
        for sample, report in zip(samples, reports, strict=True)
        if report.verdict is not sample.verdict
    ]
    complaints += [
        f"{sample.name} shows groups that do not add up to its score"
        for sample, report in zip(samples, reports, strict=True)
        if _shown(*(group.points for group in report.groups)) != _shown(report.score)
    ]
    right = sum(report.verdict is sample.verdict for sample, report in zip(samples, reports, strict=True))
    out(f"  judged in cells: {len(samples)} samples, {right} with the verdict of their folder")
    return complaints + _named(samples, reports, out)


def _named(samples: tuple[Specimen, ...], reports: list[Report], out: Out) -> list[str]:
    complaints = []
    tally: dict[str, list[bool]] = {"one mistake": [], "two mistakes": [], "a mistake without a name": []}
    out(f"  {'wrong sample':<60} {'expected':<50} named")
    for sample, report in zip(samples, reports, strict=True):
        named = tuple(diagnosis.id for diagnosis in report.diagnoses)
        if sample.verdict is Verdict.ACCEPTED and named:
            complaints.append(f"{sample.name} is right and is diagnosed with {', '.join(named)}")
        if sample.verdict is not Verdict.WRONG_ANSWER:
            continue
        right = set(sample.expects) <= set(named) if sample.expects else not named
        kind = ("a mistake without a name", "one mistake", "two mistakes")[min(len(sample.expects), 2)]
        tally[kind].append(right)
        if not sample.expects and named:
            complaints.append(f"{sample.name} has a mistake without a name and is diagnosed with {', '.join(named)}")
        sign = " " if right else "!"
        out(f"{sign} {sample.path.name:<60} {', '.join(sample.expects) or '-':<50} {', '.join(named) or '-'}")
    for kind, rights in tally.items():
        out(f"  {kind}: {sum(rights)} of {len(rights)} named as expected")
    for kind, least in (("one mistake", SINGLES_NAMED), ("two mistakes", PAIRS_NAMED)):
        rights = tally[kind]
        if sum(rights) < least * len(rights):
            complaints.append(f"samples with {kind}: {sum(rights)} of {len(rights)} named, wanted {least:.0%}")
    return complaints

"""Judges one submission: the only file that knows the order of steps – prepare, run, compare, report, name."""

from __future__ import annotations

import gc
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from judge import diagnosis, evidence, grading, raising, words
from judge.cells import CellOutcome, Cells
from judge.exam import Transcript, job
from judge.key import AnswerKey
from judge.problem import MAX_SOURCE_BYTES, Problem, load_all
from judge.report import CheckStatus, Raise, Report, Timing, Verdict
from judge.samples import views
from judge.stock import Prepared, Stock, prepare_exam
from judge.telling import Cause


@dataclass
class _Stages:
    """Where the milliseconds of one judging went."""

    milliseconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        began = time.perf_counter()
        yield
        self.milliseconds[name] = round((time.perf_counter() - began) * 1000, 3)


@dataclass(frozen=True)
class Case:
    """What the names of mistakes are found in."""

    key: AnswerKey
    transcript: Transcript
    graded: grading.Graded


@dataclass(frozen=True)
class Judged:
    """A report whole but for the names of mistakes; ``case`` is None where there are none to find."""

    report: Report
    case: Case | None


class Judge:
    """A judge with its standby cells; ``judge`` may be called from several threads at once."""

    def __init__(self, cells: Cells, *, stock: int = 0) -> None:
        """``stock`` exams of each problem are prepared ahead; the cells are closed with the judge."""
        self.cells, self.device = cells, cells.device
        self._cores = os.cpu_count() or 1
        self._running = 0
        self._counting = threading.Lock()
        self._stock = Stock(self.device, stock, core_is_free=lambda: self._running < self._cores)

    def judge(
        self,
        problem: Problem,
        source: bytes,
        *,
        samples: bool = False,
        seed: int | None = None,
        accept: tuple[str, ...] | None = None,
    ) -> Report:
        """The whole report on ``source``, mistakes named; takes what ``grade`` takes."""
        return self.name(self.grade(problem, source, samples=samples, seed=seed, accept=accept))

    def grade(
        self,
        problem: Problem,
        source: bytes,
        *,
        samples: bool = False,
        seed: int | None = None,
        accept: tuple[str, ...] | None = None,
    ) -> Judged:
        """Everything about ``source`` but the names of its mistakes; raises only for faults of ours.

        ``samples`` runs the sample scenarios and shows everything; ``seed`` repeats an earlier exam; ``accept``
        narrows the conventions the problem accepts.
        """
        if len(source) > MAX_SOURCE_BYTES:
            raise ValueError(f"source of {len(source)} bytes; at most {MAX_SOURCE_BYTES} are judged")
        stages = _Stages()
        with self._counted():
            with stages("prepare"):
                prepared = (
                    self._stock.take(problem)
                    if seed is None and not samples
                    else prepare_exam(problem, self.device, seed=seed or 0, samples=samples)
                )
            with stages("cell"):
                outcome = self.cells.run(job(prepared.encoded, source), problem.limits.on(self.device))
            return _judged(prepared, outcome, accept or problem.accept, self.device, stages)

    @staticmethod
    def name(judged: Judged, pace: Callable[[], None] = lambda: None) -> Report:
        """The report with the mistakes named; ``pace`` is called before each step of the search.

        It may wait, to give way to others, and end the search by raising.
        """
        if judged.case is None:
            return judged.report
        case, report, stages = judged.case, judged.report, _Stages()
        comparison = case.graded.comparison
        only_large = comparison.only_large_fail
        with stages("diagnosis"):
            small = comparison.without_large()
            diagnoses = () if only_large else diagnosis.diagnose(case.key, small, case.graded, pace)
        note = None
        if report.verdict is Verdict.WRONG_ANSWER and not diagnoses:
            note = words.ONLY_LARGE if only_large else diagnosis.note(case.key, case.graded)
        return replace(
            report,
            diagnoses=diagnoses,
            diagnosis_note=note,
            timing=replace(report.timing, stages=report.timing.stages | stages.milliseconds),
        )

    def replace_box(self) -> None:
        """Has the next cells made in a new box."""
        self.cells.replace_box()

    def close(self) -> None:
        """Ends the box and every cell in it, whatever runs there; then the preparing ahead."""
        self.cells.close()
        self._stock.close()

    @contextmanager
    def _counted(self) -> Iterator[None]:
        """Counts a judging as running, so that exams are only prepared ahead while a core is free."""
        with self._counting:
            self._running += 1
        try:
            yield
        finally:
            with self._counting:
                self._running -= 1


def learn() -> None:
    """What naming needs, so that the first wrong answer is as quick as the next."""
    for problem in load_all():
        diagnosis.prepare(problem.slug)
    gc.collect()
    gc.freeze()  # what there is now stays: a collector that visits it costs a verdict 1 ms


def _judged(prepared: Prepared, outcome: CellOutcome, accept: tuple[str, ...], device: str, stages: _Stages) -> Judged:
    exam, key = prepared.exam, prepared.key
    with stages("grading"):
        found = evidence.read(key, outcome)
        graded = grading.grade(key, found.transcript, accept, spared=found.spared)
        verdict = _verdict(found, graded)
        if verdict is Verdict.RULE_VIOLATION:
            graded = grading.forfeited(graded)
    told = words.message(verdict, graded.checks, found.error, found.line, samples=exam.samples)
    if verdict is Verdict.WRONG_ANSWER and graded.only_convention and (asked := exam.problem.alone(accept)):
        told = words.only_convention(asked.asked)
    may_have_names = verdict in (Verdict.WRONG_ANSWER, Verdict.RUNTIME_ERROR) and not exam.samples
    report = Report(
        problem=exam.problem.slug,
        problem_version=exam.problem.version,
        device=device,
        seed=exam.seed,
        verdict=verdict,
        score=graded.score,
        max_score=exam.problem.max_score,
        conventions={"running_var": graded.convention} if graded.convention else {},
        diagnoses=(),
        groups=() if exam.samples else graded.groups,
        checks=graded.checks,
        error=found.error,
        rule_findings=found.findings,
        stdout=outcome.stdout.decode("utf-8", "replace"),
        stderr=outcome.stderr.decode("utf-8", "replace"),
        timing=Timing(outcome.wall_ms, outcome.cpu_ms, stages.milliseconds),
        peak_memory_bytes=outcome.peak_memory_bytes,
        message=told,
        samples=views(key, found.transcript, accept) if exam.samples else (),
        stopped_at=found.line,
        raised=_raised(found, verdict, graded),
    )
    return Judged(report, Case(key, found.transcript, graded) if may_have_names else None)


def _raised(found: evidence.Evidence, verdict: Verdict, graded: grading.Graded) -> Raise | None:
    """The exception of the code itself; a limit has its own words, and so has a process that broke down."""
    error = found.error
    if error is None or error.said is not None or verdict not in (Verdict.WRONG_ANSWER, Verdict.RUNTIME_ERROR):
        return None
    cause = Cause(error.type, error.line)
    looked_at = zip(graded.checks, found.transcript, strict=True)
    ended = (check.id for check, seen in looked_at if check.status is CheckStatus.ERROR and Cause.of(seen) == cause)
    return raising.raised(error, tuple(ended))


def _verdict(found: evidence.Evidence, graded: grading.Graded) -> Verdict:
    """What the run itself decides, then the rule, then the checks."""
    if found.verdict is not None:
        return found.verdict
    if found.rule_broken:
        return Verdict.RULE_VIOLATION
    return graded.verdict

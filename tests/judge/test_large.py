"""Large inputs: every size is met, they count only where all else is right, and a limit passed there costs nothing."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import partial

import pytest
import torch

from judge import exam as exams
from judge.cell.driver import Complaint, Roles, ends, tiled
from judge.comparing import distance
from judge.engine import Judge
from judge.exam import Concrete
from judge.grading import grade
from judge.key import answer_key
from judge.problem import Problem, load, load_all
from judge.problems.batchnorm.reference import BatchNorm
from judge.report import CheckStatus, Verdict
from judge.starting import start_judge
from judge.words import NAMED_BUILT_IN, ONLY_LARGE, TOO_SLOW
from tests.judge.layers import ByHand, observed

problems = pytest.mark.parametrize("problem", load_all(), ids=lambda problem: problem.slug)
HAND = load("batchnorm1d")

SOURCE = """
import os, time, torch
import torch.nn.functional as F
from torch import nn

class MyBatchNorm1d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.gamma, self.beta = nn.Parameter(torch.ones(num_features)), nn.Parameter(torch.zeros(num_features))
        self.register_buffer("mean", torch.zeros(num_features))
        self.register_buffer("var", torch.ones(num_features))

    def forward(self, x):
        LARGE
        mean, var = self.mean, self.var
        if self.training:
            mean, var = x.mean(0), x.var(0, unbiased=False)
            self.mean.lerp_(mean.detach(), self.momentum)
            self.var.lerp_(var.detach(), self.momentum)
        return (x - mean) / (var + self.eps).sqrt() * self.gamma + self.beta
"""


def with_large(statement: str) -> bytes:
    """A right layer that does this first on more than half a million values."""
    return SOURCE.replace("LARGE", f"if x.numel() > 500_000: {statement}").encode()


@pytest.fixture(scope="module")
def judge(jail: None) -> Iterator[Judge]:
    made = start_judge(standby=1)
    yield made
    made.close()


def large_of(problem: Problem, seed: int = 1) -> list[Concrete]:
    return [one for one in exams.prepare(problem, seed).concretes if one.scenario.large]


def shapes(concrete: Concrete) -> list[tuple[int, ...]]:
    """Of every input of its forwards, as the layer meets them."""
    return [
        tuple(size * times for size, times in zip(concrete.tensors[step["x"]].shape, step["tile"], strict=True))
        for operation, step in concrete.steps
        if operation == "forward"
    ]


@problems
@pytest.mark.parametrize("seed", [1, 70, 3000])
def test_large_scenarios_come_last_and_reach_a_million_values_and_ten_thousand_of_each_kind(
    problem: Problem, seed: int
) -> None:
    flags = [scenario.large for scenario in exams.prepare(problem, seed).scenarios]
    assert flags == sorted(flags)
    met = [shape for concrete in large_of(problem, seed) for shape in shapes(concrete)]
    assert max(math.prod(shape) for shape in met) > 1_000_000
    learning = [shape for one in large_of(problem, seed) if one.does("backward") for shape in shapes(one)]
    assert max(shape[0] for shape in learning) > 10_000
    assert max(shape[1] for shape in learning) > 1024
    assert len(met[0]) == 2 or max(math.prod(shape[2:]) for shape in learning) > 10_000


@problems
def test_one_tile_answers_for_all_of_them(problem: Problem) -> None:
    """The key is computed on one tile; a right layer in float64 that meets all of them sees the same."""
    exam = exams.prepare(problem, 5)
    key = answer_key(exam)
    build = partial(BatchNorm, rank=exam.rank)
    for place, concrete in enumerate(exam.concretes):
        if concrete.scenario.large:
            seen = exams.observe_one(concrete, build, Roles("gamma", "beta"), dtype="float64")
            assert [one.label for one in seen.observations] == key.labels[place]
            wanted = key.by_convention["biased"][place]
            same_dtype = exams.Seen(
                tuple(
                    exams.Observation(one.label, "float64" if one.dtype == "float32" else one.dtype, one.values)
                    for one in wanted.observations
                )
            )
            exact = [1e-4 * tolerance for tolerance in key.tolerances[place]]
            assert distance(same_dtype, seen, exact) < 1, concrete.scenario.name


def test_a_tiled_axis_differs_in_its_halves_and_in_every_second_place() -> None:
    values = torch.arange(8.0).reshape(8, 1)
    large = tiled(values, [100, 3])
    assert large.shape == (800, 3)
    assert large.mean() == values.mean()
    assert large[:400].mean() != values.mean()
    assert large[::2].mean() != values.mean()
    least, largest = ends(large, [100, 3])
    assert least is not None
    assert largest is not None
    assert torch.equal(least, values)
    assert torch.equal(largest, values)
    large[123, 1] = 99.0
    assert (ends(large, [100, 3])[1] == 99.0).sum() == 1


def test_what_is_no_whole_number_of_tiles_is_a_complaint() -> None:
    for shape in ((7, 3), (800,), (800, 3, 1)):
        with pytest.raises(Complaint):
            ends(torch.zeros(shape), [100, 3])
    assert ends(None, [100, 3]) == (None, None)


class EpsTwice(ByHand):
    def __init__(self, num_features: int, eps: float = 1e-5, momentum: float = 0.1) -> None:
        super().__init__(num_features, 2 * eps, momentum)


@problems
def test_large_inputs_are_not_looked_at_where_smaller_ones_come_out_wrong(problem: Problem) -> None:
    exam = exams.prepare(problem, 1)
    graded = grade(answer_key(exam), observed(exam, EpsTwice), problem.accept)
    assert graded.verdict is Verdict.WRONG_ANSWER
    statuses = [check.status for check, one in zip(graded.checks, exam.scenarios, strict=True) if one.large]
    assert set(statuses) == {CheckStatus.NOT_RUN}
    assert all(check.points == 0 for check in graded.checks if check.status is CheckStatus.NOT_RUN)
    assert not graded.comparison.only_large_fail
    right = grade(answer_key(exam), observed(exam, ByHand), problem.accept)
    assert right.verdict is Verdict.ACCEPTED
    assert {check.status for check in right.checks} == {CheckStatus.PASSED}


def test_what_is_wrong_on_large_inputs_alone_is_wrong_and_said_so(judge: Judge) -> None:
    report = judge.judge(HAND, with_large("x = x * 1.01"), seed=3)
    assert report.verdict is Verdict.WRONG_ANSWER
    assert [check.id for check in report.checks if check.status is not CheckStatus.PASSED] == ["eval_mode.million"]
    assert (report.diagnoses, report.diagnosis_note) == ((), ONLY_LARGE)


@pytest.mark.parametrize(
    "statement",
    [
        "time.sleep(60)",
        "exec('while True: pass')",
        "torch.zeros(10**9)",
        "bytearray(10**10)",
        "os.write(1, bytes(2 << 20))",
    ],
)
def test_a_limit_passed_on_large_inputs_alone_costs_nothing(judge: Judge, statement: str) -> None:
    report = judge.judge(HAND, with_large(statement), seed=3)
    assert (report.verdict, report.score, report.message) == (Verdict.ACCEPTED, 100.0, TOO_SLOW)
    left = [check for check in report.checks if check.status is not CheckStatus.PASSED]
    assert [(check.id, check.status, check.points) for check in left] == [
        ("eval_mode.million", CheckStatus.NOT_RUN, left[0].max_points)
    ]
    assert sum(group.points for group in report.groups) == pytest.approx(100.0)


@pytest.mark.parametrize(
    ("statement", "verdict"),
    [
        ("F.layer_norm(x, x.shape[1:])", Verdict.RULE_VIOLATION),
        ("os._exit(0)", Verdict.RUNTIME_ERROR),
        ("raise ValueError('too large')", Verdict.RUNTIME_ERROR),
    ],
)
def test_large_inputs_spare_nothing_but_limits(judge: Judge, statement: str, verdict: Verdict) -> None:
    assert judge.judge(HAND, with_large(statement), seed=3).verdict is verdict


def test_a_built_in_that_ran_before_is_not_hidden_by_a_limit_on_large_inputs(judge: Judge) -> None:
    source = with_large("time.sleep(60)").replace(
        b"mean, var = self.mean, self.var", b"F.layer_norm(x, x.shape[1:])\n        mean, var = self.mean, self.var"
    )
    assert judge.judge(HAND, source, seed=3).verdict is Verdict.RULE_VIOLATION


def test_a_limit_passed_earlier_is_still_the_verdict(judge: Judge) -> None:
    source = SOURCE.replace("LARGE", "if x.shape[0] == 1: time.sleep(60)").encode()
    assert judge.judge(HAND, source, seed=3).verdict is Verdict.TIME_LIMIT


@pytest.mark.parametrize("condition", ["x.dtype is torch.float16", "x.dim() == 3", "x.numel() > 10**9"])
def test_a_built_in_behind_a_condition_that_no_exam_meets_is_named_by_line_and_decides_nothing(
    judge: Judge, condition: str
) -> None:
    source = SOURCE.replace("LARGE", f"if {condition}: return F.layer_norm(x, x.shape[1:])")
    source += "\n\ndef test_by_torch():\n    return nn.BatchNorm1d(3)\n"
    report = judge.judge(HAND, source.encode(), seed=3)
    lines = source.splitlines()
    own, apart = (
        1 + next(n for n, line in enumerate(lines) if word in line) for word in ("layer_norm", "BatchNorm1d(3")
    )
    assert (report.verdict, report.score) == (Verdict.ACCEPTED, 100.0)
    assert [(one.name, one.line, one.seen_by) for one in report.rule_findings] == [
        ("torch.nn.functional.layer_norm", own, "named"),
        ("torch.nn.BatchNorm1d", apart, "apart"),
    ]
    assert [one.said for one in report.rule_findings] == [NAMED_BUILT_IN["named"], NAMED_BUILT_IN["apart"]]
    assert not any(one.breaks for one in report.rule_findings)

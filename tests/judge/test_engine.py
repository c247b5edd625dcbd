"""The engine: the same seed gives the same report whoever judges it, and names come after everything else."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from dataclasses import replace

import pytest

from judge.engine import Judge
from judge.problem import load, slugs
from judge.report import CheckStatus, Report, Timing, Verdict
from judge.starting import start_judge

PROBLEM = load("batchnorm1d")

DRAWS = b"""
import random

import numpy as np
import torch
from torch import nn


class MyBatchNorm1d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.gamma = nn.Parameter(torch.randn(num_features) * np.random.rand() * random.random())
        self.beta = nn.Parameter(torch.zeros(num_features))

    def forward(self, x):
        return x * self.gamma + self.beta
"""


@pytest.mark.usefixtures("jail")
def test_the_same_seed_gives_the_same_report_to_a_layer_that_draws() -> None:
    reports = [judged(DRAWS, seed=41) for _ in range(2)]
    assert reports[0].verdict is Verdict.WRONG_ANSWER
    assert reports[0] == reports[1]
    assert judged(DRAWS, seed=42).checks != reports[0].checks


WRONG = (PROBLEM.folder / "submissions/wrong_answer/momentum_reversed_lerp.py").read_bytes()


@pytest.fixture(scope="module")
def judge() -> Iterator[Judge]:
    made = start_judge(standby=1)
    yield made
    made.close()


RAISES = b"""import torch
from torch import nn


class MyBatchNorm1d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.gamma = nn.Parameter(torch.ones(num_features))
        self.beta = nn.Parameter(torch.zeros(num_features))

    def forward(self, x):
        return gamma * x + self.beta
"""


def test_an_exception_is_told_with_its_kind_its_line_and_the_checks_it_ended(judge: Judge) -> None:
    report = judge.judge(PROBLEM, RAISES)
    assert report.verdict is Verdict.RUNTIME_ERROR
    assert report.raised is not None
    assert report.raised.kind == "missing_name"
    assert report.raised.sentence["en"].startswith("Line 12 raises NameError: it uses a name that is not there")
    ended = [check.id for check in report.checks if check.status is CheckStatus.ERROR]
    assert list(report.raised.explains) == ended
    assert len(ended) > 40
    assert judge.judge(PROBLEM, WRONG).raised is None


def test_a_report_is_whole_but_for_its_names_before_they_are_looked_for(judge: Judge) -> None:
    first = judge.grade(PROBLEM, WRONG, seed=41)
    assert first.report.verdict is Verdict.WRONG_ANSWER
    assert first.report.diagnoses == ()
    assert first.report.diagnosis_note is None
    named = judge.name(first)
    assert [one.id for one in named.diagnoses] == ["momentum_reversed"]
    assert "diagnosis" in named.timing.stages
    assert replace(named, diagnoses=(), timing=first.report.timing) == first.report
    assert _unmeasured(judge.judge(PROBLEM, WRONG, seed=41)) == _unmeasured(named)


@pytest.mark.parametrize(("sample", "samples"), [("accepted/beginner.py", False), ("wrong_answer/no_eps.py", True)])
def test_what_is_right_and_what_is_a_sample_has_no_names_to_be_looked_for(
    judge: Judge, sample: str, samples: bool
) -> None:
    first = judge.grade(PROBLEM, (PROBLEM.folder / "submissions" / sample).read_bytes(), samples=samples)
    assert first.case is None
    assert judge.name(first) is first.report


def test_where_a_built_in_did_the_work_the_report_says_why_there_are_no_points(judge: Judge) -> None:
    sample = next((PROBLEM.folder / "submissions/rule_violation").glob("*.py"))
    report = judge.judge(PROBLEM, sample.read_bytes(), seed=41)
    assert report.verdict is Verdict.RULE_VIOLATION
    assert (report.score, sum(group.points for group in report.groups)) == (0, 0)
    assert any(group.passed for group in report.groups)
    assert "so there are no points" in report.message["en"]
    assert "不给分" in report.message["zh"]


@pytest.mark.parametrize("samples", [False, True])
def test_a_layer_that_only_follows_another_convention_is_told_which_is_asked(judge: Judge, samples: bool) -> None:
    source = (PROBLEM.folder / "submissions/accepted/torch_convention.py").read_bytes()
    report = judge.judge(PROBLEM, source, seed=41, samples=samples, accept=("biased",))
    assert report.verdict is Verdict.WRONG_ANSWER
    asked = PROBLEM.alone(("biased",))
    assert asked is not None
    assert report.message["en"].startswith("Everything else is right")
    assert all(report.message[language].endswith(asked.asked[language]) for language in ("en", "zh"))


def test_a_run_that_took_too_long_keeps_its_output_and_tells_its_line(
    judge: Judge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("judge.sandbox.collect._ANSWER_SECONDS", 60.0)  # on a busy machine it answers late
    problem = replace(PROBLEM, limits=replace(PROBLEM.limits, wall_seconds=1.5))
    report = judge.judge(problem, b"print('so far')\nimport time\nwhile True:\n    time.sleep(0.01)\n", samples=True)
    assert (report.verdict, report.stdout) == (Verdict.TIME_LIMIT, "so far\n")
    assert report.stopped_at in (3, 4)
    assert f"it was at line {report.stopped_at}" in report.message["en"]
    assert f"第 {report.stopped_at} 行" in report.message["zh"]


def test_a_search_for_names_is_ended_by_whoever_paces_it(judge: Judge) -> None:
    steps = 0

    def pace() -> None:
        nonlocal steps
        steps += 1
        if steps == 3:
            raise TimeoutError

    with pytest.raises(TimeoutError):
        judge.name(judge.grade(PROBLEM, WRONG, seed=41), pace)
    assert steps == 3


@pytest.mark.usefixtures("jail")
def test_a_judge_that_serves_has_learnt_what_naming_needs_before_it_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    learnt: list[str] = []
    monkeypatch.setattr("judge.diagnosis.prepare", learnt.append)
    try:
        start_judge(standby=1, stock=1).close()
        assert learnt == list(slugs())
        assert gc.get_freeze_count() > 0
    finally:
        gc.unfreeze()


def judged(source: bytes, seed: int) -> Report:
    """The report of a judge of its own, without what was measured."""
    judge = start_judge(standby=1)
    try:
        report = judge.judge(PROBLEM, source, seed=seed)
    finally:
        judge.close()
    return _unmeasured(report)


def _unmeasured(report: Report) -> Report:
    return replace(report, timing=Timing(0, 0), peak_memory_bytes=0)

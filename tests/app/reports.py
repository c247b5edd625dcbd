"""Reports as the engine writes them, for tests of what becomes of a report."""

from __future__ import annotations

from judge.report import (
    CandidateError,
    CheckResult,
    CheckStatus,
    Diagnosis,
    GroupResult,
    Report,
    RuleFinding,
    SampleView,
    Timing,
    Verdict,
)

SECRETS = ("momentum_03", "expected 0.25", "momentum_reversed", "SECRET TEXT", "hidden print", "71234567", "unbiased")
"""What a report of the hidden exam holds and a candidate must never read."""


def make_report(verdict: Verdict = Verdict.WRONG_ANSWER, score: float = 62.5) -> Report:
    text = {"en": "Running statistics", "zh": "滑动统计量"}
    return Report(
        problem="batchnorm1d",
        problem_version="v1",
        device="cpu",
        seed=71234567,
        verdict=verdict,
        score=score,
        max_score=100.0,
        conventions={"running_var": "unbiased"},
        diagnoses=(Diagnosis("momentum_reversed", text, text, text, ("running_stats.momentum_03",)),),
        groups=(GroupResult("running_stats", text, 10.0, 25.0, 3, 8, text),),
        checks=(
            CheckResult(
                "running_stats.momentum_03", "running_stats", CheckStatus.FAILED, 0, 3, text, {"en": "expected 0.25"}
            ),
        ),
        error=CandidateError("ValueError", 12, "SECRET TEXT"),
        rule_findings=(
            RuleFinding("torch.nn.BatchNorm1d", 4, "ran"),
            RuleFinding("torch.layer_norm", 5, "named", {"en": "SECRET TEXT", "zh": "SECRET TEXT"}),
        ),
        stdout="hidden print",
        stderr="hidden print",
        timing=Timing(12.0, 11.0, {"cell": 10.0, "grading": 1.5}),
        peak_memory_bytes=1000,
        message={"en": "Some checks failed.", "zh": "部分检查未通过。"},
        samples=(
            SampleView("s1", text, (text,), "output", "x", {"en": "1"}, {"en": "2"}, 1.0, (0,), CheckStatus.FAILED),
        ),
        diagnosis_note=None,
    )

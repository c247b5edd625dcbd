"""What a candidate sees of one run or submission: ready for the template, and nothing beyond what they may know."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from app.models import Judging, Kind, State, Submission
from app.pages.listing import Line, listing
from app.schemas import public_report
from app.waiting import Waiting
from judge.report import CheckStatus, Report, Text, Verdict


@dataclass(frozen=True)
class GroupLine:
    """One group of the exam; the hint is there only where points are missing."""

    title: Text
    whole: bool
    examined: bool
    passed: int
    total: int
    points: float
    max_points: float
    message: Text | None


@dataclass(frozen=True)
class SampleCard:
    """One observation of a sample scenario, shown whole; ``open`` where it is worth reading first."""

    title: Text
    status: str
    steps: list[Text]
    observation: str
    input: str
    expected: Text
    actual: Text
    difference: str
    index: str
    open: bool


@dataclass(frozen=True)
class Fault:
    """What went wrong in the candidate's own file and where; the exception's text only in a run.

    ``said`` is that text where it is a sentence of ours, for pages in every language.
    """

    type: str
    line: int | None
    message: str
    said: Text | None


@dataclass(frozen=True)
class Result:
    """One run or submission of a candidate, waiting or judged."""

    id: int
    number: int
    """Which run or submission of its candidate and problem it is."""
    problem: str
    is_run: bool
    created_at: datetime
    state: State
    verdict: Verdict | None = None
    score: float | None = None
    max_score: float | None = None
    message: Text | None = None
    error: Fault | None = None
    findings: list[dict[str, Any]] = field(default_factory=list)
    groups: list[GroupLine] = field(default_factory=list)
    samples: list[SampleCard] = field(default_factory=list)
    stdout: str = ""
    stderr: str = ""
    lines: list[Line] = field(default_factory=list)
    waiting: Waiting | None = None

    @property
    def done(self) -> bool:
        return self.state is State.DONE


def result_of(submission: Submission, judging: Judging, number: int, waiting: Waiting | None = None) -> Result:
    """The result as its author may see it; ``judging`` comes with its report, ``submission`` with its code."""
    is_run = submission.kind is Kind.RUN
    if judging.state is not State.DONE:
        return Result(
            submission.id, number, submission.problem, is_run, submission.created_at, judging.state, waiting=waiting
        )
    report = Report.from_json(judging.report.body) if judging.report else None
    public = public_report(report, submission.kind) if report else {}
    return Result(
        id=submission.id,
        number=number,
        problem=submission.problem,
        is_run=is_run,
        created_at=submission.created_at,
        state=judging.state,
        verdict=judging.verdict,
        score=None if is_run or judging.verdict is Verdict.JUDGE_ERROR else judging.score,
        max_score=public.get("max_score"),
        message=public.get("message"),
        error=_fault(public.get("error")),
        findings=public.get("rule_findings", []),
        groups=[] if is_run or report is None else _groups(public["groups"], report),
        samples=_samples(public.get("samples", [])),
        stdout=public.get("stdout", ""),
        stderr=public.get("stderr", ""),
        lines=listing(submission.code, marks_of(public)),
    )


def marks_of(report: dict[str, Any]) -> dict[int, str]:
    """Which lines of the code stand out: where a built-in is used, an exception was raised or a limit was passed."""
    marks = {found["line"]: "rule" for found in report.get("rule_findings", []) if _stands_out(found)}
    error = report.get("error")
    if error and error["line"]:
        marks[error["line"]] = "error"
    if report.get("stopped_at"):
        marks[report["stopped_at"]] = "error"
    return marks


def _stands_out(finding: dict[str, Any]) -> bool:
    return bool(finding["line"]) and finding.get("seen_by") != "apart"


def _fault(entry: dict[str, Any] | None) -> Fault | None:
    return Fault(entry["type"], entry["line"], entry.get("message") or "", entry.get("said")) if entry else None


def _groups(entries: list[dict[str, Any]], report: Report) -> list[GroupLine]:
    """None when the code ended before the first check: six empty groups would say nothing the verdict does not."""
    examined = {check.group for check in report.checks if check.status is not CheckStatus.NOT_RUN}
    return [_group(entry, examined=entry["id"] in examined) for entry in entries] if examined else []


def _group(entry: dict[str, Any], *, examined: bool) -> GroupLine:
    whole = entry["passed"] == entry["total"]
    return GroupLine(
        title=entry["title"],
        whole=whole,
        examined=examined,
        passed=entry["passed"],
        total=entry["total"],
        points=entry["points"],
        max_points=entry["max_points"],
        message=None if whole else entry["message"],
    )


def _samples(entries: list[dict[str, Any]]) -> list[SampleCard]:
    """The samples in their order; those that differ in their own way lie open, and if none does, the first."""
    failing = [
        number
        for number, entry in enumerate(entries)
        if entry["status"] != CheckStatus.PASSED and entry["follows"] is None
    ]
    opened = set(failing[:3] or [0])
    return [_sample(entry, is_open=number in opened) for number, entry in enumerate(entries)]


def _sample(entry: dict[str, Any], *, is_open: bool) -> SampleCard:
    difference = entry["largest_difference"]
    index = entry["difference_index"]
    return SampleCard(
        title=entry["title"],
        status=entry["status"],
        steps=entry["steps"],
        observation=entry["observation"],
        input=entry["input"],
        expected=entry["expected"],
        actual=entry["actual"],
        difference="" if difference is None or entry["status"] == CheckStatus.PASSED else f"{difference:.4g}",
        index="" if index is None else ", ".join(map(str, index)),
        open=is_open,
    )

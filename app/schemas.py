"""What the API takes and gives, and the one function that turns a report into what a candidate may see."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

import msgspec
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Row

from app.models import Device, DiagnosesState, Kind, State, Submission
from app.waiting import MOST_COUNTED, Pace, Waiting
from judge.problem import Problem
from judge.report import CheckStatus, Report, Verdict
from judge.words import FOLLOWS

Text = dict[str, str]


class NewSubmission(BaseModel):
    """The body of ``POST submissions``."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {"problem": "batchnorm1d", "code": "class MyBatchNorm1d(nn.Module): …", "label": "ci-1"}
        },
    )

    problem: str = Field(min_length=1, max_length=64, description="A slug of GET problems.")
    # Said here for the description, checked by `submissions.submit`, which answers in words of ours.
    code: str = Field(json_schema_extra={"minLength": 1}, description="The whole file, at most 64 KiB of UTF-8.")
    device: str = Field(default=Device.CPU, json_schema_extra={"enum": [*Device]}, description="Where it is judged.")
    label: str | None = Field(default=None, max_length=200, description="Any word of yours to find it again.")


class SubmissionSummary(BaseModel):
    """One submission of a list."""

    id: int
    problem: str
    kind: Kind
    device: Device
    label: str | None
    candidate: str | None = Field(description="The candidate's name; null for what CI sent.")
    created_at: datetime
    verdict: Verdict | None = Field(description="Null until the first judging is done.")
    score: float | None
    max_score: float | None
    url: str


class ReportGroup(BaseModel):
    """The checks of one group, summed."""

    id: str
    title: Text
    points: float
    max_points: float
    passed: int
    total: int
    message: Text | None


class ReportCheck(BaseModel):
    """One hidden check; only with the staff scope."""

    id: str
    group: str
    status: CheckStatus
    points: float
    max_points: float
    public_message: Text
    staff_detail: Text
    follows: str | None = Field(default=None, description="The check that already told why this one stopped.")


class ReportDiagnosis(BaseModel):
    """A named misconception; only with the staff scope."""

    id: str
    title: Text
    sentence: Text
    question: Text
    explains: list[str]


class ReportRaise(BaseModel):
    """What kind of exception the code raised; only with the staff scope."""

    kind: str
    sentence: Text
    question: Text
    explains: list[str]


class ReportError(BaseModel):
    """The exception of the code that was sent; its text only with the staff scope."""

    type: str
    line: int | None
    message: str | None = None
    said: Text | None = Field(default=None, description="The message in every language, where it is the judge's own.")


class ReportRuleFinding(BaseModel):
    """A built-in normalisation that did the work. With the staff scope also what is only named, and how it was seen."""

    name: str
    line: int | None
    seen_by: str | None = None
    said: dict[str, str] | None = None


class ReportTiming(BaseModel):
    wall_ms: float
    cpu_ms: float
    stages: dict[str, float] | None = None


class ReportSample(BaseModel):
    """One observation of a sample scenario."""

    check_id: str
    title: Text
    steps: list[Text]
    observation: str
    input: str
    expected: Text
    actual: Text
    largest_difference: float | None
    difference_index: list[int] | None
    status: CheckStatus
    follows: str | None = Field(default=None, description="The check whose sample already told what stopped this one.")


class ReportOut(BaseModel):
    """The report of a judging. Members that may be absent are there only with the staff scope."""

    problem: str
    problem_version: str
    device: str
    verdict: Verdict
    score: float
    max_score: float
    groups: list[ReportGroup]
    error: ReportError | None
    rule_findings: list[ReportRuleFinding]
    timing: ReportTiming
    peak_memory_bytes: int
    message: Text
    stopped_at: int | None = Field(default=None, description="The line that was running when a limit was passed.")
    samples: list[ReportSample] = []
    seed: int | None = None
    conventions: dict[str, str] | None = None
    diagnoses: list[ReportDiagnosis] | None = None
    diagnosis_note: Text | None = None
    raised: ReportRaise | None = None
    checks: list[ReportCheck] | None = None
    stdout: str | None = None
    stderr: str | None = None


class WaitingOut(BaseModel):
    """How a queued judging stands."""

    queue: Pace = Field(description="Whether anything is being judged; what was sent is kept whatever it says.")
    ahead: int = Field(description=f"Judgings before this one, counted up to {MOST_COUNTED}.")
    expected_seconds: float | None = Field(description="Until the verdict, from how long judgings took lately.")


class SubmissionOut(SubmissionSummary):
    """One submission with the state and the report of its newest judging."""

    state: State
    judging: int = Field(description="Number of the newest judging; a rejudge adds one.")
    attempt: int
    diagnoses_state: DiagnosesState = Field(
        description="`pending` until the names of the mistakes are there, which come after the verdict."
    )
    finished_at: datetime | None
    waiting: WaitingOut | None = Field(description="While the judging is queued.")
    report: ReportOut | None


class SubmissionList(BaseModel):
    """A page of submissions, and the cursor of the next one."""

    submissions: list[SubmissionSummary]
    next_cursor: str | None


class ProblemGroup(BaseModel):
    id: str
    title: Text
    points: float


class ProblemSummary(BaseModel):
    slug: str
    title: Text
    summary: Text
    max_score: float
    version: str
    url: str


class ProblemOut(ProblemSummary):
    class_names: list[str]
    statement: Text = Field(description="Markdown with TeX mathematics, by language.")
    starter: str
    groups: list[ProblemGroup]
    limits: dict[str, float]


class ProblemList(BaseModel):
    problems: list[ProblemSummary]


class ProblemDetails(BaseModel):
    """RFC 9457, ``application/problem+json``."""

    type: Literal["about:blank"]
    title: str
    status: int
    detail: str
    code: str = Field(description="A stable word to branch on.")
    errors: list[dict[str, Any]] | None = None
    request_id: str = Field(description="As in the answer's X-Request-ID; tell it to whoever runs this Handcode.")


def public_report(report: Report, kind: Kind) -> dict[str, Any]:
    """What a candidate may see, as JSON-ready values.

    Of the hidden exam: verdict, groups with their counts, the exception's type and its line in their own file. A run
    shows all there is of its samples, but never a diagnosis: that is for the interview.
    """
    whole = report.to_dict()
    public = {key: whole[key] for key in _PUBLIC}
    public["groups"] = folded(report)
    public["error"] = report.error and {"type": report.error.type, "line": report.error.line}
    public["rule_findings"] = [
        {"name": found.name, "line": found.line} for found in report.rule_findings if found.breaks
    ]
    public["timing"] = {"wall_ms": report.timing.wall_ms, "cpu_ms": report.timing.cpu_ms}
    if kind is Kind.RUN:
        public |= {key: whole[key] for key in ("samples", "error", "stdout", "stderr")}
    return public


def folded(report: Report) -> list[dict[str, Any]]:
    """The groups with what a candidate reads: one mistake gets its hint where it first shows, and a group that only
    shows it again says that it follows.

    Once the names are there; a candidate reads none of them.
    """
    told: set[str] = set()
    groups = []
    for group in map(msgspec.to_builtins, report.groups):
        failed = {one.id for one in report.checks if one.group == group["id"] and one.status is CheckStatus.FAILED}
        behind = [one for one in report.diagnoses if failed & set(one.explains)]
        names = {one.id for one in behind}
        again = bool(names) and names <= told and failed <= {check for one in behind for check in one.explains}
        groups.append(group | {"message": FOLLOWS} if again else group)
        told |= names
    return groups


_PUBLIC = (
    "problem", "problem_version", "device", "verdict", "score", "max_score", "groups", "peak_memory_bytes", "message",
    "stopped_at",
)  # fmt: skip


def summary(submission: Submission) -> dict[str, Any]:
    """A submission as the API shows it in a list."""
    return _summary(submission, submission.candidate.name if submission.candidate else None)


def _summary(submission: Submission | Row[*tuple[Any, ...]], candidate: str | None) -> dict[str, Any]:
    return {
        "id": submission.id,
        "problem": submission.problem,
        "kind": submission.kind,
        "device": submission.device,
        "label": submission.label,
        "candidate": candidate,
        "created_at": submission.created_at,
        "verdict": submission.verdict,
        "score": submission.score,
        "max_score": submission.max_score,
        "url": f"/api/v1/submissions/{submission.id}",
    }


def detail(row: Row[*tuple[Any, ...]], waiting: Waiting | None, *, staff: bool) -> bytes:
    """A row of ``submissions.detail`` as JSON; staff get the stored report as it is, byte for byte."""
    answer = _summary(row, row.candidate_name) | {
        "state": row.state,
        "judging": row.judging_id,
        "attempt": row.attempt,
        "diagnoses_state": row.diagnoses_state,
        "finished_at": row.finished_at,
        "waiting": waiting and waiting.to_dict(),
    }
    if row.report is None:
        answer["report"] = None
    elif staff:
        answer["report"] = msgspec.Raw(row.report.encode())
    else:
        answer["report"] = public_report(Report.from_json(row.report), row.kind)
    return msgspec.json.encode(answer)


def problem_summary(problem: Problem) -> dict[str, Any]:
    return {
        "slug": problem.slug,
        "title": problem.title,
        "summary": problem.summary,
        "max_score": problem.max_score,
        "version": problem.version,
        "url": f"/api/v1/problems/{problem.slug}",
    }


def problem_detail(problem: Problem) -> dict[str, Any]:
    return problem_summary(problem) | {
        "class_names": problem.class_names,
        "statement": problem.statement(),
        "starter": problem.starter["en"],
        "groups": [{"id": group.id, "title": group.title, "points": group.points} for group in problem.groups],
        "limits": msgspec.to_builtins(problem.limits),
    }

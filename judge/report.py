"""The report of one judging as plain data: verdict, score, groups, checks, diagnoses, timing. Needs no torch."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import msgspec

Text = dict[str, str]
"""One sentence in every language of the product: ``{"en": …, "zh": …}``."""


class Verdict(StrEnum):
    """What became of a submission, in the words every page, row and API answer uses."""

    ACCEPTED = "accepted"
    WRONG_ANSWER = "wrong_answer"
    RUNTIME_ERROR = "runtime_error"
    TIME_LIMIT = "time_limit"
    MEMORY_LIMIT = "memory_limit"
    OUTPUT_LIMIT = "output_limit"
    COMPILE_ERROR = "compile_error"
    RULE_VIOLATION = "rule_violation"
    JUDGE_ERROR = "judge_error"


class CheckStatus(StrEnum):
    """What one check came to; ``error`` means the candidate's code raised, ``not_run`` that it never got there."""

    PASSED = "passed"
    FAILED = "failed"
    ERROR = "error"
    NOT_RUN = "not_run"


@dataclass(frozen=True)
class CheckResult:
    """One comparison between transcript and key; ``follows`` names the check that already told why this one stopped."""

    id: str
    group: str
    status: CheckStatus
    points: float
    max_points: float
    public_message: Text
    staff_detail: Text
    follows: str | None = None


@dataclass(frozen=True)
class GroupResult:
    """The checks of one group, summed; ``message`` is what a candidate may read when the group is not whole."""

    id: str
    title: Text
    points: float
    max_points: float
    passed: int
    total: int
    message: Text | None = None


@dataclass(frozen=True)
class Diagnosis:
    """A named misconception that explains failed checks: for the interviewer."""

    id: str
    title: Text
    sentence: Text
    question: Text
    explains: tuple[str, ...]


@dataclass(frozen=True)
class RuleFinding:
    """A built-in normalisation in the candidate's file: its name, its line, and how it was seen.

    It "ran"; it is "barred", since it would leave no trace when it runs; it is "named" in code that the layer may come
    to run; or it stands "apart", where the layer does not come, such as the candidate's own comparison.
    """

    name: str
    line: int | None
    seen_by: str
    said: Text | None = None
    """What that means, in a sentence for staff."""

    @property
    def breaks(self) -> bool:
        """Whether it breaks the rule, which a candidate is told; a name alone is for staff."""
        return self.seen_by in ("ran", "barred")


@dataclass(frozen=True)
class CandidateError:
    """The exception of the candidate's own code; ``line`` counts in their file. ``message`` is for staff.

    ``said`` is that message in every language, where it is a sentence of ours.
    """

    type: str
    line: int | None
    message: str
    said: Text | None = None


@dataclass(frozen=True)
class Raise:
    """What kind of exception the candidate's code raised, for the interviewer; ``explains`` the checks it ended."""

    kind: str
    sentence: Text
    question: Text
    explains: tuple[str, ...]


@dataclass(frozen=True)
class SampleView:
    """One observation of a sample scenario, shown whole: what went in, what was expected, what came out.

    ``follows`` names the check whose view already told what stopped this one.
    """

    check_id: str
    title: Text
    steps: tuple[Text, ...]
    observation: str
    input: str
    expected: Text
    actual: Text
    largest_difference: float | None
    difference_index: tuple[int, ...] | None
    status: CheckStatus
    follows: str | None = None


@dataclass(frozen=True)
class Timing:
    """Milliseconds of one judging; ``stages`` names where they went."""

    wall_ms: float
    cpu_ms: float
    stages: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Report:
    """Everything one judging found out. ``to_dict`` is the JSON contract the CLI and the API share."""

    problem: str
    problem_version: str
    device: str
    seed: int
    verdict: Verdict
    score: float
    max_score: float
    conventions: dict[str, str]
    diagnoses: tuple[Diagnosis, ...]
    groups: tuple[GroupResult, ...]
    checks: tuple[CheckResult, ...]
    error: CandidateError | None
    rule_findings: tuple[RuleFinding, ...]
    stdout: str
    stderr: str
    timing: Timing
    peak_memory_bytes: int
    message: Text
    samples: tuple[SampleView, ...] = ()
    diagnosis_note: Text | None = None
    raised: Raise | None = None
    stopped_at: int | None = None
    """The line of the candidate's file that was running when a limit was passed, if it is known."""

    def to_dict(self) -> dict[str, Any]:
        """The report as JSON-ready values."""
        built: dict[str, Any] = msgspec.to_builtins(self)
        return built

    @classmethod
    def from_json(cls, body: str) -> Report:
        """The report read back; raises ``msgspec.ValidationError`` when ``body`` is not one."""
        try:
            return _decoder.decode(body)
        except msgspec.ValidationError:
            return msgspec.convert(_upgraded(msgspec.json.decode(body)), cls)


_decoder = msgspec.json.Decoder(Report)


def _upgraded(stored: Any) -> Any:
    """A report of 0.1, which told staff about checks and showed samples in English alone."""
    if isinstance(stored, dict):
        for of, names in (("checks", ("staff_detail",)), ("samples", ("expected", "actual"))):
            for entry in stored.get(of, ()):
                entry.update({name: {"en": entry[name]} for name in names if isinstance(entry.get(name), str)})
    return stored

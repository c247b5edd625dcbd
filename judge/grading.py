"""Grades a transcript against the answer key: every check, the groups, the convention, the verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from judge.comparing import Difference, Kind, differences
from judge.exam import AsAsked, Exam, Scenario, Seen, Transcript
from judge.key import AnswerKey
from judge.problem import Group
from judge.report import CheckResult, CheckStatus, GroupResult, Text, Verdict

__all__ = ["Comparison", "Difference", "Graded", "Kind", "grade"]

MIXED = "mixed"
"""The convention of a layer that follows one here and another there: accepted by nobody, but worth naming."""


Differences = tuple[Difference | None, ...]


class Comparison:
    """A transcript against the key under each convention; survives any transcript.

    ``ran`` says which scenarios came, ``failing`` by convention which of them are not as they should be; in what they
    differ is looked at when it is asked for.
    """

    def __init__(self, key: AnswerKey, transcript: Transcript) -> None:
        self._key, self._transcript = key, transcript
        self._known: dict[str, Differences] = {}
        if isinstance(transcript, AsAsked):
            self.ran = [True] * len(transcript)
            self.failing = key.failing(transcript.numbers)
        else:
            self.ran = [seen is not None for seen in transcript]
            self._known = _compare(key, transcript)
            self.failing = {name: [one is not None for one in found] for name, found in self._known.items()}

    def differences(self, convention: str) -> Differences:
        """The largest difference of each scenario; None where everything agrees or nothing came."""
        if convention not in self._known:
            failing = self.failing[convention]
            self._known[convention] = (None,) * len(failing)
            if any(failing):
                seen = [self._transcript[place] if fails else None for place, fails in enumerate(failing)]
                expected = self._key.by_convention[convention]
                self._known[convention] = differences(expected, seen, self._key.tolerances)
        return self._known[convention]

    def closest(self, among: Sequence[str]) -> str:
        """The convention under which the layer passes the most; the first of equals."""
        return max(among, key=self._passed)

    def _passed(self, convention: str) -> float:
        return sum(
            scenario.weight
            for scenario, fails, ran in zip(self._key.exam.scenarios, self.failing[convention], self.ran, strict=True)
            if ran and not fails
        )


@dataclass(frozen=True)
class Graded:
    """A transcript graded: ``differences`` (one a scenario, None: passed or never run) are against ``graded_as``.

    ``convention`` is what the layer was seen to follow (None: neither), whether accepted or not.
    """

    checks: tuple[CheckResult, ...]
    groups: tuple[GroupResult, ...]
    score: float
    convention: str | None
    graded_as: str
    comparison: Comparison
    verdict: Verdict

    @property
    def differences(self) -> Differences:
        return self.comparison.differences(self.graded_as)

    @property
    def by_convention(self) -> dict[str, Differences]:
        """The differences under each convention, accepted or not."""
        return {name: self.comparison.differences(name) for name in self.comparison.failing}


def grade(key: AnswerKey, transcript: Transcript, accept: tuple[str, ...]) -> Graded:
    """Compares every scenario, under the accepted convention that fits the layer best; survives any transcript."""
    comparison = Comparison(key, transcript)
    graded_as = comparison.closest(accept)
    checks = _checks(key.exam, comparison, graded_as, transcript)
    groups = tuple(_group(group, checks) for group in key.exam.problem.groups)
    return Graded(
        checks=checks,
        groups=groups,
        score=round(sum(group.points for group in groups), 2),
        convention=_convention(comparison),
        graded_as=graded_as,
        comparison=comparison,
        verdict=_verdict(checks),
    )


def _compare(key: AnswerKey, transcript: Transcript) -> dict[str, Differences]:
    """The differences under each convention; what does not depend on it is compared once."""
    (name, first), *others = key.by_convention.items()
    compared = {name: differences(first, transcript, key.tolerances)}
    for other, expected in others:
        depends = [one is not base for one, base in zip(expected, first, strict=True)]
        seen = [came if matters else None for came, matters in zip(transcript, depends, strict=True)]
        again = differences(expected, seen, key.tolerances)
        compared[other] = tuple(
            new if matters else old for new, old, matters in zip(again, compared[name], depends, strict=True)
        )
    return compared


def _convention(comparison: Comparison) -> str | None:
    """The one convention some scenario passes under and under no other; mixed when there are several."""
    seen = set()
    for row in zip(*comparison.failing.values(), strict=True):
        passing = [convention for convention, fails in zip(comparison.failing, row, strict=True) if not fails]
        if len(passing) == 1:
            seen.add(passing[0])
    return None if not seen else seen.pop() if len(seen) == 1 else MIXED


def _checks(exam: Exam, comparison: Comparison, graded_as: str, transcript: Transcript) -> tuple[CheckResult, ...]:
    weights: dict[str, float] = {}
    for scenario in exam.scenarios:
        weights[scenario.group] = weights.get(scenario.group, 0.0) + scenario.weight
    groups = {group.id: group for group in exam.problem.groups}
    found = zip(exam.scenarios, comparison.differences(graded_as), comparison.ran, strict=True)
    checks = []
    for place, (scenario, difference, ran) in enumerate(found):
        group = groups[scenario.group]
        worth = round(group.points * scenario.weight / weights[group.id], 4)
        if ran:
            seen = None if difference is None else transcript[place]
            checks.append(_check(scenario, group, worth, difference, seen))
        else:
            checks.append(_not_run(scenario, worth))
    return tuple(checks)


def _not_run(scenario: Scenario, worth: float) -> CheckResult:
    detail = f"{scenario.title['en']}: the run was over before this scenario."
    return CheckResult(scenario.check_id, scenario.group, CheckStatus.NOT_RUN, 0.0, worth, NOT_RUN, detail)


def _check(
    scenario: Scenario, group: Group, worth: float, difference: Difference | None, seen: Seen | None
) -> CheckResult:
    title = scenario.title["en"]
    if difference is None or seen is None:
        status, points, public, detail = CheckStatus.PASSED, worth, PASSED, f"{title}: as expected."
    elif difference.kind is Kind.RAISED:
        status, points, public, detail = CheckStatus.ERROR, 0.0, _raised(seen), f"{title}: {difference.sentence}"
    else:
        status, points, detail = CheckStatus.FAILED, 0.0, f"{title}: {difference.sentence}."
        public = PUBLIC_COMPLAINTS.get(seen.complaint or "", group.message)
    return CheckResult(scenario.check_id, scenario.group, status, points, worth, public, detail)


def _group(group: Group, checks: tuple[CheckResult, ...]) -> GroupResult:
    mine = [check for check in checks if check.group == group.id]
    passed = [check for check in mine if check.status is CheckStatus.PASSED]
    whole = len(passed) == len(mine)
    points = group.points if whole else round(sum(check.points for check in passed), 2)
    message = None if whole else group.message
    return GroupResult(group.id, group.title, points, group.points, len(passed), len(mine), message)


def _verdict(checks: tuple[CheckResult, ...]) -> Verdict:
    """A difference outweighs an exception: the layer runs and is wrong."""
    statuses = {check.status for check in checks}
    if CheckStatus.FAILED in statuses:
        return Verdict.WRONG_ANSWER
    if CheckStatus.ERROR in statuses or CheckStatus.NOT_RUN in statuses:
        return Verdict.RUNTIME_ERROR
    return Verdict.ACCEPTED


# What a candidate reads


PASSED: Text = {"en": "Passed.", "zh": "通过。"}
NOT_RUN: Text = {
    "en": "Not examined: your code ended before its turn.",
    "zh": "未检查：轮到它之前，代码已经结束。",
}
PUBLIC_COMPLAINTS: dict[str, Text] = {
    "no_scale": {
        "en": "No learnable scale was found among the layer's parameters.",
        "zh": "在该层的参数中找不到可学习的缩放。",
    },
    "no_shift": {
        "en": "No learnable shift was found among the layer's parameters.",
        "zh": "在该层的参数中找不到可学习的平移。",
    },
    "output_is_no_tensor": {
        "en": "forward did not return a tensor.",
        "zh": "forward 的返回值不是张量。",
    },
    "state_dict_does_not_load": {
        "en": "The state dict of one layer does not load into another of the same size.",
        "zh": "一个层的 state_dict 无法加载到同样大小的另一个层中。",
    },
    "cannot_be_copied": {
        "en": "The layer cannot be copied with copy.deepcopy.",
        "zh": "该层无法用 copy.deepcopy 复制。",
    },
    "backward_fails": {
        "en": "Autograd could not run the backward pass.",
        "zh": "自动求导无法完成反向传播。",
    },
}


def _raised(seen: Seen) -> Text:
    error = seen.error
    if error is None or error.line is None:
        name = "" if error is None else error.type
        return {"en": f"Your code raised {name}.", "zh": f"代码抛出了 {name}。"}
    return {
        "en": f"Your code raised {error.type} at line {error.line}.",
        "zh": f"代码在第 {error.line} 行抛出了 {error.type}。",
    }

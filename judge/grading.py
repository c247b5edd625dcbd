"""Grades a transcript against the answer key: the key, every check, the groups, the convention, the verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from judge import exam as exams
from judge.comparing import Difference, Kind, differences
from judge.exam import Array, Concrete, Edition, Exam, Observation, Seen, Split, Transcript
from judge.problem import Group
from judge.report import CheckResult, CheckStatus, GroupResult, Text, Verdict
from judge.tolerance import Sensitivity, sensitivities, tolerances

__all__ = ["AnswerKey", "Difference", "Graded", "Kind", "answer_key", "answer_keys", "grade"]

MIXED = "mixed"
"""The convention of a layer that follows one here and another there: accepted by nobody, but worth naming."""


@dataclass(frozen=True)
class AnswerKey:
    """What the reference observes in float64, for each convention, and how far an honest answer may lie from it.

    A scenario that does not depend on the convention has the very same ``Seen`` in every transcript.
    """

    exam: Exam
    labels: list[list[str]]
    by_convention: dict[str, tuple[Seen, ...]]
    tolerances: tuple[tuple[float, ...], ...]


Differences = tuple[Difference | None, ...]


@dataclass(frozen=True)
class Graded:
    """A transcript graded: ``differences`` (one a scenario, None: passed or never run) are against ``graded_as``.

    ``convention`` is what the layer was seen to follow (None: neither), whether accepted or not; ``by_convention`` are
    the differences under each, accepted or not.
    """

    checks: tuple[CheckResult, ...]
    groups: tuple[GroupResult, ...]
    score: float
    convention: str | None
    graded_as: str
    differences: Differences
    by_convention: dict[str, Differences]
    verdict: Verdict


def answer_key(exam: Exam) -> AnswerKey:
    """What the reference observes on the exam in float64, for each convention."""
    alone = Edition(exam.problem, exam.seed, exam.samples, exam.concretes, 1, exam.rank)
    return answer_keys(alone, [exam])[0]


def answer_keys(edition: Edition, its_exams: Sequence[Exam]) -> list[AnswerKey]:
    """The keys to all exams of an edition, from one run of the reference on all of them side by side."""
    conventions = exams.reference_of(edition.problem).CONVENTIONS
    rows = sensitivities(edition.problem.slug, edition.samples)
    by_scenario = [_answers(edition, concrete, row) for concrete, row in zip(edition.wide, rows, strict=True)]
    labels = [[one.label for one in answers[0].seen[conventions[0]].observations] for answers in by_scenario]
    return [
        AnswerKey(
            exam,
            labels,
            {name: tuple(answer.seen[name] for answer in answers) for name in conventions},
            tuple(answer.tolerances for answer in answers),
        )
        for exam, answers in zip(its_exams, zip(*by_scenario, strict=True), strict=True)
    ]


@dataclass(frozen=True)
class _Answer:
    """What the key says of one scenario of one exam."""

    seen: dict[str, Seen]
    tolerances: tuple[float, ...]


def _answers(edition: Edition, wide: Concrete, sensitivity: Sequence[Sensitivity]) -> list[_Answer]:
    """One scenario's answer for each exam; where the conventions share a ``Seen`` they still do."""
    copies = edition.copies if wide.tensors else 1  # without inputs there is nothing to tell them apart
    split = exams.module_of(edition.problem.slug, "scenarios").split
    observed = exams.reference_of(edition.problem).observe(wide, copies=copies)
    rows = {
        id(seen): [_rows(observation, copies, split) for observation in seen.observations] for seen in observed.values()
    }
    allowed = zip(*map(tolerances, sensitivity, next(iter(rows.values())), [copies] * len(sensitivity)), strict=True)
    apart = {id(seen): _apart(seen, rows[id(seen)], copies) for seen in observed.values()}
    answers = [
        _Answer({name: apart[id(seen)][place] for name, seen in observed.items()}, each)
        for place, each in enumerate(allowed)
    ]
    return answers * (edition.copies // copies)


def _rows(wide: Observation, copies: int, split: Split) -> Array | None:
    """The values with a row for each exam; counts and flags say the same of every one."""
    if wide.values is None:
        return None
    if wide.values.dtype.kind != "f":
        return np.broadcast_to(wide.values, (copies, *wide.values.shape))
    return split(wide.values, copies)


def _apart(wide: Seen, rows: list[Array | None], copies: int) -> list[Seen]:
    columns = [
        [one] * copies if values is None else [Observation(one.label, one.dtype, row) for row in values]
        for one, values in zip(wide.observations, rows, strict=True)
    ]
    return [Seen(observations) for observations in zip(*columns, strict=True)]


def grade(key: AnswerKey, transcript: Transcript, accept: tuple[str, ...]) -> Graded:
    """Compares every scenario, under the accepted convention that fits the layer best; survives any transcript."""
    compared = _compare(key, transcript)
    graded_as = closest(key, compared, transcript, accept)
    differences = compared[graded_as]
    checks = _checks(key.exam, differences, transcript)
    groups = tuple(_group(group, checks) for group in key.exam.problem.groups)
    return Graded(
        checks=checks,
        groups=groups,
        score=round(sum(group.points for group in groups), 2),
        convention=_convention(compared),
        graded_as=graded_as,
        differences=differences,
        by_convention=compared,
        verdict=_verdict(checks),
    )


def closest(key: AnswerKey, compared: dict[str, Differences], transcript: Transcript, among: tuple[str, ...]) -> str:
    """The convention under which the layer passes the most; the first of equals."""
    return max(among, key=lambda convention: _passed(key, compared[convention], transcript))


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


def _passed(key: AnswerKey, differences: Differences, transcript: Transcript) -> float:
    return sum(
        concrete.scenario.weight
        for concrete, difference, seen in zip(key.exam.concretes, differences, transcript, strict=True)
        if difference is None and seen is not None
    )


def _convention(compared: dict[str, Differences]) -> str | None:
    """The one convention some scenario passes under and under no other; mixed when there are several."""
    seen = set()
    for row in zip(*compared.values(), strict=True):
        passing = [convention for convention, difference in zip(compared, row, strict=True) if difference is None]
        if len(passing) == 1:
            seen.add(passing[0])
    return None if not seen else seen.pop() if len(seen) == 1 else MIXED


def _checks(exam: Exam, differences: Differences, transcript: Transcript) -> tuple[CheckResult, ...]:
    weights: dict[str, float] = {}
    for concrete in exam.concretes:
        group = concrete.scenario.group
        weights[group] = weights.get(group, 0.0) + concrete.scenario.weight
    groups = {group.id: group for group in exam.problem.groups}
    return tuple(
        _check(concrete, groups[concrete.scenario.group], weights[concrete.scenario.group], difference, seen)
        for concrete, difference, seen in zip(exam.concretes, differences, transcript, strict=True)
    )


def _check(
    concrete: Concrete, group: Group, group_weight: float, difference: Difference | None, seen: Seen | None
) -> CheckResult:
    scenario = concrete.scenario
    worth = round(group.points * scenario.weight / group_weight, 4)
    title = scenario.title["en"]
    if seen is None:
        status, public, detail = CheckStatus.NOT_RUN, NOT_RUN, f"{title}: the run was over before this scenario."
    elif difference is None:
        status, public, detail = CheckStatus.PASSED, PASSED, f"{title}: as expected."
    elif difference.kind is Kind.RAISED:
        status, public, detail = CheckStatus.ERROR, _raised(seen), f"{title}: {difference.sentence}"
    else:
        status, detail = CheckStatus.FAILED, f"{title}: {difference.sentence}."
        public = PUBLIC_COMPLAINTS.get(seen.complaint or "", group.message)
    points = worth if status is CheckStatus.PASSED else 0.0
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

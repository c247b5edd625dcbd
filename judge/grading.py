"""Grades a transcript against the answer key: every check, the groups, the convention, the verdict."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from judge.comparing import Difference, differences
from judge.exam import AsAsked, Exam, Transcript
from judge.key import AnswerKey
from judge.points import total, worths
from judge.problem import Group
from judge.report import CheckResult, CheckStatus, GroupResult, Text, Verdict
from judge.telling import Cause, Telling, group_message, held_back, main_cause, not_run, too_slow

MIXED = "mixed"
"""The convention of a layer that follows one here and another there: accepted by nobody, but worth naming."""


Differences = tuple[Difference | None, ...]


class Comparison:
    """A transcript against the key under each convention; survives any transcript.

    ``ran`` says which scenarios came, ``failing`` by convention which of them are not as they should be; in what they
    differ is looked at when it is asked for. Large scenarios are as if they had not come unless all others are right:
    what is wrong at any size is no second mistake at a large one.
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
        self._large = [scenario.large for scenario in key.exam.scenarios]
        self.held_back = any(self._large) and not any(map(self._right_but_for_large, self.failing))
        if self.held_back:
            self.ran, self.failing = (
                self._small(self.ran),
                {name: self._small(one) for name, one in self.failing.items()},
            )
            self._known = {
                name: tuple(None if large else one for one, large in zip(found, self._large, strict=True))
                for name, found in self._known.items()
            }

    def _small(self, flags: list[bool]) -> list[bool]:
        return [flag and not large for flag, large in zip(flags, self._large, strict=True)]

    def _right_but_for_large(self, convention: str) -> bool:
        rows = zip(self.ran, self.failing[convention], self._large, strict=True)
        return all(large or (ran and not fails) for ran, fails, large in rows)

    @property
    def only_large_fail(self) -> bool:
        """Whether all is right but for large inputs."""
        return not self.held_back and any(
            large and all(failing[place] for failing in self.failing.values())
            for place, large in enumerate(self._large)
        )

    def without_large(self) -> Transcript:
        """The transcript as what is known of wrong layers is compared with it."""
        return tuple(None if large else seen for seen, large in zip(self._transcript, self._large, strict=True))

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

    @property
    def right_somehow(self) -> bool:
        """Whether the layer passes everything under one of the conventions."""
        came = all(ran or large for ran, large in zip(self.ran, self._large, strict=True))
        return came and not all(any(failing) for failing in self.failing.values())

    def _passed(self, convention: str) -> float:
        return sum(
            scenario.weight
            for scenario, fails, ran in zip(self._key.exam.scenarios, self.failing[convention], self.ran, strict=True)
            if ran and not fails
        )


@dataclass(frozen=True)
class Graded:
    """A transcript graded: ``differences`` (one a scenario, None: passed or never run) are those its checks tell.

    ``convention`` is what the layer was seen to follow (None: neither), whether accepted or not; ``graded_as`` the
    accepted one it came closest to.
    """

    checks: tuple[CheckResult, ...]
    groups: tuple[GroupResult, ...]
    score: float
    convention: str | None
    graded_as: str
    comparison: Comparison
    differences: Differences
    verdict: Verdict

    @property
    def only_convention(self) -> bool:
        """Whether a layer that is not accepted is right under a convention, and so only follows another."""
        return self.verdict is Verdict.WRONG_ANSWER and self.comparison.right_somehow

    @property
    def by_convention(self) -> dict[str, Differences]:
        """The differences under each convention, accepted or not."""
        return {name: self.comparison.differences(name) for name in self.comparison.failing}


def grade(key: AnswerKey, transcript: Transcript, accept: tuple[str, ...], *, spared: bool = False) -> Graded:
    """Compares every scenario, under the accepted convention that fits the layer best; survives any transcript.

    ``spared`` says that the large scenarios that are missing count as right.
    """
    comparison = Comparison(key, transcript)
    graded_as = comparison.closest(accept)
    differences = _differences(key, comparison, graded_as, accept)
    main = None if isinstance(transcript, AsAsked) else main_cause(transcript)
    checks = _checks(key.exam, comparison, differences, transcript, main, spared=spared)
    asked = key.exam.problem.alone(accept)
    only = comparison.right_somehow
    messages = [group_message(group, checks, main, asked, right_but_for_it=only) for group in key.exam.problem.groups]
    groups = tuple(map(partial(_group, checks), key.exam.problem.groups, messages))
    return Graded(
        checks=checks,
        groups=groups,
        score=total([group.points for group in groups]),
        convention=_convention(comparison),
        graded_as=graded_as,
        comparison=comparison,
        differences=differences,
        verdict=_verdict(checks),
    )


def forfeited(graded: Graded) -> Graded:
    """The same without points: a layer whose work a built-in did; what passed is still told."""
    return replace(
        graded,
        checks=tuple(replace(check, points=0.0) for check in graded.checks),
        groups=tuple(replace(group, points=0.0) for group in graded.groups),
        score=0.0,
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


def _differences(key: AnswerKey, comparison: Comparison, graded_as: str, accept: Sequence[str]) -> Differences:
    """Against the accepted convention where that is tested, elsewhere against the one the layer follows.

    A convention that is not accepted is a mistake where the running variance itself is looked at; what else it shows in
    is no second one. It fails at least one check that tests it, or it counts everywhere.
    """
    found = comparison.differences(graded_as)
    followed = comparison.closest((*accept, *(name for name in comparison.failing if name not in accept)))
    if followed in accept or key.exam.samples:
        return found
    testing = {group.id for group in key.exam.problem.groups if group.tests_convention}
    tests = [scenario.group in testing for scenario in key.exam.scenarios]
    if not any(one for one, here in zip(found, tests, strict=True) if here):
        return found
    elsewhere = comparison.differences(followed)
    return tuple(one if here else other for one, other, here in zip(found, elsewhere, tests, strict=True))


def _convention(comparison: Comparison) -> str | None:
    """The one convention some scenario passes under and under no other; mixed when there are several."""
    seen = set()
    for row in zip(*comparison.failing.values(), strict=True):
        passing = [convention for convention, fails in zip(comparison.failing, row, strict=True) if not fails]
        if len(passing) == 1:
            seen.add(passing[0])
    return None if not seen else seen.pop() if len(seen) == 1 else MIXED


def _checks(
    exam: Exam,
    comparison: Comparison,
    differences: Differences,
    transcript: Transcript,
    main: Cause | None,
    *,
    spared: bool,
) -> tuple[CheckResult, ...]:
    groups = {group.id: group for group in exam.problem.groups}
    telling = Telling(main)
    found = zip(exam.scenarios, worths(exam.problem, exam.samples), differences, comparison.ran, strict=True)
    checks = []
    for place, (scenario, worth, difference, came) in enumerate(found):
        if came:
            seen = None if difference is None else transcript[place]
            checks.append(telling.check(scenario, groups[scenario.group], worth, difference, seen))
        elif scenario.large and comparison.held_back:
            checks.append(held_back(scenario, worth))
        elif scenario.large and spared:
            checks.append(too_slow(scenario, worth))
        else:
            checks.append(not_run(scenario, worth))
    return tuple(checks)


def _group(checks: tuple[CheckResult, ...], group: Group, message: Text | None) -> GroupResult:
    mine = [check for check in checks if check.group == group.id]
    passed = [check for check in mine if check.status is CheckStatus.PASSED]
    points = total([check.points for check in mine])
    return GroupResult(group.id, group.title, points, group.points, len(passed), len(mine), message)


def _verdict(checks: tuple[CheckResult, ...]) -> Verdict:
    """A difference outweighs exceptions, since the layer runs and is wrong; but not where most of what ran raised."""
    statuses = Counter(check.status for check in checks)
    raised, failed = statuses[CheckStatus.ERROR], statuses[CheckStatus.FAILED]
    missing = any(check.status is CheckStatus.NOT_RUN and check.points < check.max_points for check in checks)
    if failed and raised <= failed + statuses[CheckStatus.PASSED]:
        return Verdict.WRONG_ANSWER
    if raised or missing:
        return Verdict.RUNTIME_ERROR
    return Verdict.ACCEPTED

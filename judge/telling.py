"""What is told of checks and groups: each cause once, where it first shows, and what follows from it folded.

An exception at one line, or one complaint about the layer, may end fifty scenarios. It is one failure: its first check
says what it is, the others say which one that was, and a group with nothing else in it gets no hint about values that
were never computed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from judge.comparing import Difference, Kind
from judge.exam import Scenario, Seen
from judge.problem import Convention, Group
from judge.report import CheckResult, CheckStatus, Text
from judge.words import COMPLAINTS, FOLLOWS


@dataclass(frozen=True)
class Cause:
    """Why scenarios stopped: an exception's type and its line in the candidate's file, or a complaint's code."""

    name: str
    line: int | None = None
    complaint: bool = False

    @staticmethod
    def of(seen: Seen | None) -> Cause | None:
        """None where a scenario came to its end, or complained of what no driver of ours complains of."""
        if seen is None:
            return None
        if seen.error is not None:
            return Cause(seen.error.type, seen.error.line)
        return Cause(seen.complaint, complaint=True) if seen.complaint in COMPLAINTS else None


@dataclass
class Telling:
    """Tells the checks of one exam, in order; ``main`` is the cause told above all of them, if there is one."""

    main: Cause | None
    first: dict[Cause, str] = field(default_factory=dict)

    def check(
        self, scenario: Scenario, group: Group, worth: float, difference: Difference | None, seen: Seen | None
    ) -> CheckResult:
        """One check that was run, passed or not."""
        if difference is None or seen is None:
            return _result(scenario, CheckStatus.PASSED, worth, worth, PASSED, AS_EXPECTED)
        status = CheckStatus.ERROR if difference.kind is Kind.RAISED else CheckStatus.FAILED
        cause = Cause.of(seen)
        if cause is None:
            return _result(scenario, status, 0.0, worth, group.message, difference.sentence)
        before = self.first.setdefault(cause, scenario.check_id)
        if before != scenario.check_id:
            return _result(scenario, status, 0.0, worth, follows(cause), _same(cause, before), before)
        public = follows(cause) if cause == self.main else _public(cause)
        return _result(scenario, status, 0.0, worth, public, difference.sentence)


def _result(
    scenario: Scenario,
    status: CheckStatus,
    points: float,
    worth: float,
    public: Text,
    told: Text,
    follows_from: str | None = None,
) -> CheckResult:
    detail = {"en": f"{scenario.title['en']}: {told['en']}", "zh": f"{scenario.title['zh']}：{told['zh']}"}
    return CheckResult(scenario.check_id, scenario.group, status, points, worth, public, detail, follows_from)


def not_run(scenario: Scenario, worth: float) -> CheckResult:
    """A check whose turn never came."""
    return _result(scenario, CheckStatus.NOT_RUN, 0.0, worth, NOT_RUN, OVER_BEFORE)


def held_back(scenario: Scenario, worth: float) -> CheckResult:
    """A check of large inputs, on a layer that is wrong without them."""
    return _result(scenario, CheckStatus.NOT_RUN, 0.0, worth, HELD_BACK, AFTER_THE_OTHERS)


def too_slow(scenario: Scenario, worth: float) -> CheckResult:
    """A check of large inputs that a right layer passed a limit in: it costs no points."""
    return _result(scenario, CheckStatus.NOT_RUN, worth, worth, TOO_SLOW, LIMIT_PASSED)


def main_cause(transcript: Sequence[Seen | None]) -> Cause | None:
    """The exception that ended the most scenarios, the first of equals."""
    counts = Counter(cause for seen in transcript if (cause := Cause.of(seen)) and not cause.complaint)
    return max(counts, key=lambda cause: counts[cause], default=None)


def group_message(
    group: Group,
    checks: Sequence[CheckResult],
    main: Cause | None,
    asked: Convention | None = None,
    *,
    right_but_for_it: bool = False,
) -> Text | None:
    """What a candidate reads beside a group, ``main`` told above; None where it is whole.

    Where one convention alone is ``asked`` for, the group that tests it says which; ``right_but_for_it`` holds for a
    layer that needs no other hint.

    The hint is about wrong values: a group whose checks all stopped, or were never run, says that instead.
    """
    left = [check for check in checks if check.group == group.id and check.status is not CheckStatus.PASSED]
    failed = [check for check in left if check.status is not CheckStatus.NOT_RUN]
    if not left:
        return None
    if not failed:
        return left[0].public_message
    if any(check.public_message == group.message for check in failed):
        if asked is None or not group.tests_convention:
            return group.message
        return asked.asked if right_but_for_it else _joined([group.message, asked.asked])
    above = None if main is None else follows(main)
    told = [check.public_message for check in failed if check.follows is None and check.public_message != above]
    return _joined(told or [failed[0].public_message])


def _joined(texts: list[Text]) -> Text:
    distinct = [text for place, text in enumerate(texts) if text not in texts[:place]]
    return {"en": " ".join(text["en"] for text in distinct), "zh": "".join(text["zh"] for text in distinct)}


# In words


PASSED: Text = {"en": "Passed.", "zh": "通过。"}
AS_EXPECTED: Text = {"en": "as expected.", "zh": "符合预期。"}
OVER_BEFORE: Text = {"en": "the run was over before this scenario.", "zh": "轮到这个场景之前，运行已经结束。"}
NOT_RUN: Text = {
    "en": "Not examined: your code ended before its turn.",
    "zh": "未检查：轮到它之前，代码已经结束。",
}
AFTER_THE_OTHERS: Text = {
    "en": "only looked at when every check of smaller inputs passes.",
    "zh": "较小输入的检查全部通过之后才会查看。",
}
LIMIT_PASSED: Text = {
    "en": "a limit was passed here and on no smaller input; it counts as right.",
    "zh": "在这样大的输入上才超出限制；按正确计分。",
}
HELD_BACK: Text = {
    "en": "Not examined: this comes once everything else is right.",
    "zh": "未检查：其余都正确之后才会检查这一部分。",
}
TOO_SLOW: Text = {
    "en": "Partly not examined: on very large inputs your code passed a limit. That costs no points.",
    "zh": "有一部分未检查：代码在超大输入上超出了限制。这一项不扣分。",
}


def _public(cause: Cause) -> Text:
    """A cause in a candidate's own terms: its type and line, nothing of what it says."""
    name, line = cause.name, cause.line
    if cause.complaint:
        return COMPLAINTS[name]
    if line is None:
        return {"en": f"Your code raised {name}.", "zh": f"代码抛出了 {name}。"}
    return {"en": f"Your code raised {name} at line {line}.", "zh": f"代码在第 {line} 行抛出了 {name}。"}


def follows(cause: Cause) -> Text:
    """Of what a cause told before explains; of a check, and of a group in which others may have passed."""
    line = cause.line
    if cause.complaint:
        return FOLLOWS
    if line is None:
        return {
            "en": "Follows from the exception above; what stopped there was not examined.",
            "zh": "由上面的异常所致；停在那里的检查没有验证数值。",
        }
    return {
        "en": f"Follows from the exception at line {line}; what stopped there was not examined.",
        "zh": f"由第 {line} 行的异常所致；停在那里的检查没有验证数值。",
    }


def _same(cause: Cause, before: str) -> Text:
    name, line = cause.name, cause.line
    if cause.complaint:
        return {"en": f"the same as in {before}.", "zh": f"与 {before} 相同。"}
    if line is None:
        return {"en": f"{name}, as in {before}.", "zh": f"{name}，同 {before}。"}
    return {"en": f"{name} at line {line}, as in {before}.", "zh": f"{name}（第 {line} 行），同 {before}。"}

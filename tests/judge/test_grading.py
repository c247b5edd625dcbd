"""Grading: what passes, what fails and how it is told, and that no transcript whatever makes the judge stumble."""

from __future__ import annotations

import math
import re
import struct
from functools import cache
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from judge import exam as exams
from judge.cell import wire
from judge.comparing import Kind, differences, distance, same
from judge.exam import AsAsked, Observation, Seen, Transcript
from judge.grading import MIXED, forfeited, grade
from judge.key import AnswerKey, answer_key
from judge.points import apportioned
from judge.problem import Problem, load, load_all
from judge.report import CheckStatus, Verdict
from judge.words import COMPLAINTS, FOLLOWS
from tests.judge.layers import ByHand, graded, observed, payloads

problems = pytest.mark.parametrize("problem", load_all(), ids=lambda problem: problem.slug)


class Unbiased(ByHand):
    unbiased = True


class Mixed(ByHand):
    """Biased at first, unbiased from the second step on."""

    def learn(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        learnt = super().learn(x)
        self.unbiased = True
        return learnt


class Reversed(ByHand):
    def __init__(self, num_features: int, eps: float = 1e-5, momentum: float = 0.1) -> None:
        super().__init__(num_features, eps, 1 - momentum)


# Conventions


@problems
@pytest.mark.parametrize(("layer", "convention"), [(ByHand, "biased"), (Unbiased, "unbiased")])
def test_both_conventions_are_accepted_and_named(problem: Problem, layer: Any, convention: str) -> None:
    result = graded(problem, layer)
    assert (result.verdict, result.score, result.convention) == (Verdict.ACCEPTED, 100, convention)


@problems
@pytest.mark.parametrize(("layer", "convention"), [(ByHand, "unbiased"), (Unbiased, "biased")])
def test_a_pinned_convention_rejects_and_names_the_other(problem: Problem, layer: Any, convention: str) -> None:
    result = graded(problem, layer, accept=(convention,))
    assert result.verdict is Verdict.WRONG_ANSWER
    assert result.convention == {"biased": "unbiased", "unbiased": "biased"}[convention]
    assert {check.group for check in result.checks if not check.points} == {"running_stats"}


@problems
def test_a_convention_costs_the_checks_that_test_it_and_the_group_says_which_is_asked(problem: Problem) -> None:
    result = graded(problem, Unbiased, accept=("biased",))
    assert result.only_convention
    tested = next(group for group in problem.groups if group.tests_convention)
    missing = sum(check.max_points for check in result.checks if check.status is not CheckStatus.PASSED)
    assert 0 < missing < tested.points
    assert result.score == pytest.approx(100 - missing)
    asked = problem.alone(("biased",))
    assert asked is not None
    message = next(group.message for group in result.groups if group.id == tested.id)
    assert message == asked.asked


@problems
def test_another_mistake_beside_a_convention_that_is_not_accepted_still_counts(problem: Problem) -> None:
    result = graded(problem, Reversed, accept=("unbiased",))
    assert not result.only_convention
    tested = next(place for place, group in enumerate(problem.groups) if group.tests_convention)
    asked = problem.alone(("unbiased",))
    assert asked is not None
    message = result.groups[tested].message
    assert message is not None
    assert message["en"] == f"{problem.groups[tested].message['en']} {asked.asked['en']}"
    assert result.score < graded(problem, Unbiased, accept=("biased",)).score


@problems
def test_a_convention_that_fails_no_check_that_tests_it_counts_everywhere(problem: Problem) -> None:
    """Else a layer that mixes both could pass."""
    key = right_key(problem)
    biased, unbiased = key.by_convention["biased"], key.by_convention["unbiased"]
    mixed = [
        one if scenario.group == "running_stats" else other
        for scenario, one, other in zip(key.exam.scenarios, biased, unbiased, strict=True)
    ]
    result = grade(key, mixed, ("biased",))
    assert (result.verdict, result.convention) == (Verdict.WRONG_ANSWER, MIXED)


@problems
def test_mixed_conventions_are_wrong_and_named_mixed(problem: Problem) -> None:
    result = graded(problem, Mixed)
    assert (result.verdict, result.convention) == (Verdict.WRONG_ANSWER, MIXED)


@problems
def test_a_layer_that_fails_under_both_conventions_has_none(problem: Problem) -> None:
    assert graded(problem, nn.Identity).convention is None


@problems
def test_scenarios_without_evaluation_share_one_expectation(problem: Problem) -> None:
    key = answer_key(exams.prepare(problem, 1))
    for concrete, biased, unbiased in zip(key.exam.concretes, *key.by_convention.values(), strict=True):
        assert (biased is unbiased) == (not concrete.does("eval", "parent"))


# Points


@problems
def test_points_add_up(problem: Problem) -> None:
    result = graded(problem, Reversed)
    assert problem.max_score == 100
    for group in result.groups:
        mine = [check for check in result.checks if check.group == group.id]
        assert in_tenths(*(check.max_points for check in mine)) == in_tenths(group.max_points)
        assert in_tenths(*(check.points for check in mine)) == in_tenths(group.points)
        assert (group.passed, group.total) == (sum(1 for check in mine if check.points), len(mine))
        assert (group.message is None) == (group.passed == group.total)
    assert in_tenths(*(group.points for group in result.groups)) == in_tenths(result.score)


def in_tenths(*points: float) -> int:
    """The sum of points as they are shown, each with one decimal: nothing is lost by showing them so."""
    assert all(float(f"{each:.1f}") == each for each in points)
    return sum(int(f"{each:.1f}".replace(".", "")) for each in points)


@given(st.integers(0, 1000), st.lists(st.sampled_from([0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 7.0]), min_size=1, max_size=40))
def test_shares_add_up_and_none_is_a_whole_unit_off(whole: int, weights: list[float]) -> None:
    shares = apportioned(whole, weights)
    assert sum(shares) == whole
    for share, weight in zip(shares, weights, strict=True):
        assert abs(share - whole * weight / sum(weights)) < 1


@problems
@given(data=st.data())
def test_whatever_passes_what_is_shown_adds_up(problem: Problem, data: st.DataObject) -> None:
    """Some checks of a right transcript are lost, others come back wrong: checks, groups and score stay one sum."""
    key = right_key(problem)
    right = key.by_convention["biased"]
    kept = data.draw(st.lists(st.sampled_from(["right", "lost", "raised"]), min_size=len(right), max_size=len(right)))
    raised = Seen((), error=wire.RawError("ValueError", 3, "", 0))
    came = [{"right": seen, "lost": None, "raised": raised}[fate] for fate, seen in zip(kept, right, strict=True)]
    result = grade(key, came, problem.accept)
    for one in (result, forfeited(result)):
        assert in_tenths(*(check.points for check in one.checks)) == in_tenths(one.score)
        assert in_tenths(*(group.points for group in one.groups)) == in_tenths(one.score)


@cache
def right_key(problem: Problem) -> AnswerKey:
    return answer_key(exams.prepare(problem, 5))


@problems
def test_a_layer_whose_work_a_built_in_did_keeps_its_counts_and_gets_no_point(problem: Problem) -> None:
    right = graded(problem, ByHand)
    result = forfeited(right)
    assert result.score == 0
    assert not any(group.points for group in result.groups)
    assert [(group.passed, group.total) for group in result.groups] == [
        (group.total, group.total) for group in right.groups
    ]


@problems
def test_samples_are_worth_nothing(problem: Problem) -> None:
    exam = exams.prepare(problem, 0, samples=True)
    result = grade(answer_key(exam), observed(exam, ByHand), problem.accept)
    assert (result.verdict, result.score) == (Verdict.ACCEPTED, 0)
    assert not any(check.max_points for check in result.checks)


# Verdicts


class Raises(ByHand):
    def forward(self, x: torch.Tensor) -> Any:
        if not self.training:
            raise ValueError(f"the mean is {float(x.mean())}")
        return super().forward(x)


@problems
def test_an_exception_in_one_mode_is_a_runtime_error_and_the_other_mode_is_still_graded(problem: Problem) -> None:
    result = graded(problem, Raises)
    assert result.verdict is Verdict.RUNTIME_ERROR
    statuses = {check.id: check.status for check in result.checks}
    assert statuses["train_output.batch_statistics"] is CheckStatus.PASSED
    assert statuses["eval_mode.fresh_layer"] is CheckStatus.ERROR


class RaisesAndWrong(ByHand):
    def forward(self, x: torch.Tensor) -> Any:
        if not self.training and len(x) == 1:
            raise ValueError("more than one row, please")
        return super().forward(x)

    def learn(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        mean, var = super().learn(x)
        return mean, var + 1


@problems
def test_a_difference_outweighs_a_rare_exception(problem: Problem) -> None:
    assert graded(problem, RaisesAndWrong).verdict is Verdict.WRONG_ANSWER


# What the candidate and the interviewer read


PUBLIC = (
    r"Your code raised \w+( at line \d+)?\.",
    r"Follows from the exception (above|at line \d+); what stopped there was not examined\.",
    re.escape(FOLLOWS["en"]),
    *(re.escape(text["en"]) for text in COMPLAINTS.values()),
)


@problems
@pytest.mark.parametrize("layer", [Reversed, Raises, nn.Identity])
def test_public_messages_give_no_hidden_check_away(problem: Problem, layer: Any) -> None:
    hints = [re.escape(group.message["en"]) for group in problem.groups]
    for check in graded(problem, layer).checks:
        if check.status in (CheckStatus.ERROR, CheckStatus.FAILED):
            assert re.fullmatch("|".join((*PUBLIC, *hints)), check.public_message["en"])


class RaisesUnderGradients(ByHand):
    """As when running statistics that require grad are written into: fine under no_grad, an exception in training."""

    def forward(self, x: torch.Tensor) -> Any:
        if self.training and torch.is_grad_enabled():
            raise RuntimeError("a leaf Variable that requires grad is being used in an in-place operation.")
        return super().forward(x) + 1


@problems
def test_an_exception_in_most_checks_is_a_runtime_error_though_something_else_is_wrong(problem: Problem) -> None:
    result = graded(problem, RaisesUnderGradients)
    statuses = [check.status for check in result.checks]
    assert statuses.count(CheckStatus.ERROR) > len(statuses) / 2
    assert CheckStatus.FAILED in statuses
    assert result.verdict is Verdict.RUNTIME_ERROR


class NeverTrains(ByHand):
    def learn(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        raise NotImplementedError

    def forward(self, x: torch.Tensor) -> Any:
        return super().forward(x) if self.training else super().forward(x) + 1


@problems
def test_a_layer_that_raises_in_every_training_forward_does_not_run(problem: Problem) -> None:
    assert graded(problem, NeverTrains).verdict is Verdict.RUNTIME_ERROR


@problems
@pytest.mark.parametrize("layer", [Raises, RaisesUnderGradients, NeverTrains])
def test_an_exception_is_told_once_and_what_follows_from_it_is_folded(problem: Problem, layer: Any) -> None:
    checks = [check for check in graded(problem, layer).checks if check.status is CheckStatus.ERROR]
    first, *rest = checks
    assert first.follows is None
    assert ": " in first.staff_detail["en"]
    assert {check.follows for check in rest} == {first.id}
    assert all(check.staff_detail["en"].endswith(f", as in {first.id}.") for check in rest)


@problems
def test_a_group_that_an_exception_ended_gets_no_hint_about_values(problem: Problem) -> None:
    result = graded(problem, NeverTrains)
    messages = {group.id: group.message for group in result.groups}
    assert messages["train_output"] == {
        "en": "Follows from the exception above; what stopped there was not examined.",
        "zh": "由上面的异常所致；停在那里的检查没有验证数值。",
    }
    hint = next(group.message for group in problem.groups if group.id == "eval_mode")
    assert messages["eval_mode"] == hint  # a fresh layer's evaluation was examined, and is wrong


@problems
def test_a_group_of_which_checks_passed_does_not_say_that_none_was_examined(problem: Problem) -> None:
    parts = [group for group in graded(problem, RaisesUnderGradients).groups if 0 < group.passed < group.total]
    assert parts
    for group in parts:
        assert group.message is not None
        assert group.message["en"].endswith("; what stopped there was not examined.")


def lost(*fates: str) -> list[str | None]:
    """The group messages of a right transcript whose scenarios met these fates, the last of them all the rest."""
    key = right_key(load("batchnorm1d"))
    right = key.by_convention["biased"]
    raised = Seen((), error=wire.RawError("ValueError", 3, "", 0))
    other = Seen((), error=wire.RawError("KeyError", 4, "", 0))
    come = [*fates, *[fates[-1]] * (len(right) - len(fates))]
    told = {"lost": None, "raised": raised, "other": other, "wrong": Seen(())}
    came = [told.get(fate, seen) for fate, seen in zip(come, right, strict=True)]
    return [group.message and group.message["en"] for group in grade(key, came, ("biased",)).groups]


def test_a_group_that_was_never_reached_says_so() -> None:
    assert lost("lost") == ["Not examined: your code ended before its turn."] * 6
    cut_short = lost("right", "wrong", "lost")
    assert cut_short[0] == load("batchnorm1d").groups[0].message["en"]
    assert set(cut_short[1:]) == {"Not examined: your code ended before its turn."}


def test_a_second_exception_is_told_where_it_first_shows() -> None:
    first, *rest = lost("other", "raised")
    follows = "Follows from the exception at line 3; what stopped there was not examined."
    assert first == "Your code raised KeyError at line 4."
    assert set(rest) == {follows}


def test_a_complaint_is_told_once_and_the_other_groups_follow_from_it() -> None:
    class Shiftless(ByHand):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            del self.beta
            self.register_buffer("beta", torch.zeros_like(self.gamma.data))

    messages = [group.message and group.message["en"] for group in graded(load("batchnorm1d"), Shiftless).groups]
    assert messages.count(COMPLAINTS["no_shift"]["en"]) == 1
    assert FOLLOWS["en"] in messages[messages.index(COMPLAINTS["no_shift"]["en"]) :]


def test_a_strangers_complaint_is_no_cause() -> None:
    key = right_key(load("batchnorm1d"))
    came = [Seen((), complaint="</table>") for _ in key.by_convention["biased"]]
    assert all(check.follows is None for check in grade(key, came, ("biased",)).checks)


@problems
def test_staff_read_the_scenario_the_place_both_values_and_the_tolerance(problem: Problem) -> None:
    failed = [check for check in graded(problem, Reversed).checks if check.id == "running_stats.one_step"]
    number = r"-?[\d.e+-]+"
    pattern = rf"One training step .*: eval\[[\d, ]+\] is {number}, expected {number}: .* apart, where .* is allowed\."
    assert re.fullmatch(pattern, failed[0].staff_detail["en"])


# Whatever comes out of a cell


KEY: AnswerKey = answer_key(exams.prepare(load("batchnorm1d"), 1))
RIGHT: Transcript = observed(KEY.exam, ByHand)


def changed(index: int, **changes: Any) -> Transcript:
    """The right transcript with every observation of one scenario changed."""
    seen = RIGHT[index]
    assert seen is not None
    observations = []
    for one in seen.observations:
        values = one.values if "values" not in changes else changes["values"](one.values)
        observations.append(Observation(one.label, changes.get("dtype", one.dtype), values))
    return (*RIGHT[:index], Seen(tuple(observations)), *RIGHT[index + 1 :])


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"dtype": "absent", "values": lambda values: None}, "is not there"),
        ({"dtype": "strange", "values": lambda values: None}, "no plain tensor"),
        ({"dtype": "float64"}, "is float64, expected float32"),
        ({"values": lambda values: values[:1]}, "has shape [1"),
        ({"values": lambda values: values[:0]}, "has shape [0"),
        ({"values": lambda values: values * np.nan}, "is nan"),
        ({"values": lambda values: np.full_like(values, np.inf)}, "is inf"),
        ({"values": lambda values: np.full_like(values, 3e38)}, "apart"),
        ({"dtype": "bool", "values": lambda values: values > 0}, "is bool"),
    ],
)
def test_a_strange_observation_is_a_plain_difference(changes: dict[str, Any], words: str) -> None:
    result = grade(KEY, changed(0, **changes), ("biased",))
    assert result.checks[0].status is CheckStatus.FAILED
    assert words in result.checks[0].staff_detail["en"]
    others = zip(result.checks[1:], KEY.exam.scenarios[1:], strict=True)
    assert all(check.status is (CheckStatus.NOT_RUN if one.large else CheckStatus.PASSED) for check, one in others)


def test_too_few_and_too_many_observations_are_a_difference() -> None:
    seen = RIGHT[0]
    assert seen is not None
    for observations in ((), seen.observations * 3):
        result = grade(KEY, (Seen(observations), *RIGHT[1:]), ("biased",))
        assert "observations came back" in result.checks[0].staff_detail["en"]


def test_a_run_that_never_began_scores_nothing() -> None:
    result = grade(KEY, (None,) * len(RIGHT), ("biased", "unbiased"))
    assert (result.score, result.convention, result.verdict) == (0, None, Verdict.RUNTIME_ERROR)
    assert {check.status for check in result.checks} == {CheckStatus.NOT_RUN}


arrays = st.one_of(
    st.none(),
    st.builds(
        lambda shape, dtype, fill: np.full(shape, fill).astype(dtype),
        st.lists(st.integers(0, 4), max_size=5),
        st.sampled_from(["float32", "float64", "float16", "int64", "uint8", "bool"]),
        st.sampled_from([0.0, 1.0, np.nan, np.inf, -np.inf]),
    ),
)
dtypes = st.sampled_from(["absent", "strange", *wire.DTYPES])
observations = st.lists(st.builds(Observation, st.just("y"), dtypes, arrays), max_size=6).map(tuple)
words = st.text(max_size=9)
errors = st.builds(wire.RawError, words, st.none() | st.integers(), words, st.integers(0, 9))
anything = st.none() | st.builds(Seen, observations, st.none() | words, st.none() | errors)


@given(st.lists(anything, min_size=len(RIGHT), max_size=len(RIGHT)))
@pytest.mark.filterwarnings("ignore:invalid value encountered in cast")
def test_grading_survives_every_transcript(transcript: list[Seen | None]) -> None:
    result = grade(KEY, tuple(transcript), ("biased", "unbiased"))
    assert len(result.checks) == len(RIGHT)
    assert 0 <= result.score <= 100


def test_scenarios_compared_at_once_differ_as_each_does_alone() -> None:
    """One is right, the others are wrong in a way of their own; a scenario that never ran differs in nothing."""

    def saw(*arrays: list[float], dtype: str = "float32") -> Seen:
        return Seen(tuple(Observation(f"y{place}", dtype, np.array(one)) for place, one in enumerate(arrays)))

    expected = (saw([1, 2], [3]), saw([1, math.nan]), saw([]), saw([4, 5, 6]), saw([7]), saw([8, 9]), saw([1], [1]))
    seen = (
        saw([1, 2], [3]), saw([1, 2]), saw([]), saw([4, 5.5, 7]), None, saw([8, 9], dtype="float64"), saw([3], [5]),
    )  # fmt: skip
    allowed = [[0.1] * len(one.observations) for one in expected]
    at_once = differences(expected, seen, allowed)
    told = [difference and (difference.kind, difference.sentence["en"]) for difference in at_once]
    assert told == [
        None,
        (Kind.NOT_FINITE, "y0[1] is 2, expected nan."),
        None,
        (Kind.VALUE, "y0[2] is 7, expected 6: 1 apart, where 0.1 is allowed."),
        None,
        (Kind.DTYPE, "y0 is float64, expected float32."),
        (Kind.VALUE, "y1[0] is 5, expected 1: 4 apart, where 0.1 is allowed."),
    ]
    for place, one in enumerate(seen):
        if one is not None:
            alone, together = same(expected[place], one, allowed[place]), at_once[place]
            assert (alone and alone.ratio) == (together and together.ratio)
            assert (alone is None) == (distance(expected[place], one, allowed[place]) <= 1)


# As one row of numbers


PAYLOADS = payloads(KEY.exam, ByHand)
numbers = st.one_of(
    st.floats(width=32), st.sampled_from([math.nan, math.inf, -math.inf, 0.0, 3e38, 1e-45]), st.floats(-2, 2, width=32)
)


def as_asked(sent: list[bytes]) -> AsAsked:
    row = KEY.sheet.numbers_of(sent)
    assert row is not None
    return AsAsked(sent, KEY.labels, row)


@given(st.lists(st.tuples(st.integers(0, len(PAYLOADS) - 1), st.integers(1, 40), numbers), max_size=6))
def test_a_row_of_numbers_is_graded_as_its_observations_are(changes: list[tuple[int, int, float]]) -> None:
    sent = list(PAYLOADS)
    for index, back, number in changes:
        at = max(0, len(sent[index]) - 4 * back)
        changed = [*sent]
        changed[index] = sent[index][:at] + struct.pack("<f", number) + sent[index][at + 4 :]
        sent = sent if KEY.sheet.numbers_of(changed) is None else changed  # that was the form, and not a number
    at_once = as_asked(sent)
    for accept in (("biased",), ("unbiased",), ("biased", "unbiased")):
        fast, slow = grade(KEY, at_once, accept), grade(KEY, tuple(at_once), accept)
        assert (fast.checks, fast.convention, fast.graded_as, fast.verdict, fast.score) == (
            slow.checks, slow.convention, slow.graded_as, slow.verdict, slow.score
        )  # fmt: skip
        assert [
            [one and (one.kind, one.sentence, one.ratio) for one in found] for found in fast.by_convention.values()
        ] == [[one and (one.kind, one.sentence, one.ratio) for one in found] for found in slow.by_convention.values()]


@problems
def test_an_honest_layer_sends_what_was_asked_for(problem: Problem) -> None:
    key = answer_key(exams.prepare(problem, 5))
    row = key.sheet.numbers_of(payloads(key.exam, ByHand))
    assert row is not None
    assert not any(key.failing(row)["biased"])
    assert any(key.failing(row)["unbiased"])


@given(st.integers(0, len(PAYLOADS) - 1), st.binary(min_size=1, max_size=3), st.integers(0, 2))
def test_what_is_longer_shorter_or_of_another_form_was_not_asked_for(index: int, more: bytes, way: int) -> None:
    payload = PAYLOADS[index]
    longer, shorter, other = payload + more, payload[: -len(more)], bytes([payload[0] ^ 1]) + payload[1:]
    sent = [*PAYLOADS[:index], (longer, shorter, other)[way], *PAYLOADS[index + 1 :]]
    assert KEY.sheet.numbers_of(sent) is None

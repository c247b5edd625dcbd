"""Sample scenarios as a candidate sees them: small numbers, steps in words, what came and what should have come."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
import torch

from judge import exam as exams
from judge.cell import wire
from judge.exam import Seen
from judge.key import answer_key
from judge.problem import Problem, load, load_all
from judge.report import CheckStatus, SampleView
from judge.samples import printed, views
from tests.judge.layers import ByHand, observed

problems = pytest.mark.parametrize("problem", load_all(), ids=lambda problem: problem.slug)


def shown(problem: Problem, build: Any, accept: tuple[str, ...] = ("biased", "unbiased")) -> tuple[SampleView, ...]:
    exam = exams.prepare(problem, 1, samples=True)
    return views(answer_key(exam), observed(exam, build), accept)


@problems
def test_a_right_layer_passes_every_sample(problem: Problem) -> None:
    for view in shown(problem, ByHand):
        assert view.status is CheckStatus.PASSED
        assert view.expected == view.actual
        assert view.largest_difference is not None
        assert view.largest_difference < 1e-6


def test_the_numbers_are_those_one_gets_by_hand() -> None:
    training, running, evaluation = shown(load("batchnorm1d"), ByHand)
    assert training.input == "[[ 1., 10.],\n [ 3., 10.],\n [ 5., 14.],\n [ 7., 14.]]"
    assert training.expected["en"].splitlines()[0] == "[[-1.3416, -1.    ],"  # (1 - 4) / sqrt(5), (10 - 12) / 2
    assert running.expected["en"] == "[[0.7071, 2.2678],\n [2.8284, 6.0474]]"  # mean (1, 3), variance (2, 1.75)
    assert evaluation.expected["en"] == "[[ 2.5, -1. ]]"  # 2 · 1 + 0.5, -1 · 2 + 1


@problems
def test_steps_are_told_in_both_languages_with_their_numbers(problem: Problem) -> None:
    for view in shown(problem, ByHand):
        assert len(view.steps) >= 2
        for step in view.steps:
            assert re.search(r"[一-鿿]", step["zh"])
            assert re.findall(r"\d+", step["en"]) == re.findall(r"\d+", step["zh"])


class Reversed(ByHand):
    def __init__(self, num_features: int, eps: float = 1e-5, momentum: float = 0.1) -> None:
        super().__init__(num_features, eps, 1 - momentum)


@problems
def test_a_wrong_layer_sees_both_conventions_and_where_it_is_furthest_off(problem: Problem) -> None:
    _, running, _ = shown(problem, Reversed)
    assert running.status is CheckStatus.FAILED
    assert re.search(r"^biased:\n.*^unbiased:\n", running.expected["en"], re.DOTALL | re.MULTILINE)
    assert re.search(r"^有偏：\n.*^无偏：\n", running.expected["zh"], re.DOTALL | re.MULTILINE)
    assert running.difference_index is not None
    assert running.largest_difference is not None
    assert running.largest_difference > 0.1


@problems
def test_a_pinned_convention_shows_alone(problem: Problem) -> None:
    _, running, _ = shown(problem, Reversed, accept=("unbiased",))
    assert "biased" not in running.expected["en"]


class Raises(ByHand):
    def forward(self, x: torch.Tensor) -> Any:
        raise ValueError("no such batch")


def test_an_exception_is_shown_with_its_message_and_only_once() -> None:
    first, *rest = shown(load("batchnorm1d"), Raises)
    assert first.actual["en"] == "ValueError: no such batch"
    assert first.follows is None
    assert {view.actual["en"] for view in rest} == {f"The same as above, in “{first.title['en']}”."}
    assert {view.follows for view in rest} == {first.check_id}


def test_two_samples_that_see_the_same_numbers_both_show_them() -> None:
    assert {view.follows for view in shown(load("batchnorm1d"), Reversed)} == {None}


def test_views_survive_a_run_that_never_began_and_one_of_nonsense() -> None:
    key = answer_key(exams.prepare(load("batchnorm2d"), 1, samples=True))
    strange = Seen((exams.Observation("output", "bool", np.ones((50, 60), dtype=bool)),))
    raised = Seen((), error=wire.RawError("X", 3, "y", 0))
    result = views(key, (None, strange, raised), ("biased",))
    assert [view.status for view in result] == [CheckStatus.NOT_RUN, CheckStatus.FAILED, CheckStatus.ERROR]
    assert [view.largest_difference for view in result] == [None, None, None]
    assert result[2].actual == {"en": "X at line 3: y", "zh": "X（第 3 行）：y"}


def test_a_large_tensor_is_cut_in_its_middle() -> None:
    assert len(printed(np.zeros((1000, 1000)))) < 2000

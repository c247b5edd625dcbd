"""The catalogue of misconceptions: complete, well told in both languages, and each of them really a mistake."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

import pytest
import torch

from judge import exam as exams
from judge.cell.driver import Roles
from judge.naming.rehearsal import hypotheses
from judge.problem import Problem, load_all
from judge.problems.batchnorm.choices import Choices
from judge.report import Verdict
from tests.judge.layers import graded

problems = pytest.mark.parametrize("problem", load_all(), ids=lambda problem: problem.slug)

IN_BOTH = [
    "unbiased_output_var",
    "eps_outside_sqrt",
    "eps_after_division",
    "no_eps",
    "eps_hard_coded",
    "eps_squared",
    "eps_clamp",
    "divides_by_variance",
    "multiplies_by_std",
    "not_centred",
    "uncentred_variance",
    "one_pass_variance",
    "one_pass_variance_clamped",
    "scalar_statistics",
    "momentum_reversed",
    "momentum_hard_coded",
    "momentum_ignored",
    "double_bessel",
    "running_std",
    "running_inverse_std",
    "first_batch_initialises",
    "zero_debias",
    "updates_twice",
    "never_updated",
    "updates_in_eval",
    "stats_of_output",
    "updates_only_with_grad",
    "running_var_starts_at_zero",
    "keeps_graph",
    "trains_with_running_stats",
    "running_mean_only",
    "running_var_only",
    "eval_uses_batch",
    "own_training_flag",
    "grad_mode_as_training_flag",
    "affine_missing",
    "affine_skipped_in_eval",
    "scale_and_shift_swapped",
    "scale_applied_to_shift",
    "wrong_initial_affine",
    "affine_not_parameters",
    "affine_as_buffers",
    "stats_not_buffers",
    "stats_as_parameters",
    "lazy_buffers",
    "dtype_hard_coded",
    "mutates_input",
    "shared_state",
    "fixed_shape",
    "global_statistics",
    "layer_norm",
    "needs_contiguous",
    "stops_gradient_mean_and_var",
    "stops_gradient_var",
    "stops_gradient_mean",
    "backward_without_mean_term",
    "backward_without_variance_term",
    "backward_without_scale",
    "backward_wrong_count",
    "wrong_scale_gradient",
    "shift_gradient_mean",
    "eval_backward_as_training",
    "graph_cut",
    "constant_channel_nan_gradient",
    "masks_nan",
]
ONLY_IMAGES = [
    "bessel_wrong_count",
    "mean_of_sample_variances",
    "batch_axis_only",
    "instance_norm",
    "last_axis_broadcast",
    "rejects_single_image",
]


def misconceptions(problem: Problem) -> tuple[Any, ...]:
    found: tuple[Any, ...] = exams.module_of(problem.slug, "misconceptions").MISCONCEPTIONS
    return found


def layer(problem: Problem, changes: dict[str, Any], convention: str = "biased") -> Any:
    return exams.module_of(problem.slug, "misconceptions").build(changes, convention)


@problems
def test_every_known_mistake_has_its_name(problem: Problem) -> None:
    wanted = {*IN_BOTH, *(ONLY_IMAGES if problem.slug == "batchnorm2d" else ())}
    names = [one.id for one in misconceptions(problem)]
    assert len(names) == len(set(names))
    assert set(names) == wanted


@problems
def test_each_is_told_in_both_languages_and_like_no_other(problem: Problem) -> None:
    for part, longest in (("title", 50), ("sentence", 125), ("question", 145)):
        for language in ("en", "zh"):
            texts = [getattr(one, part)[language] for one in misconceptions(problem)]
            assert len(texts) == len(set(texts)), part
            assert max(map(len, texts)) <= longest


def test_a_value_over_which_one_mean_is_taken_is_called_as_the_statement_calls_it() -> None:
    for problem, word in (("batchnorm1d", r"channel|通道"), ("batchnorm2d", r"\bfeature|特征")):
        titles = [scenario.title for scenario in exams.module_of(problem, "scenarios").SCENARIOS]
        mistakes = exams.module_of(problem, "misconceptions").MISCONCEPTIONS
        told = titles + [text for one in mistakes for text in (one.title, one.sentence, one.question)]
        assert [text for text in told for said in text.values() if re.search(word, said, re.IGNORECASE)] == []


@problems
def test_questions_ask_and_sentences_end(problem: Problem) -> None:
    for one in misconceptions(problem):
        assert one.question["en"].endswith("?"), one.id
        assert one.question["zh"].endswith("？"), one.id
        assert one.sentence["en"].endswith("."), one.id
        assert one.sentence["zh"].endswith("。"), one.id
        for text in (one.title, one.sentence, one.question):
            assert re.search("[一-鿿]", text["zh"]), one.id
            assert not re.search("[一-鿿]", text["en"]), one.id


@problems
@pytest.mark.parametrize("convention", ["biased", "unbiased"])
def test_the_layer_is_right_by_default(problem: Problem, convention: str) -> None:
    for seed in (1, 2, 3):
        result = graded(problem, layer(problem, {}, convention), seed)
        assert result.verdict is Verdict.ACCEPTED
        assert result.convention == convention


@problems
def test_every_misconception_fails_the_exam(problem: Problem) -> None:
    """``judge verify`` says the same of each variant; this one is quick and points at the name."""
    failing = {name for one in hypotheses(problem.slug) for name in one.ids}
    assert {one.id for one in misconceptions(problem)} == failing


@problems
def test_no_two_variants_are_the_same_changes(problem: Problem) -> None:
    variants = [sorted(variant.items()) for one in misconceptions(problem) for variant in one.variants]
    assert all(variants.count(variant) == 1 for variant in variants)


@problems
def test_two_mistakes_fit_into_one_layer(problem: Problem) -> None:
    """The layer then fails what either fails alone."""
    one, other = {"eps_place": "outside"}, {"rule": "reversed"}
    both = graded(problem, layer(problem, {**one, **other}))
    for changes in (one, other):
        alone = graded(problem, layer(problem, changes))
        failed = [place for place, difference in enumerate(alone.differences) if difference is not None]
        assert failed
        assert all(both.differences[place] is not None for place in failed)


def test_every_choice_is_right_when_left_alone() -> None:
    """A choice without a default would have to be repeated in each misconception."""
    unset = [field.name for field in dataclasses.fields(Choices) if field.default is dataclasses.MISSING]
    assert unset == ["rank"]


@problems
def test_layers_with_random_initial_values_draw_from_their_own_seed(problem: Problem) -> None:
    """The trusted side's own random numbers stay as they are, and the same seed gives the same layer."""
    before = torch.random.get_rng_state()
    build = exams.module_of(problem.slug, "misconceptions").build
    first, again, other = (build({"scale_start": "normal"}, "biased", seed)(4).scale for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert torch.equal(before, torch.random.get_rng_state())


def test_shared_statistics_are_shared_within_a_class_only() -> None:
    """Two factories are two classes: one exam's layers do not meet another's."""
    problem, changes = load_all()[0], {"shared": "by_features"}
    one, other = layer(problem, changes), layer(problem, changes)
    a, b, c = one(3), one(3), other(3)
    a(torch.randn(5, 3) + 4)
    assert torch.equal(a.running_mean, b.running_mean)
    assert not torch.equal(a.running_mean, c.running_mean)


def test_a_scenario_with_a_wrong_layer_may_raise_and_says_so() -> None:
    problem = load_all()[0]
    exam = exams.prepare(problem, 1)
    seen = exams.observe_one(exam.concretes[0], layer(problem, {"fixed_shape": "features"}), Roles(None, None))
    assert seen.error is not None

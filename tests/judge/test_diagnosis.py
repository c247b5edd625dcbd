"""Diagnosis: the right name, two right names, or none; and never a name for what is right."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

import numpy as np
import pytest
import torch

from judge import exam as exams
from judge.cell import wire
from judge.cell.driver import Roles, find_roles
from judge.diagnosis import MIXES, NOT_ACCEPTED, NOTHING_KNOWN, diagnose, note
from judge.exam import Exam, Observation, Seen, Transcript
from judge.grading import MIXED, grade
from judge.key import AnswerKey, answer_key
from judge.naming.fitting import fitted
from judge.naming.rehearsal import Rehearsal, hypotheses, together
from judge.problem import Problem, load, load_all
from judge.proof.specimens import Specimen, in_this_process, specimens
from judge.report import Diagnosis, Verdict
from tests.judge.layers import ByHand

problems = pytest.mark.parametrize("problem", load_all(), ids=lambda problem: problem.slug)

SEED = 31


@cache
def prepared(slug: str, seed: int = SEED) -> tuple[Exam, AnswerKey]:
    exam = exams.prepare(load(slug), seed)
    return exam, answer_key(exam)


def diagnosed(problem: Problem, build: Any, seed: int = SEED, roles: Roles | None = None) -> tuple[Diagnosis, ...]:
    exam, key = prepared(problem.slug, seed)
    transcript = exams.observe(exam, build, roles or find_roles(build, rank=exam.rank))
    return diagnose(key, transcript, grade(key, transcript, problem.accept))


def wrong(problem: Problem, convention: str = "biased", seed: int = 3, **changes: Any) -> Any:
    return exams.module_of(problem.slug, "misconceptions").build(changes, convention, seed)


def roles_of(problem: Problem, build: Any) -> Roles:
    try:
        return find_roles(build, rank=prepared(problem.slug)[0].rank)
    except RuntimeError:
        return Roles(None, None)


def verdict_of(problem: Problem, build: Any) -> Verdict:
    """Some variants of a mistake are no mistake for every problem: a count of N is right where there are N values."""
    exam, key = prepared(problem.slug)
    transcript = exams.observe(exam, build, roles_of(problem, build))
    return grade(key, transcript, problem.accept).verdict


def ids(diagnoses: Iterable[Diagnosis]) -> set[str]:
    return {diagnosis.id for diagnosis in diagnoses}


def diagnosed_specimen(specimen: Specimen, problem: Problem) -> set[str]:
    exam, _ = prepared(problem.slug)
    with in_this_process(specimen, problem, exam.rank) as (build, roles):
        return ids(diagnosed(problem, build, roles=roles))


# The samples, written by other hands


@problems
def test_a_layer_that_only_keeps_its_graph_is_told_that_all_values_are_right(problem: Problem) -> None:
    words = "Every output and every statistic is right"
    alone = diagnosed(problem, wrong(problem, graph="rebound"))
    assert [one.id for one in alone] == ["keeps_graph"]
    assert words in alone[0].sentence["en"]
    beside = diagnosed(problem, wrong(problem, graph="rebound", rule="reversed"))
    assert "keeps_graph" in [one.id for one in beside]
    assert not any(words in one.sentence["en"] for one in beside)


@pytest.mark.slow
@problems
def test_three_mistakes_are_named_where_two_of_them_come_together(problem: Problem) -> None:
    samples = [one for one in specimens(problem) if len(one.expects) == 3]
    assert samples
    for one in samples:
        assert diagnosed_specimen(one, problem) == set(one.expects)


@pytest.mark.slow
@problems
def test_of_plain_tensors_alone_no_third_mistake_is_named(problem: Problem) -> None:
    for two in together(problem.slug):
        assert ids(diagnosed(problem, wrong(problem, **dict(two.changes)))) == set(two.ids)


# The misconceptions themselves


@pytest.mark.slow
@problems
@pytest.mark.parametrize("convention", ["biased", "unbiased"])
def test_a_layer_with_a_misconception_is_called_by_its_name(problem: Problem, convention: str) -> None:
    called = {}
    for one in exams.module_of(problem.slug, "misconceptions").MISCONCEPTIONS:
        for variant in one.variants:
            if verdict_of(problem, wrong(problem, convention, **variant)) is Verdict.WRONG_ANSWER:
                build = wrong(problem, convention, **variant)  # a fresh one: shared state is one of the mistakes
                called[one.id] = ids(diagnosed(problem, build, roles=roles_of(problem, build)))
                break
    assert {name: found for name, found in called.items() if name not in found} == {}


@problems
def test_a_typed_number_is_solved_for_in_9_of_10_exams(problem: Problem) -> None:
    typed = [
        ("eps_value", 3.3e-4, "eps_hard_coded"),
        ("eps_value", 1e-8, "eps_hard_coded"),
        ("momentum_value", 0.37, "momentum_hard_coded"),
        ("momentum_value", 0.63, "momentum_hard_coded"),
    ]
    found = {
        (name, value, seed): ids(diagnosed(problem, wrong(problem, **{choice: value}), seed)) == {name}
        for choice, value, name in typed
        for seed in (SEED, SEED + 1, SEED + 2)
    }
    assert sum(found.values()) >= 0.9 * len(found), found


@problems
def test_a_typed_number_is_solved_for_beside_another_mistake(problem: Problem) -> None:
    found = ids(diagnosed(problem, wrong(problem, momentum_value=0.37, affine_use="shift_scaled")))
    assert found == {"momentum_hard_coded", "scale_applied_to_shift"}


@problems
def test_each_of_two_mistakes_explains_its_own_checks(problem: Problem) -> None:
    found = {one.id: one.explains for one in diagnosed(problem, wrong(problem, variance_count="n-1", rule="reversed"))}
    assert set(found) == {"unbiased_output_var", "momentum_reversed"}
    assert "train_output.batch_statistics" in found["unbiased_output_var"]
    assert "train_output.batch_statistics" not in found["momentum_reversed"]
    assert "running_stats.one_step" in found["momentum_reversed"]
    assert "running_stats.one_step" not in found["unbiased_output_var"]


@problems
def test_how_a_layer_is_made_tells_mistakes_apart_that_behave_alike(problem: Problem) -> None:
    alike = {
        "affine_missing": {"affine_kind": "missing"},
        "affine_as_buffers": {"affine_kind": "buffers"},
        "affine_not_parameters": {"affine_kind": "attributes"},
        "stops_gradient_mean": {"detach": "mean"},
        "backward_without_mean_term": {"mean_term": False, "own_backward": True},
        "own_training_flag": {"mode": "always"},
        "eval_uses_batch": {"eval_source": "batch"},
    }
    for name, changes in alike.items():
        assert ids(diagnosed(problem, wrong(problem, **changes))) == {name}


@problems
def test_two_names_of_one_behaviour_are_both_given(problem: Problem) -> None:
    assert ids(diagnosed(problem, wrong(problem, axes="all"))) == {"global_statistics", "scalar_statistics"}


class RandomStart(ByHand):
    """Scale and shift start at whatever torch draws."""

    def __init__(self, num_features: int, eps: float = 1e-5, momentum: float = 0.1) -> None:
        super().__init__(num_features, eps, momentum)
        torch.nn.init.normal_(self.gamma)
        torch.nn.init.normal_(self.beta)


@problems
def test_random_initial_values_get_one_name_on_every_seed(problem: Problem) -> None:
    assert [ids(diagnosed(problem, RandomStart, seed)) for seed in range(41, 45)] == [{"wrong_initial_affine"}] * 4


# No name


class RandomMean(ByHand):
    """The running mean starts at random values: nothing that scale and shift could explain."""

    def __init__(self, num_features: int, eps: float = 1e-5, momentum: float = 0.1) -> None:
        super().__init__(num_features, eps, momentum)
        torch.nn.init.normal_(self.running_mean)


class GrowsAxes(ByHand):
    """Its buffers are there from the start and take another shape in the first training step."""

    def learn(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        mean, var = super().learn(x)
        shape = (1, -1, *[1] * (x.dim() - 2))
        self.running_mean, self.running_var = self.running_mean.view(shape), self.running_var.view(shape)
        return mean, var


class Sines(ByHand):
    """Wrong in a way nobody has a name for."""

    def forward(self, x: torch.Tensor) -> Any:
        return torch.sin(super().forward(x))


class RaisesAlways(ByHand):
    def forward(self, x: torch.Tensor) -> Any:
        raise ZeroDivisionError


class BadMean(ByHand):
    """A mean that is a little off has no name, and the checks it spoils are not explained by another's."""

    def learn(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        mean, var = super().learn(x)
        return mean * 1.01, var


class BothConventions(ByHand):
    """Unbiased for as long as gradients are on, biased without: no mistake that has a name."""

    @property
    def unbiased(self) -> bool:  # type: ignore[override]  # an attribute that looks at the mode it is read in
        return self.with_grad

    def forward(self, x: torch.Tensor) -> Any:
        self.with_grad = torch.is_grad_enabled()
        return super().forward(x)


class MixedAndClipped(BothConventions):
    """Clips its output besides."""

    def forward(self, x: torch.Tensor) -> Any:
        return super().forward(x).clamp(-6, 6)


@pytest.mark.slow
@problems
def test_a_layer_of_mixed_conventions_gets_no_name_and_is_told_where(problem: Problem) -> None:
    for seed in range(51, 55):
        exam, key = prepared(problem.slug, seed)
        transcript = exams.observe(exam, BothConventions, find_roles(BothConventions, rank=exam.rank))
        graded = grade(key, transcript, problem.accept)
        assert (graded.verdict, graded.convention) == (Verdict.WRONG_ANSWER, MIXED)
        assert diagnose(key, transcript, graded) == ()
        said = note(key, graded)
        title = next(one.scenario.title for one in exam.concretes if one.scenario.name == "steps_without_grad")
        for language, other in (("en", "only the unbiased one"), ("zh", "只符合有偏约定")):
            before, _, after = said[language].partition(other)
            assert title[language] in before  # the only place where this layer keeps the biased variance
            assert title[language] not in after
            assert NOTHING_KNOWN[language] not in said[language]


@problems
def test_of_mixed_conventions_beside_an_unknown_mistake_both_are_said(problem: Problem) -> None:
    exam, key = prepared(problem.slug)
    transcript = exams.observe(exam, MixedAndClipped, find_roles(MixedAndClipped, rank=exam.rank))
    graded = grade(key, transcript, problem.accept)
    assert (graded.convention, diagnose(key, transcript, graded)) == (MIXED, ())
    for language, sentence in note(key, graded).items():
        assert sentence.startswith(NOTHING_KNOWN[language])
        assert sentence.endswith(MIXES[language].rpartition("}")[2])


@problems
@pytest.mark.parametrize("layer", [Sines, RaisesAlways, BadMean, RandomMean, GrowsAxes])
def test_a_mistake_nobody_knows_gets_no_name(problem: Problem, layer: Any) -> None:
    assert diagnosed(problem, layer) == ()


@problems
def test_of_random_initial_values_nothing_is_said_where_none_were_read(problem: Problem) -> None:
    """Beside other mistakes random values could explain any output."""
    build = wrong(problem, affine_kind="buffers", mode="always", variance="uncentred")
    found = ids(diagnosed(problem, build, roles=roles_of(problem, build)))
    assert "wrong_initial_affine" not in found


@problems
def test_following_a_convention_that_is_not_accepted_is_no_misconception(problem: Problem) -> None:
    exam, key = prepared(problem.slug)
    build = wrong(problem, "unbiased")
    transcript = exams.observe(exam, build, find_roles(build, rank=exam.rank))
    graded = grade(key, transcript, ("biased",))
    assert graded.verdict is Verdict.WRONG_ANSWER
    assert diagnose(key, transcript, graded) == ()
    assert note(key, graded) == NOT_ACCEPTED["unbiased"]


@problems
def test_a_mistake_is_named_whatever_convention_is_pinned(problem: Problem) -> None:
    exam, key = prepared(problem.slug)
    build = wrong(problem, "unbiased", rule="reversed")
    transcript = exams.observe(exam, build, find_roles(build, rank=exam.rank))
    assert ids(diagnose(key, transcript, grade(key, transcript, ("biased",)))) == {"momentum_reversed"}


def test_there_is_a_sentence_for_no_name_in_both_languages() -> None:
    assert set(NOTHING_KNOWN) == {"en", "zh"}


@problems
def test_every_convention_has_a_sentence_for_where_it_is_not_accepted(problem: Problem) -> None:
    assert set(NOT_ACCEPTED) == set(prepared(problem.slug)[1].by_convention)
    assert all(set(sentence) == {"en", "zh"} for sentence in NOT_ACCEPTED.values())


# Transcripts that no honest layer sends


@problems
def test_the_same_transcript_gets_the_same_diagnosis(problem: Problem) -> None:
    build = wrong(problem, rule="reversed", affine_in="training")
    assert diagnosed(problem, build) == diagnosed(problem, build) != ()


@problems
def test_a_run_that_ended_early_is_diagnosed_by_what_it_showed(problem: Problem) -> None:
    exam, key = prepared(problem.slug)
    build = wrong(problem, variance_count="n-1")
    whole = exams.observe(exam, build, find_roles(build, rank=exam.rank))
    cut: Transcript = (*whole[:20], *(None for _ in whole[20:]))
    assert ids(diagnose(key, cut, grade(key, cut, problem.accept))) == {"unbiased_output_var"}
    nothing: Transcript = (None,) * len(whole)
    assert diagnose(key, nothing, grade(key, nothing, problem.accept)) == ()


@problems
@pytest.mark.parametrize("factor", [1e200, -1e308, np.inf, np.nan])
def test_a_number_is_looked_for_in_values_that_have_no_square(problem: Problem, factor: float) -> None:
    """Warnings are errors here: an overflow on the way would be one."""
    exam, key = prepared(problem.slug)
    place = next(index for index, one in enumerate(exam.concretes) if one.scenario.check_id == "gradients.two_steps")
    expected = key.by_convention["biased"][place]
    values = (one.values if one.values is None else one.values.astype(np.float64) for one in expected.observations)
    forged = Seen(
        tuple(
            Observation(one.label, one.dtype, each if each is None else np.where(each > 0, factor, each))
            for one, each in zip(expected.observations, values, strict=True)
        )
    )
    typed = next(one for one in hypotheses(problem.slug) if one.fitted == "momentum_value")
    assert fitted(Rehearsal(exam, "biased"), typed, place, forged) is not None


def _strange(seen: Seen, kind: str) -> Seen:
    values = {
        "empty": np.zeros((0,), dtype=np.float32),
        "long": np.arange(300_000, dtype=np.int64),
        "bool": np.ones((2, 2), dtype=np.bool_),
        "nan": np.full((3,), np.nan),
        "infinite": np.full((4, 3), np.inf, dtype=np.float32),
    }
    if kind == "absent":
        return Seen(tuple(Observation(one.label, "absent", None) for one in seen.observations))
    if kind == "error":
        return Seen((), error=wire.RawError("RuntimeError", None, "size " * 400, 4_000_000_000))
    if kind == "fewer":
        return Seen(seen.observations[:-1])
    array = values[kind]
    return Seen(tuple(Observation(one.label, str(array.dtype), array) for one in seen.observations))


@problems
@pytest.mark.parametrize("kind", ["empty", "long", "bool", "nan", "infinite", "absent", "error", "fewer"])
def test_no_transcript_whatever_raises(problem: Problem, kind: str) -> None:
    exam, key = prepared(problem.slug)
    build = wrong(problem)
    honest = exams.observe(exam, build, find_roles(build, rank=exam.rank))
    transcript = tuple(None if seen is None else _strange(seen, kind) for seen in honest)
    assert diagnose(key, transcript, grade(key, transcript, problem.accept)) == ()

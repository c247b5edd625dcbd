"""The hidden exams of both problems: right by a second opinion, wide enough for honest rounding, said in words."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import torch

from judge import exam as exams
from judge.comparing import distance
from judge.grading import MIXED, grade
from judge.key import answer_key
from judge.problem import LANGUAGES, Problem, load_all
from judge.problems.batchnorm.reference import BatchNorm
from judge.report import CheckStatus, Verdict
from tests.judge.layers import TORCH, ByHand, graded, observed

problems = pytest.mark.parametrize("problem", load_all(), ids=lambda problem: problem.slug)
SEEDS = range(40, 45)

# What EXAMS of BatchNorm must hold at least, by group.
FEWEST = {"train_output": 9, "running_stats": 13, "eval_mode": 9, "gradients": 9, "module_contract": 6, "numerics": 6}


@problems
def test_no_group_is_thin(problem: Problem) -> None:
    scenarios = [concrete.scenario for concrete in exams.prepare(problem, 1).concretes]
    for group, fewest in FEWEST.items():
        assert sum(1 for scenario in scenarios if scenario.group == group) >= fewest, group
    assert {(group.id, group.points) for group in problem.groups} == {
        ("train_output", 20),
        ("running_stats", 25),
        ("eval_mode", 20),
        ("gradients", 15),
        ("module_contract", 10),
        ("numerics", 10),
    }


@problems
def test_there_are_samples_of_training_running_statistics_and_evaluation(problem: Problem) -> None:
    samples = exams.prepare(problem, 1, samples=True).concretes
    assert {concrete.scenario.group for concrete in samples} == {"train_output", "running_stats", "eval_mode"}
    assert all(array.size <= 8 for concrete in samples for array in concrete.tensors)


@problems
@pytest.mark.parametrize("seed", SEEDS)
def test_torch_agrees_with_the_key(problem: Problem, seed: int) -> None:
    """A second opinion: torch's own layer passes every check, as unbiased."""
    exam = exams.prepare(problem, seed)
    key = answer_key(exam)
    transcript = observed(exam, TORCH[problem.slug])
    result = grade(key, transcript, ("unbiased",))
    assert [check.staff_detail for check in result.checks if not check.points] == []
    assert (result.verdict, result.convention) == (Verdict.ACCEPTED, "unbiased")


@problems
@pytest.mark.parametrize("seed", SEEDS)
def test_honest_rounding_needs_a_fifth_of_a_tolerance_at_most(problem: Problem, seed: int) -> None:
    exam = exams.prepare(problem, seed)
    key = answer_key(exam)
    rank = exam.rank
    in_float32 = partial(_Float32Reference, rank=rank)
    for build, roles in ((ByHand, None), (in_float32, None), (TORCH[problem.slug], None)):
        transcript = observed(exam, build, roles)
        expected = key.by_convention["unbiased" if build is TORCH[problem.slug] else "biased"]
        for concrete, one, seen, tolerances in zip(exam.concretes, expected, transcript, key.tolerances, strict=True):
            assert seen is not None
            assert distance(one, seen, tolerances) < 0.2, concrete.scenario.check_id


class OnePass(ByHand):
    """One pass over the differences from the first value of each channel."""

    def learn(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        rows = x.transpose(0, 1).flatten(1)
        shifted = rows - rows[:, :1].detach()
        mean = shifted.mean(1) + rows[:, 0].detach()
        var = shifted.square().mean(1) - shifted.mean(1).square()
        with torch.no_grad():
            self.running_mean.lerp_(mean, self.momentum)
            self.running_var.lerp_(var, self.momentum)
        return mean, var


@problems
@pytest.mark.parametrize("seed", SEEDS)
def test_one_pass_around_a_value_of_the_batch_is_right(problem: Problem, seed: int) -> None:
    exam = exams.prepare(problem, seed)
    graded = grade(answer_key(exam), observed(exam, OnePass), problem.accept)
    assert [check.id for check in graded.checks if check.status is not CheckStatus.PASSED] == []


class _Float32Reference(BatchNorm):
    """The reference's own arithmetic in the candidate's dtype."""

    def __init__(self, num_features: int, eps: float = 1e-5, momentum: float = 0.1, *, rank: int) -> None:
        super().__init__(num_features, eps, momentum, rank=rank)
        self.float()


class Constants(ByHand):
    """Keeps 1/n in a float32 scalar tensor, which leaves float64 arithmetic what it is."""

    def learn(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        axes = [axis for axis in range(x.dim()) if axis != 1]
        share = torch.tensor(x.shape[1] / x.numel())
        mean = x.sum(axes, keepdim=True) * share
        var = (x - mean).square().sum(axes) * share
        mean = mean.flatten()
        with torch.no_grad():
            self.running_mean.lerp_(mean, self.momentum)
            self.running_var.lerp_(var, self.momentum)
        return mean, var


class AveragesInFloat32(ByHand):
    """Its running statistics go back to float32 at each update, also after ``.double()``."""

    def learn(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        found = super().learn(x)
        self.running_mean, self.running_var = self.running_mean.float(), self.running_var.float()
        return found


class BatchInFloat32(ByHand):
    """Takes the batch's statistics in float32 and goes on in float64."""

    def learn(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        mean, var = super().learn(x.float().double() if x.dtype is torch.float64 else x)
        return mean, var


@problems
def test_float64_is_asked_of_arithmetic_and_not_of_constants(problem: Problem) -> None:
    for seed in range(1, 21):
        exam = exams.prepare(problem, seed)
        key = answer_key(exam)
        verdicts = [
            grade(key, observed(exam, build), problem.accept).verdict
            for build in (Constants, AveragesInFloat32, BatchInFloat32)
        ]
        assert verdicts == [Verdict.ACCEPTED, Verdict.WRONG_ANSWER, Verdict.WRONG_ANSWER], seed


class InPieces(ByHand):
    """Ghost batches: the training output is normalised piece by piece."""

    samples = 0
    whole_pieces = False

    def forward(self, x: torch.Tensor) -> Any:
        if not self.training:
            return super().forward(x)
        pieces = x.chunk(max(1, len(x) // self.samples)) if self.whole_pieces else x.split(self.samples)
        return torch.cat([super(InPieces, self).forward(piece) for piece in pieces])


class Otherwise(ByHand):
    """Right, but for inputs of certain sizes, whose output, batch variance or evaluation is a hundredth off."""

    size: Callable[[torch.Tensor], int] = len
    limit = 0
    wrong = "output"

    def forward(self, x: torch.Tensor) -> Any:
        result = super().forward(x)
        off = type(self).size(x) > self.limit and self.wrong == ("output" if self.training else "evaluation")
        return result * 1.01 if off else result

    def learn(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        mean, var = super().learn(x)
        if type(self).size(x) > self.limit and self.wrong == "average":
            self.running_var *= 1.01
        return mean, var


def _channels(x: torch.Tensor) -> int:
    return x.shape[1]


def _pixels(x: torch.Tensor) -> int:
    return x[0, 0].numel()


@problems
@pytest.mark.parametrize("samples", [2, 8, 32, 64, 100, 128])
@pytest.mark.parametrize("whole_pieces", [False, True])
def test_statistics_of_a_part_of_the_batch_are_caught(problem: Problem, samples: int, whole_pieces: bool) -> None:
    build = type("Ghosts", (InPieces,), {"samples": samples, "whole_pieces": whole_pieces})
    for seed in SEEDS:
        assert graded(problem, build, seed).verdict is Verdict.WRONG_ANSWER, seed


@problems
def test_what_is_wrong_for_large_sizes_only_is_caught(problem: Problem) -> None:
    cases = [(len, 256, wrong) for wrong in ("output", "average", "evaluation")] + [(_channels, 32, "output")]
    if problem.slug == "batchnorm2d":
        cases += [(_pixels, 128, "output"), (_pixels, 128, "average")]
    for size, limit, wrong in cases:
        build = type("Large", (Otherwise,), {"size": size, "limit": limit, "wrong": wrong})
        assert graded(problem, build).verdict is Verdict.WRONG_ANSWER, (size, limit, wrong)


@problems
def test_tolerances_are_tight_where_nothing_magnifies_rounding(problem: Problem) -> None:
    key = answer_key(exams.prepare(problem, 1))
    places = {concrete.scenario.check_id: place for place, concrete in enumerate(key.exam.concretes)}
    assert max(key.tolerances[places["train_output.batch_statistics"]]) < 1e-3
    assert max(key.tolerances[places["running_stats.one_step"]]) < 1e-3
    assert max(key.tolerances[places["module_contract.double"]]) < 1e-5


@problems
def test_every_exam_tells_the_conventions_apart(problem: Problem) -> None:
    for seed in SEEDS:
        exam = exams.prepare(problem, seed)
        key = answer_key(exam)
        clear = [
            concrete.scenario.check_id
            for concrete, one, other, tolerances in zip(
                exam.concretes, *key.by_convention.values(), key.tolerances, strict=True
            )
            if one is not other and distance(one, other, tolerances) > 10
        ]
        assert len(clear) >= 20
        assert grade(key, key.by_convention["biased"], problem.accept).convention not in (None, MIXED)


@problems
def test_observations_keep_their_labels_from_seed_to_seed(problem: Problem) -> None:
    assert answer_key(exams.prepare(problem, 1)).labels == answer_key(exams.prepare(problem, 2)).labels


@problems
def test_keys_are_computed_in_float64_and_say_what_dtype_the_candidate_should_have(problem: Problem) -> None:
    key = answer_key(exams.prepare(problem, 1))
    for concrete, seen in zip(key.exam.concretes, key.by_convention["biased"], strict=True):
        for observation in seen.observations:
            if observation.values is not None and observation.values.dtype.kind == "f":
                assert observation.values.dtype == "float64"
                assert observation.dtype == concrete.scenario.dtype


# Words


@problems
def test_every_scenario_has_a_title_in_both_languages(problem: Problem) -> None:
    for samples in (False, True):
        for concrete in exams.prepare(problem, 1, samples=samples).concretes:
            title = concrete.scenario.title
            assert set(title) == {"en", "zh"}
            assert re.search(r"[一-鿿]", title["zh"])


@problems
@pytest.mark.parametrize("accept", [None, ("biased",), ("unbiased",)])
def test_both_languages_state_the_same_formulas_and_code(problem: Problem, accept: tuple[str, ...] | None) -> None:
    def formulas(text: str) -> list[str]:
        return sorted(set(re.findall(r"\$\$.*?\$\$", text)))

    def code(text: str) -> set[str]:
        return set(re.findall(r"`([^`\n]+)`", text))

    english, chinese = problem.statement(accept)["en"], problem.statement(accept)["zh"]
    assert formulas(english) == formulas(chinese)
    assert code(english) == code(chinese)
    assert english.count("\n- ") == chinese.count("\n- ")
    assert english.count("\n### ") == chinese.count("\n### ")


@problems
def test_the_statement_says_of_the_conventions_what_is_accepted(problem: Problem) -> None:
    either = "Two conventions for the running variance are right"
    assert either in problem.statement()["en"]
    for one, other in (("biased", "unbiased"), ("unbiased", "biased")):
        text = problem.statement((one,))["en"]
        assert either not in text
        assert f"The running variance accumulates the {one}" in text
        assert f"The running variance accumulates the {other}" not in text
        assert "is not accepted here" in text
        assert "不算对" in problem.statement((one,))["zh"]


@problems
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_starter_is_an_honest_beginning(problem: Problem, language: str) -> None:
    namespace: dict[str, object] = {}
    exec(compile(problem.starter[language], "starter.py", "exec"), namespace)  # noqa: S102 - our own file
    layer = namespace[problem.class_names[0]]
    assert isinstance(layer, type)
    assert issubclass(layer, torch.nn.Module)


@problems
def test_both_starters_are_the_same_code_with_comments_in_their_language(problem: Problem) -> None:
    english, chinese = (problem.starter[language] for language in ("en", "zh"))
    assert ast.dump(ast.parse(english)) == ast.dump(ast.parse(chinese))
    comments = re.findall(r"#.*", chinese)
    assert len(comments) == len(re.findall(r"#.*", english))
    assert all(re.search(r"[\u4e00-\u9fff]", comment) for comment in comments)

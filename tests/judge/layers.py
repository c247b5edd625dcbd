"""Right BatchNorm layers of torch's own making and by hand, for tests of exams and grading."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from judge import exam as exams
from judge.cell import answering
from judge.cell.driver import Roles, find_roles, run_scenario
from judge.exam import Exam, Transcript
from judge.grading import Graded, grade
from judge.key import answer_key
from judge.problem import Problem

TORCH = {"batchnorm1d": nn.BatchNorm1d, "batchnorm2d": nn.BatchNorm2d}


class ByHand(nn.Module):
    """A right layer whose pieces a test may override."""

    unbiased = False

    def __init__(self, num_features: int, eps: float = 1e-5, momentum: float = 0.1) -> None:
        super().__init__()
        self.eps = eps
        self.momentum = momentum
        self.gamma = nn.Parameter(torch.ones(num_features))
        self.beta = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))

    def forward(self, x: torch.Tensor) -> Any:
        shape = (1, -1, *[1] * (x.dim() - 2))
        mean, var = self.running_mean, self.running_var
        if self.training:
            mean, var = self.learn(x)
        normal = (x - mean.view(shape)) / (var.view(shape) + self.eps).sqrt()
        return normal * self.gamma.view(shape) + self.beta.view(shape)

    def learn(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        axes = [axis for axis in range(x.dim()) if axis != 1]
        mean, var = x.mean(axes), x.var(axes, unbiased=False)
        n = x.numel() / x.shape[1]
        with torch.no_grad():
            kept = var * n / (n - 1) if self.unbiased else var
            self.running_mean.lerp_(mean, self.momentum)
            self.running_var.lerp_(kept, self.momentum)
        return mean, var


def observed(exam: Exam, build: Any, roles: Roles | None = None) -> Transcript:
    """The transcript of a layer, run beside the judge."""
    return exams.observe(exam, build, roles or find_roles(build, rank=exam.rank))


def payloads(exam: Exam, build: Any) -> list[bytes]:
    """What a cell sends of a layer, by scenario: packed by the cell's own code, beside the judge."""
    roles = find_roles(build, rank=exam.rank)
    return [
        answering.pack_observed(
            run_scenario(build, roles, concrete.steps, [torch.from_numpy(array) for array in concrete.tensors])
        )
        for concrete in exam.concretes
    ]


def graded(problem: Problem, build: Any, seed: int = 1, accept: tuple[str, ...] | None = None) -> Graded:
    """A layer graded on one hidden exam."""
    exam = exams.prepare(problem, seed)
    return grade(answer_key(exam), observed(exam, build), accept or problem.accept)

"""The engine: the same seed gives the same report, whatever the layer draws and whoever judges it."""

from __future__ import annotations

from dataclasses import replace

from judge.engine import Judge
from judge.problem import load
from judge.report import Report, Timing, Verdict

PROBLEM = load("batchnorm1d")

DRAWS = b"""
import random

import numpy as np
import torch
from torch import nn


class MyBatchNorm1d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.gamma = nn.Parameter(torch.randn(num_features) * np.random.rand() * random.random())
        self.beta = nn.Parameter(torch.zeros(num_features))

    def forward(self, x):
        return x * self.gamma + self.beta
"""


def test_the_same_seed_gives_the_same_report_to_a_layer_that_draws() -> None:
    reports = [judged(DRAWS, seed=41) for _ in range(2)]
    assert reports[0].verdict is Verdict.WRONG_ANSWER
    assert reports[0] == reports[1]
    assert judged(DRAWS, seed=42).checks != reports[0].checks


def judged(source: bytes, seed: int) -> Report:
    """The report of a judge of its own, without what was measured."""
    judge = Judge(standby_cells=1)
    try:
        report = judge.judge(PROBLEM, source, seed=seed)
    finally:
        judge.close()
    return replace(report, timing=Timing(0, 0), peak_memory_bytes=0)

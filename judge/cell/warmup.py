"""Runs a small layer through every operation of the driver once, before any cell is forked.

Torch imports and builds much on first use (sympy alone takes 0.2 s); what the zygote has done once, no cell pays for.
"""

from __future__ import annotations

import json
from typing import Any

import torch
from torch import nn

from judge.cell import driver, rules, source
from judge.cell.answering import pack_observed

_SOURCE = """
import torch
from torch import nn


class Square(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx, upstream):
        (x,) = ctx.saved_tensors
        return 2 * x * upstream


class Layer(nn.Module):
    def __init__(self, features, eps=1e-5):
        super().__init__()
        self.eps = eps
        self.scale = nn.Parameter(torch.ones(features))
        self.shift = nn.Parameter(torch.zeros(features))
        self.register_buffer("seen", torch.zeros(features))

    def forward(self, x):
        axes = tuple(i for i in range(x.dim()) if i != 1)
        shape = [1, -1] + [1] * (x.dim() - 2)
        if self.training:
            variance, mean = torch.var_mean(x, axes, unbiased=False)
            with torch.no_grad():
                self.seen.lerp_(mean, 0.5)
                self.seen.mul_(0.5).add_(x.mean(axes) + x.std(axes), alpha=0.5)
                self.seen = self.seen + x.var(axes, unbiased=False)
        else:
            mean, variance = self.seen, self.seen
        centred = x - mean.view(shape)
        spread = Square.apply(centred).mean(axes) + torch.einsum("n...,n...->...", centred, centred).sum() + variance
        y = centred * torch.rsqrt(spread + self.eps).view(shape) / torch.sqrt(variance + self.eps).view(shape)
        return torch.addcmul(self.shift.view(shape), y, self.scale.view(shape))
"""


def run() -> None:
    """Builds, trains, copies, saves, loads, casts and differentiates one layer, in one thread."""
    rules.look(_SOURCE)
    module = source.load(_SOURCE)
    build = source.find_class(module, ["Layer"])
    for shape in ([4, 3], [2, 3, 2, 2]):
        roles = driver.find_roles(build, rank=len(shape))
        tensors = [torch.randn(shape), torch.randn(3), torch.randn(3)]
        steps: list[Any] = [
            ["build", {"layer": "a", "args": [3], "kwargs": {"eps": 1e-3}}],
            ["build", {"layer": "b", "args": [3]}],
            ["parameters", {"layer": "a"}],
            ["affine", {"layer": "a", "scale": 1, "shift": 2}],
            ["train", {"layer": "a"}],
            ["forward", {"layer": "a", "x": 0, "grad": True, "keeps_input": True}],
            ["backward", {"layer": "a", "upstream": 0}],
            ["sgd", {"layer": "a", "rate": 0.1}],
            ["forward", {"layer": "a", "x": 0, "no_grad": True, "layout": "strided"}],
            ["forward", {"layer": "a", "x": 0, "layout": "transposed"}],
            ["parent", {"layer": "a", "mode": "eval"}],
            ["deepcopy", {"layer": "c", "source": "a"}],
            ["load", {"layer": "b", "source": "a"}],
            ["double", {"layer": "c"}],
            ["eval", {"layer": "b"}],
            ["forward", {"layer": "b", "x": 0}],
            ["buffers_free", {"layer": "b"}],
        ]
        observed = driver.run_scenario(build, roles, json.loads(json.dumps(steps)), tensors)
        if observed.stopped is not None:
            raise RuntimeError(f"the warm-up stopped at step {observed.step}") from observed.stopped
        pack_observed(observed)
    nn.Sequential(nn.Linear(3, 3), nn.ReLU())
    source.unload()

# expects: stops_gradient_mean_and_var
"""BatchNorm for feature maps. The statistics are treated as constants of the batch."""
from typing import NamedTuple

import torch
from torch import Tensor, nn


class Moments(NamedTuple):
    mean: Tensor
    var: Tensor

    def spread(self) -> "Moments":
        return Moments(*(value.reshape(1, -1, 1, 1) for value in self))


class MyBatchNorm2d(nn.Module):
    def __init__(self, num_features: int, eps: float = 1e-5, momentum: float = 0.1):
        super().__init__()
        self.eps = eps
        self.momentum = momentum
        self.scale = nn.Parameter(torch.ones(1, num_features, 1, 1))
        self.shift = nn.Parameter(torch.zeros(1, num_features, 1, 1))
        self.register_buffer("mean", torch.zeros(num_features))
        self.register_buffer("var", torch.ones(num_features))

    @torch.no_grad()
    def observe(self, x: Tensor) -> Moments:
        seen = Moments(x.mean((0, 2, 3)), x.var((0, 2, 3), unbiased=False))
        self.mean += self.momentum * (seen.mean - self.mean)
        self.var += self.momentum * (seen.var - self.var)
        return seen

    def forward(self, x: Tensor) -> Tensor:
        moments = self.observe(x) if self.training else Moments(self.mean, self.var)
        mean, var = moments.spread()
        return (x - mean).div((var + self.eps).sqrt()).mul(self.scale).add(self.shift)

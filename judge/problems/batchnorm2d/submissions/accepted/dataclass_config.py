# accepted: dataclass configuration with postponed annotations
from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import nn


@dataclass(frozen=True)
class NormConfig:
    num_features: int
    eps: float = 1e-5
    momentum: float = 0.1
    axes: tuple[int, ...] = field(default=(0, 2, 3), repr=False)

    @property
    def broadcast(self) -> tuple[int, ...]:
        return (1, self.num_features, 1, 1)


class MyBatchNorm2d(nn.Module):
    running_mean: torch.Tensor
    running_var: torch.Tensor

    def __init__(self, num_features: int, eps: float = 1e-5, momentum: float = 0.1) -> None:
        super().__init__()
        self.config = NormConfig(num_features, eps, momentum)
        self.gamma = nn.Parameter(torch.ones(self.config.num_features))
        self.beta = nn.Parameter(torch.zeros(self.config.num_features))
        self.register_buffer("running_mean", torch.zeros(self.config.num_features))
        self.register_buffer("running_var", torch.ones(self.config.num_features))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        cfg = self.config
        mean, var = self._learn(x) if self.training else (self.running_mean, self.running_var)
        std = (var + cfg.eps).sqrt().reshape(cfg.broadcast)
        normalised = (x - mean.reshape(cfg.broadcast)) / std
        return torch.addcmul(self.beta.reshape(cfg.broadcast), normalised, self.gamma.reshape(cfg.broadcast))

    def _learn(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        cfg = self.config
        mean = x.mean(cfg.axes)
        var = x.sub(mean.reshape(cfg.broadcast)).square().mean(cfg.axes)
        with torch.no_grad():
            self.running_mean.add_(mean - self.running_mean, alpha=cfg.momentum)
            self.running_var.add_(var - self.running_var, alpha=cfg.momentum)
        return mean, var

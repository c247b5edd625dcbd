"""BatchNorm by the contract, in closed form with its backward written out: what the answer keys are computed with."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.autograd.function import once_differentiable

from judge.cell.driver import Roles

CONVENTIONS = ("biased", "unbiased")
"""Which batch variance the running variance accumulates: the sum of squares over n, or over n - 1 as torch.nn does."""

ROLES = Roles("gamma", "beta")


class Normalise(torch.autograd.Function):
    """gamma * (x - mean) / sqrt(var + eps) + beta with its gradients (Ioffe and Szegedy 2015, section 3).

    In training (``batch``) mean and var are the batch's own, and the gradient of x flows through both.
    """

    @staticmethod
    def forward(
        ctx: Any,
        x: torch.Tensor,
        mean: torch.Tensor,
        var: torch.Tensor,
        gamma: torch.Tensor,
        beta: torch.Tensor,
        eps: float,
        batch: bool,
    ) -> torch.Tensor:
        inverse_std = (var + eps).rsqrt()
        normal = (x - mean) * inverse_std
        ctx.save_for_backward(normal, inverse_std, gamma)
        ctx.batch = batch
        return normal * gamma + beta

    @staticmethod
    @once_differentiable  # type: ignore[untyped-decorator]  # torch leaves it untyped
    def backward(ctx: Any, dy: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        normal, inverse_std, gamma = ctx.saved_tensors
        axes = [axis for axis in range(dy.dim()) if axis != 1]
        dbeta = dy.sum(axes, keepdim=True)
        dgamma = (dy * normal).sum(axes, keepdim=True)
        dx = dy
        if ctx.batch:
            n = dy.numel() / dy.shape[1]
            dx = dy - (dbeta + normal * dgamma) / n
        return dx * (gamma * inverse_std), None, None, dgamma, dbeta, None, None


class BatchNorm(nn.Module):
    """The layer for inputs of ``rank`` axes, channels second; ``running_var`` is one of ``CONVENTIONS``.

    ``rounding`` moves every new running statistic by that part of the values it was made of, as an update in a
    coarser dtype does: old + momentum * (new - old) loses digits of a small variance beside the initial 1.
    """

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float = 0.1,
        *,
        rank: int,
        running_var: str,
        dtype: torch.dtype = torch.float64,
        rounding: float = 0.0,
    ) -> None:
        super().__init__()
        self.eps = eps
        self.momentum = momentum
        self.rounding = rounding
        self.axes = [axis for axis in range(rank) if axis != 1]
        self.unbiased = running_var == "unbiased"
        shape = (1, num_features, *[1] * (rank - 2))
        self.gamma = nn.Parameter(torch.ones(shape, dtype=dtype))
        self.beta = nn.Parameter(torch.zeros(shape, dtype=dtype))
        self.register_buffer("running_mean", torch.zeros(shape, dtype=dtype))
        self.register_buffer("running_var", torch.ones(shape, dtype=dtype))

    def forward(self, x: torch.Tensor) -> Any:
        mean, var = self._update(x.detach()) if self.training else (self.running_mean, self.running_var)
        return Normalise.apply(x, mean, var, self.gamma, self.beta, self.eps, self.training)  # type: ignore[no-untyped-call]

    def _update(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        mean = x.mean(self.axes, keepdim=True)
        centred = x - mean
        squares = (centred * centred).sum(self.axes, keepdim=True)
        n = x.numel() // x.shape[1]
        var = squares / n
        self.running_mean: torch.Tensor
        self.running_var: torch.Tensor
        self.running_mean = self._moved(self.running_mean, mean)
        self.running_var = self._moved(self.running_var, squares / (n - 1) if self.unbiased else var)
        return mean, var

    def _moved(self, old: torch.Tensor, new: torch.Tensor) -> torch.Tensor:
        moved = old.lerp(new, self.momentum)
        return moved if not self.rounding else moved + self.rounding * torch.maximum(old.abs(), new.abs())

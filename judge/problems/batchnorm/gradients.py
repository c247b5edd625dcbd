"""Autograd functions that compute the right value and hand back a gradient of one's choice."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


class Scaled(torch.autograd.Function):
    """The identity, with its gradient multiplied by a number."""

    @staticmethod
    def forward(ctx: Any, value: Tensor, factor: float) -> Tensor:
        ctx.factor = factor
        return value.clone()

    @staticmethod
    def backward(ctx: Any, *upstream: Tensor) -> tuple[Tensor, None]:
        return upstream[0] * ctx.factor, None


class ScaleAndShift(torch.autograd.Function):
    """``normalised * scale + shift``; the scale's gradient is taken against ``against``, a tensor like the output.

    ``scale_term`` False leaves the scale out of the input's gradient; ``scale_factor`` and ``shift_factor`` multiply
    the gradients of scale and shift.
    """

    @staticmethod
    def forward(
        ctx: Any,
        normalised: Tensor,
        scale: Tensor,
        shift: Tensor,
        against: Tensor,
        scale_term: bool,
        scale_factor: float,
        shift_factor: float,
    ) -> Tensor:
        ctx.save_for_backward(scale, shift, against)
        ctx.options = scale_term, scale_factor, shift_factor
        return normalised * scale + shift

    @staticmethod
    def backward(ctx: Any, *upstream: Tensor) -> tuple[Tensor | None, ...]:
        scale, shift, against = ctx.saved_tensors
        scale_term, scale_factor, shift_factor = ctx.options
        given = upstream[0]
        return (
            given * scale if scale_term else given,
            (given * against).sum_to_size(scale.shape) * scale_factor,
            given.sum_to_size(shift.shape) * shift_factor,
            None,
            None,
            None,
            None,
        )


class TrainingBackward(torch.autograd.Function):
    """Normalises with given statistics and differentiates as if they were the batch's own (Ioffe & Szegedy 2015)."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, mean: Tensor, inverse_std: Tensor, axes: list[int]) -> Tensor:
        normalised = (x - mean) * inverse_std
        ctx.save_for_backward(normalised, inverse_std)
        ctx.axes = axes
        return normalised

    @staticmethod
    def backward(ctx: Any, *upstream: Tensor) -> tuple[Tensor | None, ...]:
        normalised, inverse_std = ctx.saved_tensors
        given = upstream[0]
        common = given.mean(ctx.axes, keepdim=True)
        along = (given * normalised).mean(ctx.axes, keepdim=True)
        return (given - common - normalised * along) * inverse_std, None, None, None


def scaled(value: Tensor, factor: float) -> Tensor:
    """``value`` with its gradient multiplied by ``factor``."""
    result: Tensor = Scaled.apply(value, factor)  # type: ignore[no-untyped-call]  # torch leaves it untyped
    return result

"""BatchNorm by the contract, in closed form with its backward written out: what the answer keys are computed with.

Every scenario of an exam is run on it for every judging, so it is lean. No channel knows of another, and therefore
both conventions are learnt in one run: the channels are there twice, and the second half follows the second convention.
A tiled input has the statistics of one tile, so one tile is all that is computed of it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.autograd.function import once_differentiable

from judge.cell.driver import HINT, Roles
from judge.exam import Array, Concrete, Observation, Seen, observe_expected

CONVENTIONS = ("biased", "unbiased")
"""Which batch variance the running variance accumulates: the sum of squares over n, or over n - 1 as torch.nn does."""

_ROLES = Roles("gamma", "beta")


def observe(concrete: Concrete, rank: int, rounding: float = 0.0, copies: int = 1, tiles: int = 1) -> dict[str, Seen]:
    """What a right layer observes in float64, by convention; the very same ``Seen`` where the convention cannot matter.

    ``rounding`` moves every new running statistic by that part of the values it was made of. The channels of
    ``copies`` exams lie side by side in every input, which stands for as many equal ones as ``tiles`` says.
    """
    tile = next(
        (arguments["tile"] for name, arguments in concrete.steps if name == "forward" and "tile" in arguments), None
    )
    if tile is not None:
        return _observe_tiled(concrete, tile, partial(observe, rank=rank, rounding=rounding, copies=copies))
    build = partial(
        BatchNorm, rank=rank, rounding=rounding, copies=copies, learns=concrete.does("backward"), tiles=tiles
    )
    if not concrete.does("eval", "parent"):  # never in evaluation: no running variance shows
        return dict.fromkeys(CONVENTIONS, observe_expected(concrete, build, _ROLES))
    twice = replace(concrete, tensors=tuple(map(_twice, concrete.tensors)))
    seen = observe_expected(twice, partial(build, both=True), _ROLES)
    return {convention: _half(seen, place) for place, convention in enumerate(CONVENTIONS)}


def _observe_tiled(
    concrete: Concrete, tile: Sequence[int], observe_plain: Callable[..., dict[str, Seen]]
) -> dict[str, Seen]:
    """The same of inputs that are repeated ``tile`` times along their axes."""
    steps = [_of_one_tile(operation, arguments, tile[1]) for operation, arguments in concrete.steps]
    seen = observe_plain(replace(concrete, steps=steps), tiles=math.prod(tile) // tile[1])
    with_ends = {id(one): _with_ends(one) for one in seen.values()}  # the same one stays the same one
    return {convention: with_ends[id(one)] for convention, one in seen.items()}


def _of_one_tile(operation: str, arguments: dict[str, Any], channel_tiles: int) -> tuple[str, dict[str, Any]]:
    """A step on a tiled input as one on a single tile, for a layer that has its channels only once."""
    plain = {name: value for name, value in arguments.items() if name != "tile"}
    if operation == "build":
        features, *places = arguments["args"]
        plain["args"] = [features // channel_tiles, *places]
    return operation, plain


def _with_ends(seen: Seen) -> Seen:
    """What was seen of one tile as the least and the largest over all of them: they are equal."""
    return Seen(
        tuple(
            Observation(one.label + end, one.dtype, one.values)
            for one in seen.observations
            for end in ([""] if one.label.startswith(HINT) else [".least", ".largest"])
        )
    )


def _channel_axis(array: Array) -> int:
    return 0 if array.ndim == 1 else 1


def _twice(array: Array) -> Array:
    return np.concatenate((array, array), axis=_channel_axis(array))


def _half(seen: Seen, place: int) -> Seen:
    return Seen(tuple(_half_observation(observation, place) for observation in seen.observations))


def _half_observation(observation: Observation, place: int) -> Observation:
    values = observation.values
    if values is None or values.dtype.kind != "f":
        return observation
    axis = _channel_axis(values)
    channels = values.shape[axis] // len(CONVENTIONS)
    mine = slice(place * channels, (place + 1) * channels)
    return Observation(observation.label, observation.dtype, values[mine] if axis == 0 else values[:, mine])


class Normalise(torch.autograd.Function):
    """gamma * (x - mean) * inverse_std + beta with its gradients (Ioffe and Szegedy 2015, section 3).

    In training (``batch``) mean and inverse_std are the batch's own, and the gradient of x flows through both.
    """

    @staticmethod
    def forward(
        ctx: Any,
        x: torch.Tensor,
        mean: torch.Tensor,
        inverse_std: torch.Tensor,
        gamma: torch.Tensor,
        beta: torch.Tensor,
        batch: bool,
        tiles: int,
    ) -> torch.Tensor:
        normal = (x - mean) * inverse_std
        ctx.save_for_backward(normal, inverse_std, gamma)
        ctx.batch, ctx.tiles = batch, tiles
        return normal * gamma + beta

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, dy: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        normal, inverse_std, gamma = ctx.saved_tensors
        axes = [axis for axis in range(dy.dim()) if axis != 1]
        dbeta = dy.sum(axes, keepdim=True)
        dgamma = (dy * normal).sum(axes, keepdim=True)
        dx = dy
        if ctx.batch:
            n = dy.numel() / dy.shape[1]
            dx = dy - (dbeta + normal * dgamma) / n
        return dx * (gamma * inverse_std), None, None, dgamma * ctx.tiles, dbeta * ctx.tiles, None, None


class BatchNorm(nn.Module):
    """The layer in float64, for inputs of ``rank`` axes with the channels second.

    There are as many channels for each of ``copies`` exams; ``both`` doubles them all, and the second half
    accumulates the unbiased variance. ``learns`` says whether anybody will ask for a gradient. ``rounding`` does to
    the running statistics what an update in a coarser dtype does: old + momentum * (new - old) loses digits of a
    small variance beside the initial 1. A batch stands for as many equal ones, side by side, as ``tiles`` says.
    """

    eps: float
    momentum: float
    rounding: float
    tiles: int
    unbiased_from: int | None
    axes: list[int]
    gamma: nn.Parameter
    beta: nn.Parameter
    running_mean: torch.Tensor
    running_var: torch.Tensor

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float = 0.1,
        *,
        rank: int,
        rounding: float = 0.0,
        copies: int = 1,
        both: bool = False,
        learns: bool = True,
        tiles: int = 1,
    ) -> None:
        super().__init__()
        # nn.Module's own way to set attributes costs as much as the rest of a scenario.
        self.__dict__.update(
            eps=eps,
            momentum=momentum,
            rounding=rounding,
            tiles=tiles,
            unbiased_from=num_features * copies if both else None,
            axes=[axis for axis in range(rank) if axis != 1],
        )
        shape = (1, num_features * copies * (1 + both), *[1] * (rank - 2))
        self._parameters["gamma"] = nn.Parameter(torch.ones(shape, dtype=torch.float64), learns)
        self._parameters["beta"] = nn.Parameter(torch.zeros(shape, dtype=torch.float64), learns)
        self._buffers["running_mean"] = torch.zeros(shape, dtype=torch.float64)
        self._buffers["running_var"] = torch.ones(shape, dtype=torch.float64)

    def forward(self, x: torch.Tensor) -> Any:
        mean, var = self._update(x.detach()) if self.training else (self.running_mean, self.running_var)
        inverse_std = (var + self.eps).rsqrt()
        gamma, beta = self.gamma, self.beta
        if not (x.requires_grad or gamma.requires_grad):
            return (x - mean) * inverse_std * gamma + beta
        return Normalise.apply(x, mean, inverse_std, gamma, beta, self.training, self.tiles)  # type: ignore[no-untyped-call]

    def _update(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        mean = x.mean(self.axes, keepdim=True)
        var = (x - mean).square_().mean(self.axes, keepdim=True)
        kept = var
        if self.unbiased_from is not None:
            n = x.numel() // x.shape[1] * self.tiles
            kept = var.clone()
            kept[:, self.unbiased_from :] *= n / (n - 1)
        self._buffers["running_mean"] = self._moved(self.running_mean, mean)
        self._buffers["running_var"] = self._moved(self.running_var, kept)
        return mean, var

    def _moved(self, old: torch.Tensor, new: torch.Tensor) -> torch.Tensor:
        moved = old.lerp(new, self.momentum)
        return moved + self.rounding * torch.maximum(old.abs(), new.abs()) if self.rounding else moved

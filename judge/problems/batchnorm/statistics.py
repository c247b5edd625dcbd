"""The statistics of one batch, as a layer with given choices takes them."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from judge.problems.batchnorm.choices import Choices

_AXES = {
    4: {
        "channel": [0, 2, 3],
        "batch": [0],
        "instance": [2, 3],
        "layer": [1, 2, 3],
        "all": [0, 1, 2, 3],
        "all_but_last": [0, 1, 2],
    },
    2: {"channel": [0], "layer": [1], "all": [0, 1]},
}


@dataclass(frozen=True)
class Batch:
    """Mean and biased variance of a batch, with kept dimensions, over ``count`` values each."""

    mean: Tensor
    variance: Tensor
    count: int
    samples: int
    axes: list[int]
    of_samples: Tensor | None = None
    """The mean of the samples' own variances, for whoever averages those."""


def of_batch(x: Tensor, choices: Choices, fixed_samples: float | None = None) -> Batch:
    """The statistics of ``x``; ``fixed_samples`` is a batch size that is believed instead of the real one."""
    axes = _AXES[choices.rank][choices.axes]
    if choices.nan.startswith("skipped"):
        mean = x.nanmean(axes, keepdim=True)
        variance = (x - mean).square().nanmean(axes, keepdim=True)
    else:
        mean = x.mean(axes, keepdim=True)
        variance = _variance(x, mean, axes, choices)
    count = x.numel() // mean.numel()
    if fixed_samples is not None:
        mean = mean * (x.shape[0] / fixed_samples)
        variance = (x - mean).square().sum(axes, keepdim=True) * (x.shape[0] / (count * fixed_samples))
    if choices.scalar == "variance":
        variance = _variance(x, x.mean(), list(range(x.dim())), choices).expand_as(mean)
    if choices.nan == "masked_batch":
        mean, variance = mean.nan_to_num(0.0), variance.nan_to_num(0.0)
    averaged = _of_samples(x, correction=0) if choices.running_variance == "mean_of_samples" else None
    return Batch(mean, variance, count, x.shape[0], axes, averaged)


def _of_samples(x: Tensor, correction: int) -> Tensor:
    pixels = x[0, 0].numel()
    factor = (
        pixels / (pixels - correction) if pixels > correction else torch.nan
    )  # as torch has it, without its warning
    return factor * x.var([2, 3], correction=0, keepdim=True).mean(0, keepdim=True)


def _variance(x: Tensor, mean: Tensor, axes: list[int], choices: Choices) -> Tensor:
    match choices.variance:
        case "uncentred":
            return x.square().mean(axes, keepdim=True)
        case "one_pass":
            return x.square().mean(axes, keepdim=True) - mean.square()
        case "one_pass_abs":
            return (x.square().mean(axes, keepdim=True) - mean.square()).abs()
        case "one_pass_clamped":
            return (x.square().mean(axes, keepdim=True) - mean.square()).clamp(min=0)
        case "of_std":
            return (x - mean).square().mean(axes, keepdim=True).sqrt().square()
        case "centred" if choices.saves_input:
            return x.var(axes, correction=0, keepdim=True)
        case "of_samples":
            return _of_samples(x, correction=0)
        case "of_samples_unbiased":
            return _of_samples(x, correction=1)
        case _:
            return (x - mean).square().mean(axes, keepdim=True)


def corrected(variance: Tensor, count: int) -> Tensor:
    """The unbiased variance from the biased one of ``count`` values (Bessel); a single value has none, so 0 stays 0."""
    return variance * (count / max(count - 1, 1))


def unbiased(variance: Tensor, count: int) -> Tensor:
    """The same as torch has it: of a single value it is NaN."""
    return corrected(variance, count) if count > 1 else torch.full_like(variance, torch.nan)


def for_running(batch: Batch, choices: Choices, eps: float) -> tuple[Tensor, Tensor]:
    """What goes into the running mean and into the running variance."""
    variance = batch.variance
    if choices.convention == "unbiased":
        variance = unbiased(variance, batch.count)
    match choices.running_variance:
        case "batch_count":
            variance = corrected(batch.variance, batch.samples)
        case "twice":
            variance = corrected(corrected(batch.variance, batch.count), batch.count)
        case "of_samples":
            variance = corrected(batch.variance, batch.count // batch.samples)
        case "mean_of_samples" if batch.of_samples is not None:
            variance = batch.of_samples
        case "std":
            variance = variance.sqrt()
        case "std_with_eps":
            variance = (variance + eps).sqrt()
        case "inverse_std":
            variance = (variance + eps).rsqrt()
        case "inverse_std_without_eps":
            variance = variance.rsqrt()
        case _:
            pass
    return _per_channel(batch.mean, choices), _per_channel(variance, choices)


def _per_channel(statistic: Tensor, choices: Choices) -> Tensor:
    """Statistics of another shape averaged into one value for each channel, unless they are stored as they are."""
    if choices.running_shape == "kept":
        return statistic
    if choices.scalar == "running":
        return statistic.mean().expand_as(statistic)
    if choices.axes == "instance":
        return statistic.mean(0, keepdim=True)
    if choices.axes == "batch":
        return statistic.mean([2, 3], keepdim=True)
    if choices.axes == "layer":
        return statistic.mean(0, keepdim=True)
    return statistic


def guarded_std(variance: Tensor, eps: float, place: str, root: str) -> Tensor:
    """The standard deviation with eps in its place, right or wrong."""
    if root == "of_torch":
        spread = variance > 0
        variance = torch.where(spread, variance, torch.ones_like(variance))
        std = torch.where(spread, variance.sqrt(), torch.zeros_like(variance))
        return std.clamp(min=eps) if place == "clamp_std" else std + eps
    match place:
        case "outside":
            return variance.sqrt() + eps
        case "after" | "none":
            return variance.sqrt()
        case "squared":
            return (variance + eps * eps).sqrt()
        case "clamp_variance":
            return variance.clamp(min=eps).sqrt()
        case "clamp_std":
            return variance.sqrt().clamp(min=eps)
        case "clamp_std_root":
            return variance.sqrt().clamp(min=eps**0.5)
        case "twice":
            return (variance + eps).sqrt() + eps
        case _:
            return (variance + eps).sqrt()


def guarded_variance(variance: Tensor, eps: float, place: str) -> Tensor:
    """The variance as a divisor, for a layer that leaves the root away and may misplace eps as well."""
    match place:
        case "after" | "none":
            return variance
        case "squared":
            return variance + eps * eps
        case "clamp_variance" | "clamp_std" | "clamp_std_root":
            return variance.clamp(min=eps)
        case _:
            return variance + eps


def count_of_backward(batch: Batch, choices: Choices, features: int) -> int:
    """What the means in the backward pass divide by."""
    counts = {
        "n-1": max(batch.count - 1, 1),
        "batch": batch.samples,
        "image": batch.count // batch.samples,
        "features": features,
        "all": batch.count * features,
        "one": 1,
    }
    return counts.get(choices.backward_count, batch.count)


def without_nan(x: Tensor, choices: Choices) -> Tensor:
    """The input as a layer sees it that masks NaN."""
    if choices.nan == "masked_input":
        return x.nan_to_num(0.0)
    if choices.nan == "mean_for_nan":
        return torch.where(x.isnan(), x.nanmean(_AXES[choices.rank][choices.axes], keepdim=True), x)
    return x

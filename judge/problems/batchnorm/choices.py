"""Every choice one makes when writing a BatchNorm layer; the defaults are right, and a misconception changes one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

Changes = dict[str, Any]
"""Choices that differ from the defaults, by field name."""


@dataclass(frozen=True)
class Choices:
    """What the layer of ``layer`` does. Beside a field stand the words it takes other than the right one."""

    rank: int
    """2 for [N, D] and 4 for [N, C, H, W]."""
    convention: str = "biased"  # unbiased: the variance that goes into the running variance; both are right

    # The formula (x - mean) / sqrt(var + eps)
    variance: str = (
        "centred"  # uncentred, one_pass, one_pass_abs, one_pass_clamped, of_std, of_samples, of_samples_unbiased
    )
    variance_count: str = "n"  # n-1
    centring: bool = True
    power: str = "divide_by_std"  # divide_by_variance, multiply_by_std
    eps_place: str = "inside"  # outside, twice, after, none, squared, clamp_variance, clamp_std, clamp_std_root
    root: str = "plain"  # of_torch: x.std(), whose gradient at a variance of 0 is 0
    eps_value: float | None = None  # a number instead of the argument
    formula_in: str = "both"  # training, evaluation: the mode in which the choices from centring to here hold

    # Which values share a statistic, and how they meet the input
    axes: str = "channel"  # batch, instance, layer, all, all_but_last
    axes_in: str = "both"  # output: the running statistics are right
    scalar: str = "none"  # variance, running: this one is a single number for all channels
    running_shape: str = "channels"  # kept: stored in whatever shape it has
    last_axis: str = "none"  # affine, running, batch, affine_and_running, all: (C,) meets the last axis
    layout: str = "any"  # view_rows, view_images, view_flat: calls view on its input; as_strided: believes in strides
    single_image: str = "normal"  # raises, raises_always, uses_running, skips_update, unchanged
    fixed_shape: str = "none"  # batch_size, count, raises, raises_samples, features
    first_in: str = "both"  # training: the mode whose first forward fixes the shape
    refuses_in: str = "both"  # training: the mode in which another shape raises

    # Running statistics
    rule: str = (
        "ema"  # reversed, average, pooled, last, first_batch, debias_from_zero, debias_from_one (and _unguarded)
    )
    blended_by: str = "weights"  # difference: old + momentum * (batch - old), which rounds otherwise
    rule_for: str = "both"  # mean, var: the statistic the rule above holds for
    counter: str = "attribute"  # buffer: where steps are counted, which shows after a state dict is loaded
    momentum_value: float | None = None  # a number instead of the argument
    momentum_default: float = 0.1  # what the argument is when it is not given
    updates: str = "both"  # mean, var, none
    update_times: int = 1
    twice_for: str = "both"  # mean, var: the statistic that is updated several times
    update_when: str = "training"  # always, always_before_use, with_grad
    update_from: str = "input"  # normalised, output
    running_variance: str = (
        "convention"  # batch_count, of_samples, mean_of_samples, twice, std, std_with_eps, inverse_std(_without_eps)
    )
    running_read: str = "variance"  # std, std_plus_eps, std_squared, inverse_std, inverse_std_squared
    running_var_start: float | str = 1.0  # with_eps: what a channel of variance 1 leads to, eps included
    graph: str = "cut"  # rebound, in_place
    graph_for: str = "both"  # mean, var
    stats_kind: str = "buffers"  # attributes(_in_place), not_persistent, parameters, frozen_parameters, lazy, …
    stats_kind_for: str = "both"  # mean, var: the statistic that is kept in this way
    shared: str = "none"  # by_features, slices, reset, with_affine, affine

    # Mode
    mode: str = "module"  # always, grad, own_methods
    train_source: str = "batch"  # running_after, running_before
    eval_source: str = "running"  # batch, batch_if_many

    # Scale and shift
    affine_kind: str = "parameters"  # attributes, plain_attributes, buffers, frozen_parameters, missing, no_scale, …
    affine_use: str = "both"  # none, no_scale, no_shift, swapped, shift_scaled
    affine_in: str = "both"  # training, evaluation: the only mode in which there is any
    scale_start: float | str = 1.0  # normal, uniform, near_one: random values
    shift_start: float | str = 0.0  # normal, uniform

    # What comes in and goes out
    dtype: str = "input"  # float32, float32_inside, float32_output, float64_output, float64_running, float32_batch, …
    mutates: str = "nothing"  # input, centre, data, data_first, data_centre, data_result, output, …
    saves_input: bool = False  # the variance is torch's own, whose backward needs the input as it was
    mutates_in: str = "both"  # training, evaluation
    nan: str = "kept"  # masked_input, masked_output, masked_normalised, masked_batch, masked_running, skips_update, …

    # Gradients
    detach: str = "nothing"  # mean, var, both
    cut: str = "nothing"  # input, forward
    cut_in: str = "both"  # training, evaluation
    mean_term: bool = True
    variance_term: bool = True
    backward_count: str = "n"  # n-1, batch, features, image, all, one
    backward_count_for: str = "both"  # mean, var: the term of dx with that count
    scale_gradient: str = "right"  # input, centred, mean, upstream, output, negative
    shift_gradient: str = "right"  # mean
    scale_term: bool = True
    gradients_in: str = "both"  # training: the mode in which the three choices above hold
    eval_gradient: str = "right"  # training
    own_backward: bool = False  # an autograd.Function is part of the graph: no mistake, but a trace it leaves

    def changed(self, changes: Changes) -> Choices:
        """These choices with some of them changed."""
        return replace(self, **changes)

"""A BatchNorm layer whose choices are arguments: right by default, and otherwise wrong in a known way.

It runs on the trusted side only, through the same driver as a candidate's layer; see ``choices`` for what can
be chosen and ``misconceptions`` for the names of the wrong choices.
"""

from __future__ import annotations

import contextlib

import torch
from torch import Tensor

from judge.problems.batchnorm import statistics as statistics
from judge.problems.batchnorm.choices import Changes, Choices
from judge.problems.batchnorm.gradients import ScaleAndShift, TrainingBackward, scaled
from judge.problems.batchnorm.state import Common, LayerState, Refusal
from judge.problems.batchnorm.statistics import Batch

Source = tuple[Tensor, Tensor, Tensor | None]
"""Mean and variance to normalise with, and the inverse std where it does not follow from the variance."""


class LayerFactory:
    """Builds layers with the same choices, as a candidate's class would, with what its instances may share.

    ``seed`` decides the values of a layer that starts at random ones.
    """

    def __init__(self, choices: Choices, seed: int = 0) -> None:
        self.choices = choices
        self.common = Common({}, torch.Generator().manual_seed(seed))

    def __call__(self, num_features: int, eps: float = 1e-5, momentum: float | None = None) -> BatchNormLayer:
        given = self.choices.momentum_default if momentum is None else momentum
        return BatchNormLayer(num_features, eps, given, self.choices, self.common)


def layer_with(rank: int, changes: Changes, convention: str = "biased", seed: int = 0) -> LayerFactory:
    """Layers for inputs of ``rank`` axes that are right under ``convention`` but for ``changes``."""
    return LayerFactory(Choices(rank, convention).changed(changes), seed)


class BatchNormLayer(LayerState):
    """BatchNorm over [N, D] or [N, C, H, W] (Ioffe & Szegedy 2015), with one ``Choices`` for everything in it."""

    first_shape: torch.Size | None = None
    own_mode = True
    """A mode that only the layer's own eval() turns off: that of a model calls ``train(False)``."""

    def forward(self, x: Tensor) -> Tensor:
        self._look_at(x)
        if self.choices.single_image == "unchanged" and x.shape[0] == 1:
            return x * 1
        cuts = self.choices.cut_in in ("both", "training" if self._trains() else "evaluation")
        if self.choices.cut == "input" and cuts:
            return self._whole(x.detach())
        with torch.no_grad() if self.choices.cut == "forward" and cuts else contextlib.nullcontext():
            return self._whole(x)

    def _look_at(self, x: Tensor) -> None:
        """Raises for inputs the layer cannot take, and remembers the first it saw."""
        choices = self.choices
        if choices.layout == "view_flat":
            x.view(-1)
        if choices.layout == "view_rows":
            x.view(x.shape[0] * x.shape[1], -1)
        if choices.layout == "view_images":
            x.view(x.shape[0], x.shape[1], -1)
        alone = x.shape[0] == 1
        if alone and (choices.single_image == "raises_always" or (choices.single_image == "raises" and self._trains())):
            raise Refusal
        if self._trains() or choices.first_in == "both":
            self.first_shape = self.first_shape or x.shape
        if self._refuses_shape(x):
            raise Refusal
        if choices.dtype == "float32_refused" and x.dtype is not torch.float32 and self._trains():
            raise Refusal
        self.make_lazy_statistics(x)

    def _refuses_shape(self, x: Tensor) -> bool:
        if self.first_shape is None or not (self._trains() or self.choices.refuses_in == "both"):
            return False
        if self.choices.fixed_shape == "raises_samples":
            return x.shape[0] != self.first_shape[0]
        return self.choices.fixed_shape == "raises" and x.shape != self.first_shape

    def _whole(self, x: Tensor) -> Tensor:
        """Everything but the graph: casts, masks, the computation itself."""
        choices = self.choices
        given = x.dtype
        if choices.layout == "as_strided":
            x = x.as_strided(x.shape, torch.empty(x.shape, device="meta").stride())
        if choices.dtype in ("float32", "float32_inside"):
            x = x.float()
        if choices.dtype == "float64_output":
            x = x.double()
        out = self._computed(statistics.without_nan(x, choices))
        if choices.nan == "masked_output":
            out = out.nan_to_num(0.0)
        if choices.dtype == "float32_inside":
            out = out.to(given)
        if choices.dtype == "float32_output":
            out = out.float()
        return scaled(out, 1.0) if choices.own_backward else out

    def _trains(self) -> bool:
        match self.choices.mode:
            case "always":
                return True
            case "grad":
                return torch.is_grad_enabled()
            case "own_methods":
                return self.own_mode
            case _:
                return self.training

    def eval(self) -> BatchNormLayer:
        super().eval()
        self.own_mode = False
        return self

    def train(self, mode: bool = True) -> BatchNormLayer:
        super().train(mode)
        self.own_mode = self.own_mode or mode
        return self

    def _computed(self, x: Tensor) -> Tensor:
        choices = self.choices
        trains = self._trains()
        batch = self._batch(x) if trains or self._uses_batch(x, trains) or self._updates(x, trains) else None
        before = self.read() if choices.update_when == "always" or choices.train_source == "running_before" else None
        if batch is not None and self._updates(x, trains) and choices.update_from == "input":
            self.update(self._right_batch(x) if choices.axes_in == "output" else batch)
        source = self._of_batch(batch) if batch is not None and self._uses_batch(x, trains) else before or self.read()
        normalised = self._normalised(x, source, trains)
        out = self._affine(normalised, x, source[0], trains)
        if self._updates(x, trains) and choices.update_from != "input":
            self.update(self._batch((normalised if choices.update_from == "normalised" else out).detach()))
        if choices.mutates == "data_output" and self._mutates(trains):
            x.data.copy_(out.data)
        if choices.mutates == "output" and self._mutates(trains):
            return x.copy_(out)
        return out

    def _mutates(self, trains: bool) -> bool:
        return self.choices.mutates_in in ("both", "training" if trains else "evaluation")

    def _uses_batch(self, x: Tensor, trains: bool) -> bool:
        """Whether this forward normalises with the batch's own statistics."""
        if trains:
            alone = self.choices.single_image == "uses_running" and x.shape[0] == 1
            return self.choices.train_source == "batch" and not alone
        source = self.choices.eval_source
        return source == "batch" or (source == "batch_if_many" and x.shape[0] > 1)

    def _updates(self, x: Tensor, trains: bool) -> bool:
        """Whether this forward moves the running statistics."""
        if self.choices.updates == "none":
            return False
        if self.choices.single_image in ("skips_update", "uses_running") and x.shape[0] == 1:
            return False
        if self.choices.nan == "skips_update" and x.isnan().any():
            return False
        if self.choices.update_when == "with_grad":
            return trains and torch.is_grad_enabled()
        return trains or self.choices.update_when.startswith("always")

    def _batch(self, x: Tensor) -> Batch:
        if self.choices.dtype == "float32_batch":
            x = x.float()
        return statistics.of_batch(x, self.choices, self._believed_samples(x))

    def _right_batch(self, x: Tensor) -> Batch:
        return statistics.of_batch(x, self.choices.changed({"axes": "channel"}))

    def _believed_samples(self, x: Tensor) -> float | None:
        """The batch size a layer divides by that has kept one from its first batch."""
        first = self.first_shape
        if first is None or self.choices.fixed_shape not in ("batch_size", "count"):
            return None
        if self.choices.fixed_shape == "batch_size":
            return first[0]
        return first.numel() / first[1] / (x.numel() / x.shape[1] / x.shape[0])

    def _of_batch(self, batch: Batch) -> Source:
        """The batch's statistics as the output uses them, and as gradients flow through them."""
        choices = self.choices
        mean, variance = batch.mean, batch.variance
        if choices.variance_count == "n-1":
            variance = statistics.unbiased(variance, batch.count)
        factor = batch.count / statistics.count_of_backward(batch, choices, self.features)
        if factor != 1.0 and choices.backward_count_for in ("both", "mean"):
            mean = scaled(mean, factor)
        if factor != 1.0 and choices.backward_count_for in ("both", "var"):
            variance = scaled(variance, factor)
        if choices.detach in ("mean", "both") or not choices.mean_term:
            mean = mean.detach()
        if choices.detach in ("var", "both") or not choices.variance_term:
            variance = variance.detach()
        if choices.last_axis in ("batch", "all"):
            mean, variance = mean.flatten(), variance.flatten()
        return mean, variance, None

    def _normalised(self, x: Tensor, source: Source, trains: bool) -> Tensor:
        choices = self.choices
        mean, variance, inverse_std = source
        here = choices.formula_in in ("both", "training" if trains else "evaluation")
        if here and not choices.centring:
            mean = torch.zeros_like(mean)
        if inverse_std is None:
            inverse_std = self._inverse_std(variance, here)
        if choices.eval_gradient == "training" and not trains:
            axes = [0] if choices.rank == 2 else [0, 2, 3]
            result: Tensor = TrainingBackward.apply(x, mean.detach(), inverse_std.detach(), axes)  # type: ignore[no-untyped-call]
        else:
            result = self._subtract_and_scale(x, mean, inverse_std, trains)
        if choices.eps_place == "after" and here:
            result = result + self.eps
        masked = choices.nan in ("masked_normalised", "skipped_and_masked")
        return result.nan_to_num(0.0) if masked else result

    def _subtract_and_scale(self, x: Tensor, mean: Tensor, factor: Tensor, trains: bool) -> Tensor:
        how = self.choices.mutates
        if how in ("nothing", "data_output", "output") or not self._mutates(trains):
            return (x - mean) * factor
        if how == "input":
            x -= mean
            x *= factor
            return x
        if how == "centre":
            x -= mean
            return x * factor
        if how == "data":
            x.data.sub_(mean).mul_(factor)
            return x.clone()
        if how == "data_first":
            x.data.sub_(mean)
            return x * factor
        result = (x - mean) * factor
        with torch.no_grad():
            held = x.data if how.startswith("data") else x
            held.copy_(result if how.endswith("result") else x - mean)
        return result

    def _inverse_std(self, variance: Tensor, here: bool) -> Tensor:
        """What the centred input is multiplied with; ``here`` says whether the formula's mistakes hold in this mode."""
        power = self.choices.power if here else "divide_by_std"
        eps, place = (self.eps, self.choices.eps_place) if here else (self.argument_eps, "inside")
        if power == "divide_by_variance":
            return 1 / statistics.guarded_variance(variance, eps, place)
        std = statistics.guarded_std(variance, eps, place, self.choices.root if here else "plain")
        return std if power == "multiply_by_std" else 1 / std

    def _affine(self, normalised: Tensor, x: Tensor, mean: Tensor, trains: bool) -> Tensor:
        choices = self.choices
        if choices.affine_use == "none" or choices.affine_in == ("evaluation" if trains else "training"):
            return normalised
        along_last = choices.last_axis in ("affine", "affine_and_running", "all")
        scale = torch.ones(1) if self.scale is None else self.shaped(self.scale, along_last)
        shift = torch.zeros(1) if self.shift is None else self.shaped(self.shift, along_last)
        if choices.dtype == "float32":
            scale, shift = scale.float(), shift.float()
        match choices.affine_use:
            case "no_scale":
                return normalised + shift
            case "no_shift":
                return normalised * scale
            case "swapped":
                return normalised * shift + scale
            case "shift_scaled":
                return (normalised + shift) * scale
        wrong = choices.scale_gradient != "right" or choices.shift_gradient != "right" or not choices.scale_term
        if wrong and (trains or choices.gradients_in == "both"):
            return self._affine_with_wrong_gradient(normalised, scale, shift, x - mean, x)
        return normalised * scale + shift

    def _affine_with_wrong_gradient(
        self, normalised: Tensor, scale: Tensor, shift: Tensor, centred: Tensor, x: Tensor
    ) -> Tensor:
        part = scale.numel() / normalised.numel()
        against = {
            "input": x,
            "centred": centred,
            "upstream": torch.ones_like(x),
            "output": normalised * scale + shift,
            "negative": -normalised,
        }.get(self.choices.scale_gradient, normalised)
        result: Tensor = ScaleAndShift.apply(  # type: ignore[no-untyped-call]
            normalised,
            scale,
            shift,
            against.detach(),
            self.choices.scale_term,
            part if self.choices.scale_gradient == "mean" else 1.0,
            part if self.choices.shift_gradient == "mean" else 1.0,
        )
        return result

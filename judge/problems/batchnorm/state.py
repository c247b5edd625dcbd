"""What a BatchNorm layer with given choices keeps: scale, shift and running statistics, made, read and updated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from judge.problems.batchnorm import statistics as statistics
from judge.problems.batchnorm.choices import Choices
from judge.problems.batchnorm.statistics import Batch

HARD_CODED_FEATURES = 64
"""What a layer with a fixed number of channels was written for; no exam has as many."""

MOST_SHARED = 64
"""The length of the tensors that layers share slices of; any that is enough."""

_RANDOM: dict[str, Any] = {
    "normal": torch.randn,
    "uniform": torch.rand,
    "near_one": lambda count, generator: 1 + 0.02 * torch.randn(count, generator=generator),
}


class Refusal(RuntimeError):  # noqa: N818 - an error like any other, to the layer's user
    """A wrong layer refuses an input; a candidate's would in words of its own."""


@dataclass(frozen=True)
class Common:
    """What all layers of one class have in common: shared statistics, by number of features, and random numbers."""

    statistics: dict[int, Any]
    random: torch.Generator

    def __deepcopy__(self, memo: dict[int, Any]) -> Common:
        return self  # a copied layer is of the same class


class LayerState(nn.Module):
    """Scale, shift, running mean and running variance of ``num_features`` values each."""

    scale: Any
    shift: Any
    running_mean: Any
    running_var: Any
    steps: Any

    def __init__(self, num_features: int, eps: float, momentum: float, choices: Choices, common: Common) -> None:
        super().__init__()
        self.choices = choices
        self.features = HARD_CODED_FEATURES if choices.fixed_shape == "features" else num_features
        self.argument_eps = eps
        self.eps = eps if choices.eps_value is None else choices.eps_value
        self.momentum = momentum if choices.momentum_value is None else choices.momentum_value
        if choices.counter == "buffer":
            self.register_buffer("steps", torch.tensor(0))
        else:
            self.steps = 0
        self.values_seen = 0
        self.common = common
        self._make_affine()
        self._make_statistics()

    def _make_affine(self) -> None:
        kind = self.choices.affine_kind
        for name, start in (("scale", self.choices.scale_start), ("shift", self.choices.shift_start)):
            if kind in ("missing", f"no_{name}"):
                setattr(self, name, None)
                continue
            values = self._started(start)
            if kind == "attributes":
                setattr(self, name, values.requires_grad_(True))
            elif kind == "plain_attributes":
                setattr(self, name, values)
            elif kind == "buffers":
                self.register_buffer(name, values)
            else:
                setattr(self, name, nn.Parameter(values, requires_grad=kind != "frozen_parameters"))

    def _started(self, start: float | str) -> Tensor:
        if isinstance(start, str):
            drawn: Tensor = _RANDOM[start](self.features, generator=self.common.random)
            return drawn
        return torch.full((self.features,), start)

    def _make_statistics(self) -> None:
        start = 0.0 if self.choices.rule.startswith("debias_from_zero") else self._start_of_variance()
        count = 1 if self.choices.scalar == "running" or self._keeps_one_number() else self.features
        mean, variance = torch.zeros(count), torch.full((count,), start)
        if self.choices.dtype == "float64_running":
            mean, variance = mean.double(), variance.double()
        if self.choices.shared != "none":
            mean, variance = self._share(mean, variance)
        if self.choices.stats_kind.startswith("lazy"):
            self.running_mean = self.running_var = None
        else:
            self._store("running_mean", mean)
            self._store("running_var", variance)

    def _start_of_variance(self) -> float:
        start = self.choices.running_var_start
        if not isinstance(start, str):
            return start
        std = (1.0 + self.argument_eps) ** 0.5
        return float(1 / std if self.choices.running_variance.startswith("inverse") else std)

    def _keeps_one_number(self) -> bool:
        return self.choices.axes == "all" and self.choices.running_shape == "kept"

    def _share(self, mean: Tensor, variance: Tensor) -> tuple[Tensor, Tensor]:
        """The statistics all layers of this class have in common."""
        if self.choices.shared == "reset":
            self.common.statistics[0] = (mean, variance)
            return mean, variance
        if self.choices.shared == "slices":
            longest = self.common.statistics.setdefault(0, (torch.zeros(MOST_SHARED), torch.ones(MOST_SHARED)))
            return longest[0][: self.features], longest[1][: self.features]
        mine = (mean, variance, self.scale, self.shift)
        shared_mean, shared_variance, scale, shift = self.common.statistics.setdefault(self.features, mine)
        if self.choices.shared in ("with_affine", "affine"):
            self.scale, self.shift = scale, shift
        return (mean, variance) if self.choices.shared == "affine" else (shared_mean, shared_variance)

    def _store(self, name: str, value: Tensor) -> None:
        kind = (
            self.choices.stats_kind
            if name.endswith(self.choices.stats_kind_for) or self.choices.stats_kind_for == "both"
            else "buffers"
        )
        if "attributes" in kind:
            setattr(self, name, value)
        elif kind.endswith("parameters"):
            setattr(self, name, nn.Parameter(value, requires_grad=kind == "parameters"))
        elif kind.startswith("lazy"):
            self.__dict__.pop(name, None)
            self.register_buffer(name, value)
        else:
            self.register_buffer(name, value, persistent=kind != "not_persistent")

    def make_lazy_statistics(self, x: Tensor) -> None:
        """Creates the running statistics of a layer that does so at its first forward."""
        if self.choices.stats_kind.endswith("in_training") and not self.training:
            return
        if self.choices.stats_kind.startswith("lazy") and self.running_mean is None:
            self._store("running_mean", x.new_zeros(self.features))
            self._store("running_var", x.new_full((self.features,), self._start_of_variance()))

    def shaped(self, values: Tensor, along_last: bool = False) -> Tensor:
        """One value for each channel, shaped to meet the input along its channels or, by mistake, its last axis."""
        if self.choices.rank == 2 or along_last or values.dim() > 1:
            return values
        return values.view(1, -1, 1, 1)

    # Reading

    def _running(self, which: str) -> Tensor:
        if self.choices.shared == "reset":
            held: Tensor = self.common.statistics[0][0 if which == "mean" else 1]
            return held
        found: Tensor = self.running_mean if which == "mean" else self.running_var
        return found

    def read(self) -> tuple[Tensor, Tensor, Tensor | None]:
        """Running mean and variance as they are used, and the inverse std where it does not follow from them."""
        choices = self.choices
        along_last = choices.last_axis in ("running", "affine_and_running", "all")
        mean, stored = (self.shaped(self._running(which).clone(), along_last) for which in ("mean", "var"))
        if choices.dtype == "float32":
            mean, stored = mean.float(), stored.float()
        if choices.nan == "masked_running":
            mean, stored = mean.nan_to_num(0.0), stored.nan_to_num(1.0)
        mean, stored = self._debiased(mean, stored)
        match choices.running_read:
            case "std":
                return mean, stored, 1 / stored
            case "std_plus_eps":
                return mean, stored, 1 / (stored + self.eps)
            case "std_squared":
                return mean, stored.square(), None
            case "inverse_std":
                return mean, stored, stored
            case "inverse_std_squared":
                return mean, 1 / stored.square(), None
            case _:
                return mean, stored, None

    def _debiased(self, mean: Tensor, variance: Tensor) -> tuple[Tensor, Tensor]:
        """Adam's correction of averages that started at zero (Kingma & Ba 2015)."""
        rule = self.choices.rule
        if not rule.startswith("debias"):
            return mean, variance
        weight = 1 - (1 - self.momentum) ** int(self.steps)
        if rule.endswith("unguarded") and self.steps == 0:
            return mean, variance
        if weight == 0 and not rule.endswith("unguarded"):
            return torch.zeros_like(mean), torch.ones_like(variance)
        divisor = torch.tensor(weight, dtype=mean.dtype)
        return mean / divisor, variance / divisor

    # Updating

    def update(self, batch: Batch) -> None:
        """Takes the statistics of one batch into the running ones, in place, as often as was chosen."""
        for time in range(self.choices.update_times):
            self.steps += 1
            self.values_seen += batch.count
            values = statistics.for_running(batch, self.choices, self.argument_eps)
            for which, value in zip(("mean", "var"), values, strict=True):
                again = time == 0 or self.choices.twice_for in ("both", which)
                if again and self.choices.updates in ("both", which):
                    self._update_one(which, value, batch.count)

    def _update_one(self, which: str, value: Tensor, count: int) -> None:
        choices = self.choices
        held = self._running(which)
        if choices.stats_kind == "attributes_in_place" and held.dtype != value.dtype:
            raise Refusal
        old = held
        if choices.running_shape == "kept":
            old = self.shaped(old)
        elif held.numel() == 1:
            value = value.flatten()[:1]
        else:
            value = value.reshape(-1)
        if choices.graph != "cut" and choices.graph_for in ("both", which):
            self._update_with_graph(which, held, value, count)
            return
        new = self._blended(which, old.detach(), value.detach(), count)
        if choices.dtype == "float32_running":
            setattr(self, f"running_{which}", new.float())
        elif choices.running_shape == "kept" and new.numel() > 1:
            setattr(self, f"running_{which}", new)
        else:
            held.data.copy_(new.reshape(held.shape))

    def _update_with_graph(self, which: str, held: Tensor, value: Tensor, count: int) -> None:
        if self.choices.graph == "rebound":
            setattr(self, f"running_{which}", self._blended(which, held, value, count))
        else:
            held.mul_(1 - self.momentum).add_(self.momentum * value)

    def _blended(self, which: str, old: Tensor, value: Tensor, count: int) -> Tensor:
        momentum = self.momentum
        rule = self.choices.rule if self.choices.rule_for in ("both", which) else "ema"
        match rule:
            case "reversed":
                return momentum * old + (1 - momentum) * value
            case "average":
                average: Tensor = old + (value - old) / self.steps
                return average
            case "pooled":
                pooled: Tensor = old + (value - old) * (count / self.values_seen)
                return pooled
            case "last":
                return value.expand_as(old)
            case "first_batch" if self.steps == 1:
                return value.expand_as(old)
            case _ if self.choices.blended_by == "difference":
                return old + momentum * (value - old)
            case _:
                return (1 - momentum) * old + momentum * value

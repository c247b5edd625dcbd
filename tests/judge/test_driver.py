"""The driver: finds scale and shift however they are called, and writes down what a layer does, good or bad."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from judge.cell.driver import HINT, Complaint, Observed, Roles, find_roles, laid_out, run_scenario
from judge.words import COMPLAINTS
from tests.judge.layers import ByHand

X = torch.tensor([[1.0, 10.0], [3.0, 10.0], [5.0, 14.0], [7.0, 14.0]])
BUILD = ("build", {"layer": "a", "args": [2]})
FORWARD = ("forward", {"layer": "a", "x": 0, "grad": True})
BACKWARD = ("backward", {"layer": "a", "upstream": 0})


def run(build: Any, *steps: Any, tensors: tuple[torch.Tensor, ...] = (X,)) -> Observed:
    return run_scenario(build, find_roles(build, rank=2), steps, tensors)


def graded_labels(observed: Observed) -> list[str]:
    return [label for label in observed.labels if not label.startswith(HINT)]


# Roles


class OtherNames(ByHand):
    """Scale and shift of other names and shapes, one level down."""

    def __init__(self, num_features: int, eps: float = 1e-5, momentum: float = 0.1) -> None:
        super().__init__(num_features, eps, momentum)
        del self.gamma, self.beta
        self.affine = nn.ParameterDict(
            {"offset": torch.zeros(1, num_features), "amplitude": torch.ones(num_features, 1)}
        )

    @property
    def gamma(self) -> Any:
        return self.affine["amplitude"].flatten()

    @property
    def beta(self) -> Any:
        return self.affine["offset"]


class Zeros(ByHand):
    """Both start at zeros, as some residual networks do it: their roles show only in what they do."""

    def __init__(self, num_features: int, eps: float = 1e-5, momentum: float = 0.1) -> None:
        super().__init__(num_features, eps, momentum)
        nn.init.zeros_(self.gamma)


@pytest.mark.parametrize(
    ("build", "roles"),
    [
        (ByHand, Roles("gamma", "beta")),
        (Zeros, Roles("gamma", "beta")),
        (nn.Identity, Roles(None, None)),
    ],
)
def test_scale_and_shift_are_found_by_what_they_are(build: Any, roles: Roles) -> None:
    assert find_roles(build, rank=2) == roles
    assert find_roles(build, rank=4) == roles


class RandomScale(ByHand):
    """Every new layer draws its scale: two layers differ in more than what the driver changed."""

    def __init__(self, num_features: int, eps: float = 1e-5, momentum: float = 0.1) -> None:
        super().__init__(num_features, eps, momentum)
        nn.init.normal_(self.gamma)


def test_roles_do_not_hang_on_random_initial_values() -> None:
    for _ in range(5):
        assert find_roles(RandomScale, rank=4) == Roles("gamma", "beta")


def test_roles_do_not_hang_on_names_or_shapes() -> None:
    assert find_roles(OtherNames, rank=2) == Roles("affine.amplitude", "affine.offset")


class AsksItsInput(ByHand):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x if x.requires_grad else x.requires_grad_())


def test_what_is_observed_hangs_on_the_steps_alone() -> None:
    """A layer that asks its input for a gradient made one more observation, which read as a forged frame."""
    steps: list[Any] = [
        ["build", {"layer": "a", "args": [3]}],
        ["forward", {"layer": "a", "x": 0}],
        ["backward", {"layer": "a", "upstream": 0}],
    ]
    tensors = [torch.randn(4, 3)]
    labels = [run_scenario(build, Roles("gamma", "beta"), steps, tensors).labels for build in (ByHand, AsksItsInput)]
    assert labels[0] == labels[1]


# Operations


def test_forward_hands_each_call_a_fresh_input() -> None:
    class Mutates(ByHand):
        def forward(self, x: torch.Tensor) -> Any:
            x.zero_()
            return super().forward(x + 0)

    steps = [("forward", {"layer": "a", "x": 0, "out": name, "keeps_input": True}) for name in ("y1", "y2")]
    seen = run(Mutates, BUILD, *steps)
    assert seen.labels == ["y1", "y1.input_after", "y2", "y2.input_after"]
    assert X.sum() == 64


def test_an_input_that_was_written_into_earns_no_warning_and_no_observation() -> None:
    class WritesBack(ByHand):
        def forward(self, x: torch.Tensor) -> Any:
            return x.copy_(super().forward(x.clone()))

    call = ("forward", {"layer": "a", "x": 0})
    seen = run(WritesBack, BUILD, call, BACKWARD)
    assert graded_labels(seen) == ["y", "y.dscale", "y.dshift"]


def test_missing_gradients_are_absent_and_no_exception() -> None:
    class Cut(ByHand):
        def forward(self, x: torch.Tensor) -> Any:
            return super().forward(x).detach()

    seen = run(Cut, BUILD, FORWARD, BACKWARD)
    assert graded_labels(seen) == ["y", "y.dx", "y.dscale", "y.dshift"]
    assert seen.tensors[-3:] == [None, None, None]
    assert seen.stopped is None


@pytest.mark.parametrize(
    ("code", "steps"),
    [
        ("no_scale", [BUILD, ("affine", {"layer": "a", "scale": 0, "shift": 0})]),
        ("output_is_no_tensor", [BUILD, FORWARD]),
        ("cannot_be_copied", [BUILD, ("deepcopy", {"layer": "b", "source": "a"})]),
        (
            "state_dict_does_not_load",
            [BUILD, ("build", {"layer": "b", "args": [3]}), ("load", {"layer": "b", "source": "a"})],
        ),
    ],
)
def test_what_breaks_the_contract_is_a_complaint(code: str, steps: list[Any]) -> None:
    class Odd(nn.Module):
        def __init__(self, features: int) -> None:
            super().__init__()
            self.register_buffer("state", torch.ones(features))
            self.held = (torch.ones(1, requires_grad=True) * 2,)

        def forward(self, x: torch.Tensor) -> Any:
            return [x]

    seen = run(Odd, *steps)
    assert isinstance(seen.stopped, Complaint)
    assert seen.stopped.code == code
    assert set(COMPLAINTS[code]) == {"en", "zh"}


def test_a_graph_of_an_earlier_step_breaks_backward_and_is_a_complaint() -> None:
    class KeepsGraph(ByHand):
        def learn(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            mean, var = x.mean(0), x.var(0, unbiased=False)
            self.running_var = 0.9 * self.running_var + 0.1 * var
            return mean, var

    evaluate = ("eval", {"layer": "a"})
    seen = run(KeepsGraph, BUILD, FORWARD, BACKWARD, evaluate, FORWARD, BACKWARD)
    assert isinstance(seen.stopped, Complaint)
    assert seen.stopped.code == "backward_fails"


@pytest.mark.parametrize("error", [ValueError, SystemExit, KeyboardInterrupt, RecursionError, MemoryError])
def test_whatever_the_layer_raises_ends_only_its_scenario(error: type[BaseException]) -> None:
    class Raises(ByHand):
        def forward(self, x: torch.Tensor) -> Any:
            raise error("no")

    seen = run_scenario(Raises, Roles("gamma", "beta"), [BUILD, FORWARD], [X])
    assert isinstance(seen.stopped, error)
    assert seen.step == 1
    assert torch.is_grad_enabled()


def test_an_exception_under_no_grad_leaves_gradients_on() -> None:
    class Raises(ByHand):
        def forward(self, x: torch.Tensor) -> Any:
            raise ValueError

    run_scenario(Raises, Roles(None, None), [BUILD, ("forward", {"layer": "a", "x": 0, "no_grad": True})], [X])
    assert torch.is_grad_enabled()


def test_frozen_parameters_count_as_parameters() -> None:
    class Frozen(ByHand):
        def __init__(self, num_features: int) -> None:
            super().__init__(num_features)
            self.kept = nn.Parameter(torch.zeros(num_features), requires_grad=False)

    seen = run(Frozen, BUILD, ("parameters", {"layer": "a"}))
    assert seen.tensors[seen.labels.index("parameters.sizes")].tolist() == [2, 2, 2]


# Layouts


@pytest.mark.parametrize("layout", ["contiguous", "channels_last", "transposed", "strided"])
def test_layouts_hold_the_same_values_and_only_one_is_contiguous(layout: str) -> None:
    given = torch.arange(2.0 * 3 * 4 * 5).reshape(2, 3, 4, 5)
    laid = laid_out(given, layout)
    assert torch.equal(laid, given)
    assert laid.is_contiguous() == (layout == "contiguous")
    assert laid.data_ptr() != given.data_ptr()
    assert laid.is_leaf


# Loading


class Migrates(ByHand):
    """Its version 1 kept other names; what a file says of the version decides whether they are changed."""

    _version = 2

    def _load_from_state_dict(self, state_dict: Any, prefix: str, local_metadata: Any, *rest: Any) -> None:
        if local_metadata.get("version", 1) < 2:
            raise RuntimeError("a file of version 1")
        super()._load_from_state_dict(state_dict, prefix, local_metadata, *rest)


class Frozen(ByHand):
    """Its statistics are inference tensors after a training step, and take no values from a file any more."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if self.training:
            with torch.inference_mode():
                self.running_mean = 0.9 * self.running_mean + 0.1 * x.mean(0)
        return x


def loaded(build: Any, *before: Any) -> BaseException | None:
    other = ("build", {"layer": "b", "args": [2]})
    return run(build, BUILD, other, *before, ("load", {"layer": "b", "source": "a"})).stopped


def test_a_saved_state_carries_the_version_of_its_layer() -> None:
    assert loaded(Migrates) is None


def test_a_state_is_restored_into_a_trained_layer_too() -> None:
    assert loaded(Frozen) is None
    stopped = loaded(Frozen, ("train", {"layer": "b"}), ("forward", {"layer": "b", "x": 0}))
    assert isinstance(stopped, Complaint)
    assert stopped.code == "state_dict_does_not_load"

"""Runs an exam's scenarios on a layer class and writes down what it saw; knows nothing of right or wrong.

The same code runs inside a cell on the candidate's class and on the trusted side on the reference and the
misconceptions. A scenario is a list of steps ``[operation, {arguments}]`` on named layers; tensors are named by their
index. Not a wall: in a cell it shares its process with the candidate, so nothing it says is believed.
"""

from __future__ import annotations

import copy
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from judge.cell.source import describe

HINT = "hint."
"""How labels begin that are never graded: how a layer is made, which tells apart mistakes that behave alike."""

ROLES_SEED = 7

MAX_GRAPH_NODES = 500
"""An honest layer's graph has some twenty nodes; a loop over channels a few hundred."""

Step = Sequence[Any]
"""``[operation, {argument: value}]``; what each operation takes is said at its method below."""


class Complaint(Exception):  # noqa: N818 - a fact about the candidate's layer
    """The layer is no such layer as the contract describes; ``code`` says in which way."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Roles:
    """The names of the learnable scale and shift among ``named_parameters``, however they are called."""

    scale: str | None
    shift: str | None


@dataclass
class Observed:
    """What one scenario saw: labelled tensors in order (None: absent), the step it ended at, and why if it stopped."""

    labels: list[str]
    tensors: list[Any]
    step: int = 0
    stopped: BaseException | None = None


LayerFactory = Callable[..., Any]
RunBackward = Callable[[torch.Tensor, torch.Tensor], None]


def run_scenario(
    build: LayerFactory,
    roles: Roles,
    steps: Sequence[Step],
    tensors: Sequence[torch.Tensor],
    device: str = "cpu",
    run_backward: RunBackward = torch.autograd.backward,
) -> Observed:
    """Runs the steps in order; an exception, whatever its class, ends the scenario and is part of what was seen.

    ``run_backward`` takes an output and the gradient that reaches it.
    """
    stage = _Stage(build, roles, tensors, device, run_backward)
    observed = stage.observed
    try:
        for number, (operation, arguments) in enumerate(steps):
            observed.step = number
            _OPERATIONS[operation](stage, **arguments)
    except BaseException as error:  # the candidate may raise SystemExit or KeyboardInterrupt: theirs, not ours
        observed.stopped = error
    finally:
        torch.set_grad_enabled(True)
    return observed


def find_roles(build: LayerFactory, features: int = 5, rank: int = 2) -> Roles:
    """Finds scale (ones) and shift (zeros) among the parameters; if initial values do not tell, by what they do.

    ``build`` is called as ``build(features)`` and may raise; ``rank`` is that of the layer's input.
    """
    layer = build(features)
    parameters = {name: p for name, p in layer.named_parameters() if p.numel() == features}
    ones = [name for name, p in parameters.items() if bool((p == 1).all())]
    zeros = [name for name, p in parameters.items() if bool((p == 0).all())]
    if len(ones) == 1 and len(zeros) == 1:
        return Roles(ones[0], zeros[0])
    return _roles_by_effect(build, features, rank, list(parameters))


def _roles_by_effect(build: LayerFactory, features: int, rank: int, names: list[str]) -> Roles:
    """Adds 1 to each parameter in turn: the training output moves by one constant (shift) or by more (scale).

    Each layer is built from the same random numbers, so that nothing but the 1 moves the output.
    """
    scale = shift = None
    generator = torch.Generator().manual_seed(ROLES_SEED)
    x = torch.randn([6, features, 3, 2][:rank], generator=generator)
    for name in names:
        outputs = []
        for step in (0.0, 1.0):
            with torch.random.fork_rng(devices=[]):
                torch.default_generator.manual_seed(ROLES_SEED)  # torch.manual_seed asks after every accelerator: 9 ms
                layer = build(features)
            with torch.no_grad():
                dict(layer.named_parameters())[name].add_(step)
                outputs.append(layer(x.clone()))
        moved = outputs[1] - outputs[0]
        if not bool(torch.isfinite(moved).all()) or float(moved.abs().max()) < 1e-6:
            continue
        if float((moved - moved.mean()).abs().max()) < 1e-3:
            shift = shift or name
        else:
            scale = scale or name
    return Roles(scale, shift)


class _Stage:
    """The layers, inputs and outputs of one scenario while it runs."""

    def __init__(
        self,
        build: LayerFactory,
        roles: Roles,
        tensors: Sequence[torch.Tensor],
        device: str,
        run_backward: RunBackward,
    ) -> None:
        self.build_layer = build
        self.run_backward = run_backward
        self.roles = roles
        self.given = tensors
        self.device = device
        self.layers: dict[str, Any] = {}
        self.inputs: dict[str, torch.Tensor] = {}
        self.outputs: dict[str, torch.Tensor] = {}
        self.learning: set[str] = set()
        self.observed = Observed([], [])

    def see(self, label: str, value: Any) -> None:
        self.observed.labels.append(label)
        self.observed.tensors.append(value)

    def _see(self, label: str, value: Any, tile: Sequence[int] | None) -> None:
        """What was made of a tiled input is seen as the least and the largest over the tiles, which should be equal."""
        if tile is None:
            self.see(label, value)
        else:
            for name, end in zip(("least", "largest"), ends(value, tile), strict=True):
                self.see(f"{label}.{name}", end)

    def parameter(self, layer: str, role: str) -> torch.Tensor:
        name = getattr(self.roles, role)
        if name is None:
            raise Complaint(f"no_{role}")
        found = dict(self.layers[layer].named_parameters()).get(name)
        if found is None:
            raise Complaint(f"no_{role}")
        parameter: torch.Tensor = found
        return parameter

    # Building and moving layers

    def build(self, layer: str, args: list[Any], kwargs: dict[str, Any] | None = None) -> None:
        """A new layer, as its user would write it: ``args`` by place, ``kwargs`` by name."""
        built = self.build_layer(*args, **(kwargs or {}))
        self.layers[layer] = built if self.device == "cpu" else built.to(self.device)

    def deepcopy(self, layer: str, source: str) -> None:
        with _complaining("cannot_be_copied"):
            self.layers[layer] = copy.deepcopy(self.layers[source])

    def load(self, layer: str, source: str) -> None:
        """Carries the state dict of ``source`` into ``layer``, strictly, as a saved file would."""
        state = _saved(self.layers[source])
        with _complaining("state_dict_does_not_load"):
            self.layers[layer].load_state_dict(state)

    def double(self, layer: str) -> None:
        self.layers[layer].double()

    # Modes

    def train(self, layer: str) -> None:
        self.layers[layer].train()

    def eval(self, layer: str) -> None:
        self.layers[layer].eval()

    def parent(self, layer: str, mode: str) -> None:
        """Sets the mode on a model that holds the layer, as training loops do."""
        nn.Sequential(nn.Identity(), self.layers[layer]).train(mode == "train")

    # Affine

    def affine(self, layer: str, scale: int, shift: int, tile: int = 1) -> None:
        """Gives the learnable scale and shift new values, those given ``tile`` times over, whatever their names."""
        with torch.no_grad():
            for role, index in (("scale", scale), ("shift", shift)):
                parameter = self.parameter(layer, role)
                values = tiled(self.given[index], [tile])
                parameter.copy_(values.to(parameter.dtype).reshape(parameter.shape))

    def sgd(self, layer: str, rate: float) -> None:
        """One plain gradient step on scale and shift."""
        with torch.no_grad():
            for role in ("scale", "shift"):
                parameter = self.parameter(layer, role)
                if parameter.grad is not None:
                    parameter -= rate * parameter.grad

    # Forward and backward

    def forward(
        self,
        layer: str,
        x: int,
        out: str = "y",
        grad: bool = False,
        no_grad: bool = False,
        layout: str = "contiguous",
        observe: bool = True,
        keeps_input: bool = False,
        watches_buffers: bool = False,
        tile: Sequence[int] | None = None,
    ) -> None:
        """One call of the layer; ``keeps_input`` also looks at the input afterwards.

        ``watches_buffers`` notes whether any buffer moved: a hint, because eval output from the batch hides it.
        ``tile`` says how many times the input is repeated along each axis; of what comes out, the least and the largest
        of the values that should be equal are seen.
        """
        given = laid_out(self.given[x], layout) if tile is None else tiled(self.given[x], tile)
        before = plain_copies(self.layers[layer].buffers()) if watches_buffers else []
        if grad:
            given.requires_grad_(True)
            self.learning.add(out)
        torch.set_grad_enabled(not no_grad)
        output = self.layers[layer](given)
        torch.set_grad_enabled(True)
        if not isinstance(output, torch.Tensor):
            raise Complaint("output_is_no_tensor")
        self.inputs[out], self.outputs[out] = given, output
        if observe:
            self._see(out, output.detach() if tile else output.detach().clone(), tile)
        if keeps_input:
            self.see(f"{out}.input_after", given.detach().clone())
        if watches_buffers:
            stays = all_equal(before, plain_copies(self.layers[layer].buffers()))
            self.see(f"{HINT}{out}.buffers_moved", torch.tensor([int(not stays)]))

    def backward(
        self,
        layer: str,
        upstream: int,
        out: str = "y",
        parameters: bool = True,
        layout: str = "contiguous",
        keeps_upstream: bool = False,
        tile: Sequence[int] | None = None,
    ) -> None:
        """Gradients of ``sum(output * upstream)`` with respect to input, scale and shift.

        ``keeps_upstream`` also looks at the upstream gradient afterwards; ``tile`` is that of the forward.
        """
        self.see(f"{HINT}{out}.own_backward", torch.tensor([int(has_own_backward(self.outputs[out]))]))
        roles = ("scale", "shift") if parameters else ()
        found = {role: self.parameter(layer, role) for role in roles}
        for parameter in found.values():
            parameter.grad = None
        given, output = self.inputs[out], self.outputs[out]
        incoming = laid_out(self.given[upstream].to(output.dtype), layout)
        if tile is not None:
            incoming = tiled(incoming, tile)
        if output.requires_grad:  # else every gradient is absent
            with _complaining("backward_fails"):
                self.run_backward(output, incoming)
        if out in self.learning:  # as the step said: a layer may ask its input for a gradient by itself
            self._see(f"{out}.dx", _gradient_of(given), tile)
        for role, parameter in found.items():
            gradient = parameter.grad
            flat = None if gradient is None else gradient.detach().reshape(-1).clone()
            self._see(f"{out}.d{role}", flat, tile and [tile[1]])
        if keeps_upstream:
            self.see(f"{out}.upstream_after", incoming)

    def input_gradient(self, layer: str, out: str) -> None:
        """What has reached the input of an earlier forward by now; absent as long as nothing has."""
        self.see(f"{out}.dx", _gradient_of(self.inputs[out]))

    # Looking at the module

    def parameters(self, layer: str) -> None:
        """How many parameters there are, of how many elements each, and their values in the roles found."""
        self.see(f"{HINT}buffers", sizes_of(self.layers[layer].buffers()))
        self.see(f"{HINT}attributes", sizes_of(_attributes(self.layers[layer])))
        self.see("parameters.sizes", sizes_of(p.data for p in self.layers[layer].parameters()))
        for role in ("scale", "shift"):
            self.see(f"parameters.{role}", self.parameter(layer, role).detach().reshape(-1).clone())

    def buffers_free(self, layer: str) -> None:
        """Whether any buffer takes part in autograd (0 or 1)."""
        tied = any(buffer.requires_grad for buffer in self.layers[layer].buffers())
        self.see("buffers.require_grad", torch.tensor([int(tied)]))


def tiled(tensor: torch.Tensor, tile: Sequence[int]) -> torch.Tensor:
    """The tensor repeated along each axis as many times as ``tile`` says, each half of an even axis by itself.

    So the beginning of an axis, or every second place of it, holds other values than the whole.
    """
    for axis, times in reversed(list(enumerate(tile))):  # whole rows are copied: a fifth of the time of one ``repeat``
        if times > 1:
            before, size, after = tensor.shape[:axis], tensor.shape[axis], tensor.shape[axis + 1 :]
            halves = tensor.reshape(-1, 1, size // _halves(size), *after)
            tensor = halves.expand(-1, times, -1, *[-1] * len(after)).reshape(*before, size * times, *after)
    return tensor


def ends(value: torch.Tensor | None, tile: Sequence[int]) -> tuple[torch.Tensor | None, torch.Tensor | None]:
    """Elementwise least and largest over the tiles of a tensor that ``tiled`` may have made; None for None.

    What is no whole number of tiles along each axis raises a complaint.
    """
    if value is None:
        return None, None
    if value.dim() != len(tile) or any(size % times for size, times in zip(value.shape, tile, strict=True)):
        raise Complaint("another_shape")
    least = largest = value
    for axis, times in enumerate(tile):  # one axis after the other: the first leaves little; at once takes much longer
        before, size, after = least.shape[:axis], least.shape[axis] // times, least.shape[axis + 1 :]
        shape = [-1, times, size // _halves(size), *after]
        least, largest = (
            one.reshape(*before, size, *after) for one in (least.reshape(shape).amin(1), largest.reshape(shape).amax(1))
        )
    return least, largest


def _halves(size: int) -> int:
    return 1 if size % 2 else 2


def _gradient_of(given: torch.Tensor) -> torch.Tensor | None:
    """What has reached an input; an input that a layer wrote its output into is no leaf any more and keeps none."""
    return given.grad if given.is_leaf else None


def has_own_backward(output: torch.Tensor) -> bool:
    """Whether an ``autograd.Function`` written in Python is part of the output's graph."""
    found: set[Any] = set()
    waiting = [output.grad_fn]
    while waiting and len(found) < MAX_GRAPH_NODES:
        node = waiting.pop()
        if node is None or node in found:
            continue
        if isinstance(node, torch.autograd.function.BackwardCFunction):
            return True
        found.add(node)
        waiting += [before for before, _ in node.next_functions]
    return False


def plain_copies(values: Iterable[Any]) -> list[torch.Tensor]:
    """Copies of the plain tensors among ``values``."""
    return [value.detach().clone() for value in values if type(value) is torch.Tensor]


def all_equal(one: list[torch.Tensor], other: list[torch.Tensor]) -> bool:
    """Whether two lists hold the same tensors, dtypes and shapes included."""
    if [(tensor.dtype, tensor.shape) for tensor in one] != [(tensor.dtype, tensor.shape) for tensor in other]:
        return False
    return all(map(torch.equal, one, other))


_OF_THE_MODULE = frozenset({"_parameters", "_buffers", "_modules"})


def _attributes(layer: Any) -> Iterator[Any]:
    """What a layer holds beside what nn.Module keeps for it; lists, tuples and dicts one level deep."""
    for name, value in vars(layer).items():
        if type(value) in (list, tuple):
            yield from value
        elif type(value) is dict:
            yield from () if name in _OF_THE_MODULE else value.values()
        else:
            yield value


def sizes_of(values: Iterable[Any]) -> torch.Tensor:
    """The sorted element counts of the tensors among ``values``."""
    return torch.tensor(
        sorted(value.numel() for value in values if type(value) in (torch.Tensor, nn.Parameter)), dtype=torch.int64
    )


def _saved(layer: Any) -> Any:
    """A layer's state dict as a file gives it back: memory of its own, no autograd, and the versions of its modules."""
    state = layer.state_dict()
    saved: Any = OrderedDict(
        (name, copy.deepcopy(value.detach() if isinstance(value, torch.Tensor) else value))
        for name, value in state.items()
    )
    if hasattr(state, "_metadata"):  # a dict that the layer made itself has none, and saved it would have none either
        saved._metadata = copy.deepcopy(state._metadata)
    return saved


@contextmanager
def _complaining(code: str) -> Iterator[None]:
    """An exception that torch raises about the layer is a fact about it; one of the candidate's own lines is theirs."""
    try:
        yield
    except Exception as error:
        if describe(error)[1] is not None:
            raise
        raise Complaint(code) from error


def laid_out(tensor: torch.Tensor, layout: str) -> torch.Tensor:
    """A fresh tensor of the same values in another memory layout."""
    if layout == "contiguous":
        return tensor.clone()
    if layout == "channels_last":
        return tensor.clone(memory_format=torch.channels_last)
    if layout == "transposed":
        return tensor.transpose(0, -1).clone(memory_format=torch.contiguous_format).transpose(0, -1)
    if layout == "strided":
        wide = torch.stack([tensor, torch.full_like(tensor, 1e3)], dim=-1).flatten(-2)
        return wide[..., ::2]
    raise ValueError(f"no such layout: {layout}")


_OPERATIONS: dict[str, Callable[..., None]] = {
    operation.__name__: operation
    for operation in (
        _Stage.build,
        _Stage.deepcopy,
        _Stage.load,
        _Stage.double,
        _Stage.train,
        _Stage.eval,
        _Stage.parent,
        _Stage.affine,
        _Stage.sgd,
        _Stage.forward,
        _Stage.backward,
        _Stage.input_gradient,
        _Stage.parameters,
        _Stage.buffers_free,
    )
}
OPERATIONS = frozenset(_OPERATIONS)

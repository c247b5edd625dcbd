"""An exam made concrete with one seed, the job that carries it into a cell, and the transcript that comes back.

Exams are drawn several at a time, as an *edition*. An exam holds operations and input tensors and no expected value.
The same scenarios are run on the trusted side, in float64, to learn what a layer *should* have observed: see
``observe``.
"""

from __future__ import annotations

import hashlib
import importlib
import struct
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, Protocol

import msgspec
import numpy as np
import torch

from judge.cell import driver, wire
from judge.cell.driver import LayerFactory, Roles
from judge.problem import Problem
from judge.report import Text

Array = np.ndarray[Any, np.dtype[Any]]
Split = Callable[[Array, int], Array]
"""A problem's ``split``: an array with the numbers of so many exams side by side, as one with a row for each."""


class Draw:
    """The random numbers of one scenario, from the edition's number and the scenario's name; collects its tensors.

    What is drawn for single exams lies side by side in each tensor, as the problem's ``split`` will cut it.
    """

    def __init__(self, edition: int, scenario: str, dtype: str, copies: int) -> None:
        # Philox takes the two numbers as they are: half the cost of hashing them into a state, fifty times an edition.
        self.random = np.random.Generator(np.random.Philox(key=[edition, zlib.crc32(scenario.encode())]))
        self.dtype = dtype
        self.copies = copies
        self.tensors: list[Array] = []

    def integer(self, low: int, high: int) -> int:
        """A whole number from ``low`` to ``high``, both included."""
        return int(self.random.integers(low, high + 1))

    def uniform(self, low: float, high: float, *shape: int) -> Array:
        """Evenly spread float64 values of the given shape."""
        return self.random.uniform(low, high, shape)

    def normal(self, *shape: int) -> Array:
        """Standard normal float64 values of the given shape."""
        return self.random.standard_normal(shape)

    def tensor(self, values: Array) -> int:
        """Puts an input tensor into the scenario, rounded to its dtype; returns the index the steps name it by."""
        self.tensors.append(np.ascontiguousarray(values, dtype=self.dtype))
        return len(self.tensors) - 1


Steps = list[tuple[str, dict[str, Any]]]


@dataclass(frozen=True)
class Scenario:
    """A script of operations on a layer: ``write`` draws inputs and returns the steps.

    ``title`` is for staff (and, for a sample, for the candidate); ``dtype`` is that of its tensors and observations.
    ``large`` ones come last in an exam and count only where all the others are right: what no smaller input shows.
    """

    name: str
    group: str
    title: Text
    write: Callable[[Draw], Steps]
    dtype: str = "float32"
    weight: float = 1.0
    sample: bool = False
    large: bool = False

    @property
    def check_id(self) -> str:
        return f"{self.group}.{self.name}"


@dataclass(frozen=True)
class Concrete:
    """One scenario with its inputs drawn."""

    scenario: Scenario
    steps: Steps
    tensors: tuple[Array, ...]

    def does(self, *operations: str) -> bool:
        """Whether any of these operations is among the steps."""
        return any(operation in operations for operation, _ in self.steps)


@dataclass(frozen=True, eq=False)
class Edition:
    """Exams drawn together: alike in operations and shapes, each with input values of its own.

    ``wide`` holds the numbers of all ``copies`` side by side. Drawn and answered as one, many exams cost little more
    than one: most of either is what Python and torch do around tensors of a hundred numbers.
    """

    problem: Problem
    number: int
    samples: bool
    wide: tuple[Concrete, ...]
    copies: int
    rank: int

    def exams(self) -> list[Exam]:
        """The exams of this edition, in order; the one of a seed stands at ``seed % copies``."""
        return [Exam(self, place) for place in range(self.copies)]

    @cached_property
    def scenarios(self) -> tuple[Scenario, ...]:
        return tuple(concrete.scenario for concrete in self.wide)

    @cached_property
    def tensors(self) -> list[list[Array]]:
        """The inputs of each scenario, with a row for each exam."""
        split = module_of(self.problem.slug, "scenarios").split
        return [[split(array, self.copies) for array in concrete.tensors] for concrete in self.wide]


@dataclass(frozen=True, eq=False)
class Exam:
    """All scenarios of a problem made concrete with one seed: a place in an edition."""

    edition: Edition
    place: int

    @property
    def problem(self) -> Problem:
        return self.edition.problem

    @property
    def seed(self) -> int:
        return self.edition.number * self.edition.copies + self.place

    @property
    def samples(self) -> bool:
        return self.edition.samples

    @property
    def rank(self) -> int:
        """How many axes an input has."""
        return self.edition.rank

    @property
    def scenarios(self) -> tuple[Scenario, ...]:
        return self.edition.scenarios

    @cached_property
    def concretes(self) -> tuple[Concrete, ...]:
        """The scenarios with their inputs."""
        return tuple(
            Concrete(wide.scenario, wide.steps, tuple(rows[self.place] for rows in tensors))
            for wide, tensors in zip(self.edition.wide, self.edition.tensors, strict=True)
        )


class Observation(msgspec.Struct, frozen=True):
    """One tensor a scenario observed, as an array; ``values`` is None when it is absent or no plain tensor."""

    label: str
    dtype: str
    values: Array | None


class Seen(msgspec.Struct, frozen=True):
    """What one scenario observed of one layer, and why it stopped early, if it did."""

    observations: tuple[Observation, ...]
    complaint: str | None = None
    error: wire.RawError | None = None


class Reference(Protocol):
    """A problem's ``reference.py``."""

    CONVENTIONS: tuple[str, ...]

    def observe(self, concrete: Concrete, *, rounding: float = 0.0, copies: int = 1) -> dict[str, Seen]:
        """What a right layer observes, by convention; the very same ``Seen`` where the convention cannot matter.

        ``copies`` says for how many exams the numbers lie side by side, in the inputs and so in what is observed.
        """


Transcript = Sequence[Seen | None]
"""One entry for each scenario of the exam; None where the cell was over before it got there."""


@cache
def module_of(slug: str, name: str) -> Any:
    """A Python file of the problem's folder: ``scenarios``, ``reference`` or ``misconceptions``."""
    return importlib.import_module(f"judge.problems.{slug}.{name}")


def draw(problem: Problem, number: int, *, samples: bool = False) -> Edition:
    """Draws an edition of the hidden exam, or the one exam of samples; the same number gives the same edition."""
    module = module_of(problem.slug, "scenarios")
    copies = 1 if samples else module.COPIES
    wide = tuple(_drawn(scenario, number, copies) for scenario in module.SCENARIOS if scenario.sample is samples)
    return Edition(problem, number, samples, wide, copies, module.RANK)


def edition_of(problem: Problem, seed: int) -> tuple[int, int]:
    """The number of the edition a seed's exam is in, and its place there."""
    copies: int = module_of(problem.slug, "scenarios").COPIES
    return divmod(seed, copies)


def prepare(problem: Problem, seed: int, *, samples: bool = False) -> Exam:
    """One exam: all hidden scenarios or the samples; the same seed gives the same exam."""
    if samples:
        return draw(problem, seed, samples=True).exams()[0]
    number, place = edition_of(problem, seed)
    return draw(problem, number).exams()[place]


def _drawn(scenario: Scenario, number: int, copies: int) -> Concrete:
    """One scenario with the inputs this edition gives it, whatever else is in the exam."""
    draw = Draw(number, scenario.check_id, scenario.dtype, copies)
    steps = scenario.write(draw)
    return Concrete(scenario, steps, tuple(draw.tensors))


def reference_of(problem: Problem) -> Reference:
    """The module that knows what a right layer of this problem observes."""
    reference: Reference = module_of(problem.slug, "reference")
    return reference


# Into the cell


def encode(edition: Edition, device: str) -> list[bytes]:
    """The exams of an edition as jobs without their source: header and tensors. ``job`` adds the source."""
    names: list[tuple[str, list[int]]] = []
    scenarios = []
    for concrete, tensors in zip(edition.wide, edition.tensors, strict=True):
        first = len(names)
        names += [(str(array.dtype), list(array.shape[1:])) for array in tensors]
        scenarios.append({"steps": concrete.steps, "tensors": list(range(first, len(names)))})
    header = msgspec.json.encode(
        {
            "class_names": edition.problem.class_names,
            "device": device,
            "rank": edition.rank,
            "random": _random_start(edition.number * edition.copies),
            "tensors": names,
            "scenarios": scenarios,
            "large": sum(not scenario.large for scenario in edition.scenarios),
        }
    )
    header += b" " * (-(len(header) + 4) % 8)
    head = struct.pack("<I", len(header)) + header
    rows = np.concatenate([_padded(array) for tensors in edition.tensors for array in tensors], axis=1)
    return [head + row.tobytes() for row in rows]


def _random_start(seed: int) -> int:
    """Where a cell's random numbers begin: layers that start at random values get the same report from the same seed.

    A hash, since a cell must not learn the seed its exam was drawn with.
    """
    return int.from_bytes(hashlib.sha256(f"cell {seed}".encode()).digest()[:6])


def _padded(rows: Array) -> Array:
    """The bytes of one tensor, a row for each exam, filled up to a multiple of 8."""
    flat = np.ascontiguousarray(rows).reshape(len(rows), -1).view(np.uint8)
    missing = -flat.shape[1] % 8
    return np.concatenate([flat, np.zeros((len(flat), missing), np.uint8)], axis=1) if missing else flat


def job(encoded: bytes, source: bytes) -> bytes:
    """What a cell is given: the encoded exam and, behind it, the candidate's source."""
    return encoded + source


# Out of the cell


def transcript_of_cell(exam: Exam, labels: list[list[str]], frames: dict[int, bytes]) -> Transcript:
    """The transcript from SCENARIO payloads by index; raises ``wire.Malformed`` when one is no honest payload.

    ``labels`` are the labels the reference produced for each scenario: a cell sends none.
    """
    return tuple(
        _seen(wire.read_result(frames[index]), labels[index]) if index in frames else None
        for index in range(len(exam.concretes))
    )


class AsAsked(Sequence[Seen | None]):
    """The transcript of a cell that sent what it was asked for: nothing but numbers can differ from the key.

    ``numbers`` are those, in a row; a scenario is read when it is looked at.
    """

    def __init__(self, payloads: Sequence[bytes], labels: list[list[str]], numbers: Array) -> None:
        self._payloads, self._labels, self.numbers = payloads, labels, numbers
        self._seen: dict[int, Seen] = {}

    def __len__(self) -> int:
        return len(self._payloads)

    def __getitem__(self, index: Any) -> Any:
        place = range(len(self))[index]
        if isinstance(place, range):
            return tuple(self[each] for each in place)
        if place not in self._seen:
            self._seen[place] = _seen(wire.read_result(self._payloads[place]), self._labels[place])
        return self._seen[place]


def _seen(result: wire.RawResult, labels: list[str]) -> Seen:
    if len(result.observations) > len(labels):
        raise wire.Malformed("more observations than the steps make")
    observations = tuple(
        Observation(label, raw.dtype, _array(raw)) for label, raw in zip(labels, result.observations, strict=False)
    )
    if result.status is wire.Status.COMPLAINT and result.error is not None:
        return Seen(observations, complaint=result.error.message)
    return Seen(observations, error=result.error)


ON_THE_WIRE = {name: np.dtype(name).newbyteorder("<") for name in wire.DTYPES if name != "bfloat16"}


def _array(raw: wire.RawTensor) -> Array | None:
    if raw.dtype in ("absent", "strange"):
        return None
    if raw.dtype == "bfloat16":
        bits = np.frombuffer(raw.data, dtype="<u2").astype(np.uint32) << 16
        return bits.view(np.float32).reshape(raw.shape)
    return np.frombuffer(raw.data, dtype=ON_THE_WIRE[raw.dtype]).reshape(raw.shape)


# The same on the trusted side


def observe(
    exam: Exam, build: LayerFactory, roles: Roles, *, dtype: str | None = None, large: bool = True
) -> Transcript:
    """What ``build``'s layers observe on this exam, on the CPU; ``dtype`` "float64" runs every scenario in float64.

    Without ``large`` the large scenarios are left out.
    """
    return tuple(
        observe_one(concrete, build, roles, dtype=dtype) if large or not concrete.scenario.large else None
        for concrete in exam.concretes
    )


def observe_one(concrete: Concrete, build: LayerFactory, roles: Roles, *, dtype: str | None = None) -> Seen:
    """One scenario of ``observe``."""
    tensors = [torch.from_numpy(array if dtype is None else array.astype(dtype)) for array in concrete.tensors]
    factory = build if dtype is None else _in_dtype(build, dtype)
    observed = driver.run_scenario(factory, roles, concrete.steps, tensors, run_backward=_run_backward)
    observations = tuple(
        Observation(label, "absent", None)
        if tensor is None
        else Observation(label, str(tensor.dtype).removeprefix("torch."), tensor.detach().numpy())
        for label, tensor in zip(observed.labels, observed.tensors, strict=True)
    )
    error = observed.stopped
    if isinstance(error, driver.Complaint):
        return Seen(observations, complaint=error.code)
    if error is not None:
        return Seen(observations, error=wire.RawError(type(error).__name__, None, str(error), observed.step))
    return Seen(observations)


def observe_expected(concrete: Concrete, build: LayerFactory, roles: Roles) -> Seen:
    """What a reference built in float64 observes, with the dtype each observation should have in a candidate's run.

    Raises what the reference raises: a scenario it cannot follow is our mistake.
    """
    tensors = [torch.from_numpy(array.astype(np.float64)) for array in concrete.tensors]
    observed = driver.run_scenario(build, roles, concrete.steps, tensors, run_backward=_run_backward)
    if observed.stopped is not None:
        raise observed.stopped
    return Seen(
        tuple(
            _expected(label, tensor, concrete.scenario.dtype)
            for label, tensor in zip(observed.labels, observed.tensors, strict=True)
        )
    )


def _run_backward(output: torch.Tensor, gradient: torch.Tensor) -> None:
    """As ``torch.autograd.backward``, which compares the two shapes with the help of sympy first: its import takes
    0.4 s and 45 MiB. The engine compares them too."""
    engine = torch.autograd.Variable._execution_engine
    engine.run_backward((output,), (gradient,), False, False, (), allow_unreachable=True, accumulate_grad=True)


def _expected(label: str, tensor: torch.Tensor | None, dtype: str) -> Observation:
    if tensor is None:
        return Observation(label, "absent", None)
    if not tensor.is_floating_point():
        dtype = str(tensor.dtype).removeprefix("torch.")
    return Observation(label, dtype, tensor.detach().numpy())


def _in_dtype(build: LayerFactory, dtype: str) -> LayerFactory:
    def factory(*args: Any, **kwargs: Any) -> Any:
        return build(*args, **kwargs).to(getattr(torch, dtype))

    return factory

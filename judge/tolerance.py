"""How far an honest answer may lie from the key, learnt from the exam itself and not typed by hand.

A numerically sane algorithm gives the exact answer to a question a few roundings away from the one asked. So the
question is asked again in float64 with every input moved by one rounding of the candidate's dtype, and again with
every running statistic moved so; the tolerance is a margin times what that moves in the answer. Folding scale and
shift, Welford, two passes or float64 inside stay within a few such steps; E[x²] - E[x]² loses the square of mean/std
where one step costs mean/std (Chan, Golub and LeVeque 1983), and shows.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from judge import exam as exams
from judge.exam import Array, Concrete
from judge.problem import Problem, load

ROUNDING = {"float32": 2.0**-24, "float64": 2.0**-40}
"""One rounding of each dtype. For float64 it is no true rounding: the margin need not be that narrow, since float32
arithmetic by mistake shows at 2^-24. Constants that honest code may keep in a float32 tensor, as eps and 1/n, are exact
in float32 in the scenarios themselves: no tolerance could tell their rounding from float32 arithmetic."""

MARGIN = 64.0
"""Several times what 50 honest styles need (see ``judge verify``), and far below what any known mistake causes."""

LEAST = 4.0
"""Roundings of the answer itself that every answer may carry, however steady it is under changes of the input.

For a batch of so many tiles it is the root of their number as many: the roundings of a sum grow like a random walk.
"""

_CALIBRATION_SEEDS = (11, 12, 13, 14)


@dataclass(frozen=True)
class Sensitivity:
    """Of one observation: what one rounding of the inputs moves, relative to the answer's size, and its usual size."""

    step: float
    size: float


def tolerances(sensitivity: Sensitivity, answers: Array | None, copies: int) -> list[float]:
    """The largest absolute difference that is still right, for one observation of each of ``copies`` exams.

    ``answers`` has a row for each exam (None: the observation is absent). A sum that happens to cancel in an exam is as
    inexact as in others: its usual size counts when that is larger.
    """
    sizes = np.zeros(copies)
    if answers is not None:
        sizes = np.where(np.isfinite(answers), np.abs(answers), 0.0).reshape(copies, -1).max(axis=1, initial=0.0)
    allowed: list[float] = (MARGIN * sensitivity.step * np.maximum(sizes, sensitivity.size)).tolist()
    return allowed


def _size(values: Array | None) -> float:
    """The largest finite magnitude; 1 where there is none."""
    if values is None:
        return 1.0
    finite = np.abs(values[np.isfinite(values)])
    return float(finite.max(initial=0.0)) or 1.0


@cache
def sensitivities(slug: str, samples: bool) -> tuple[tuple[Sensitivity, ...], ...]:
    """By scenario and observation.

    Measured once in a process, on fixed seeds and in float64, so that every machine learns the same.
    """
    problem = load(slug)
    tables = [_measured(problem, seed, samples) for seed in _CALIBRATION_SEEDS]
    return tuple(tuple(map(_over_seeds, zip(*rows, strict=True))) for rows in zip(*tables, strict=True))


def _over_seeds(measured: tuple[Sensitivity, ...]) -> Sensitivity:
    """The largest step and the mean size of one observation."""
    return Sensitivity(max(one.step for one in measured), sum(one.size for one in measured) / len(measured))


def _measured(problem: Problem, seed: int, samples: bool) -> list[list[Sensitivity]]:
    exam = exams.prepare(problem, seed, samples=samples)
    random = np.random.default_rng(seed)
    return [_moved(problem, concrete, random) for concrete in exam.concretes]


def _moved(problem: Problem, concrete: Concrete, random: np.random.Generator) -> list[Sensitivity]:
    """What one scenario's observations move, at most, when its inputs or its running statistics are rounded."""
    reference = exams.reference_of(problem)
    convention = reference.CONVENTIONS[0]
    rounding = ROUNDING[concrete.scenario.dtype]
    shaken = tuple(
        array * (1 + rounding * random.choice((-1.0, 1.0), array.shape)) for array in map(np.float64, concrete.tensors)
    )
    answer, *others = (
        reference.observe(question, rounding=part)[convention].observations
        for question, part in ((concrete, 0.0), (replace(concrete, tensors=shaken), 0.0), (concrete, rounding))
    )
    least = LEAST * rounding * math.sqrt(_tiles(concrete))
    return [
        Sensitivity(max(least, *(_relative(one.values, other.values) for other in rounded)), _size(one.values))
        for one, *rounded in zip(answer, *others, strict=True)
    ]


def _tiles(concrete: Concrete) -> int:
    """How many tiles meet in one statistic of a channel, at most."""
    tiles = [
        arguments["tile"] for operation, arguments in concrete.steps if arguments.get("tile") and operation == "forward"
    ]
    return max((math.prod(tile) // tile[1] for tile in tiles), default=1)


def _relative(one: Array | None, other: Array | None) -> float:
    if one is None or other is None:
        return 0.0
    with np.errstate(all="ignore"):
        return _size_or_zero(one - other) / _size(one)


def _size_or_zero(values: Array) -> float:
    return float(np.abs(values[np.isfinite(values)]).max(initial=0.0))

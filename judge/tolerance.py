"""How far an honest answer may lie from the key, learnt from the exam itself and not typed by hand.

A numerically sane algorithm gives the exact answer to a question a few roundings away from the one asked. So the
question is asked again in float64 with every input moved by one rounding of the candidate's dtype, and again with
every running statistic moved so; the tolerance is a margin times what that moves in the answer. Folding scale and
shift, Welford, two passes or float64 inside stay within a few such steps; E[x²] - E[x]² loses the square of mean/std
where one step costs mean/std (Chan, Golub and LeVeque 1983), and shows.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np

from judge import exam as exams
from judge.exam import Array, Concrete
from judge.problem import Problem, load

ROUNDING = {"float32": 2.0**-24, "float64": 2.0**-40}
"""One rounding of each dtype. For float64 it is no true rounding: honest code keeps n or 1/(n - 1) in a float32 tensor
now and then, and computing in float32 by mistake shows at 2^-24 anyway."""

MARGIN = 64.0
"""Several times what 50 honest styles need (see ``judge verify``), and far below what any known mistake causes."""

LEAST = 4.0
"""Roundings of the answer itself that every answer may carry, however steady it is under changes of the input."""

_CALIBRATION_SEEDS = (11, 12, 13, 14)


def tolerances(sensitivity: float, answers: Array | None, copies: int) -> list[float]:
    """The largest absolute difference that is still right, for one observation of each of ``copies`` exams.

    ``answers`` has a row for each exam (None: the observation is absent); ``sensitivity`` is the observation's.
    """
    if answers is None:
        return [MARGIN * sensitivity] * copies
    rows = np.where(np.isfinite(answers), np.abs(answers), 0.0).reshape(copies, -1)
    sizes = rows.max(axis=1, initial=0.0)
    allowed: list[float] = (MARGIN * sensitivity * np.where(sizes > 0.0, sizes, 1.0)).tolist()
    return allowed


def _size(values: Array | None) -> float:
    """The largest finite magnitude; 1 where there is none."""
    if values is None:
        return 1.0
    finite = np.abs(values[np.isfinite(values)])
    return float(finite.max(initial=0.0)) or 1.0


@cache
def sensitivities(slug: str, samples: bool) -> tuple[tuple[float, ...], ...]:
    """By scenario and observation: what one rounding of the inputs moves, relative to the answer's size.

    Measured once in a process, on fixed seeds and in float64, so that every machine learns the same.
    """
    problem = load(slug)
    tables = [_measured(problem, seed, samples) for seed in _CALIBRATION_SEEDS]
    return tuple(tuple(float(step) for step in np.max(rows, axis=0)) for rows in zip(*tables, strict=True))


def _measured(problem: Problem, seed: int, samples: bool) -> list[list[float]]:
    exam = exams.prepare(problem, seed, samples=samples)
    random = np.random.default_rng(seed)
    return [_moved(problem, concrete, random) for concrete in exam.concretes]


def _moved(problem: Problem, concrete: Concrete, random: np.random.Generator) -> list[float]:
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
    return [
        max(LEAST * rounding, *(_relative(one.values, other.values) for other in rounded))
        for one, *rounded in zip(answer, *others, strict=True)
    ]


def _relative(one: Array | None, other: Array | None) -> float:
    if one is None or other is None:
        return 0.0
    with np.errstate(all="ignore"):
        return _size_or_zero(one - other) / _size(one)


def _size_or_zero(values: Array) -> float:
    return float(np.abs(values[np.isfinite(values)]).max(initial=0.0))

"""Solves for the number a candidate may have typed into the code, from what their layer saw in one scenario."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache

import numpy as np

from judge.cell.driver import HINT
from judge.exam import Array, Seen
from judge.naming.rehearsal import Hypothesis, Rehearsal

GRIDS: dict[str, tuple[float, ...]] = {
    "eps_value": tuple(10.0**power for power in range(-12, 1)),
    "momentum_value": (0.001, 0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 0.999),
}
"""Where the search begins. 0 and 1 are missing on purpose: those are other mistakes, with names of their own."""

STEPS = 5
"""Gauss-Newton steps from the best place of the grid: each doubles the digits that are right."""

LARGEST = 1e100
"""What larger values are cut to, so that the square of any difference is a number too."""

_STEP = 1e-3
"""How far apart two values are, as a share, between which the derivative is taken."""


def fitted(rehearsal: Rehearsal, hypothesis: Hypothesis, index: int, seen: Seen) -> Hypothesis | None:
    """The hypothesis with the number that comes closest to ``seen`` in scenario ``index``; None where none helps."""
    name = hypothesis.fitted
    goal = None if seen.error is not None or seen.complaint is not None else _values(seen)
    if name is None or goal is None:
        return None

    def with_number(logarithm: float) -> Hypothesis:
        return hypothesis.with_changes(**{name: math.exp(logarithm)})

    def apart(logarithm: float) -> Array | None:
        values = _values(rehearsal.seen(with_number(logarithm).changes, index))
        return None if values is None or values.shape != goal.shape else values - goal

    grid = [math.log(value) for value in GRIDS[name]]
    best = _lowest(lambda place: _size(apart(grid[place])), len(grid))
    if best is None:
        return None
    low, high = grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)]
    return with_number(_nearest(apart, grid[best], low, high))


def _lowest(distance: Callable[[int], float], places: int) -> int | None:
    """The place of the least distance, found by halving as if there were one valley; None where none is finite."""
    known = cache(distance)
    low, high = 0, places - 1
    while low < high:
        middle = (low + high) // 2
        if known(middle) <= known(middle + 1):
            high = middle
        else:
            low = middle + 1
    return low if math.isfinite(known(low)) else None


def _nearest(apart: Callable[[float], Array | None], place: float, low: float, high: float) -> float:
    """Where between ``low`` and ``high`` the difference is least, by Gauss-Newton steps from ``place``."""
    for _ in range(STEPS):
        here, beside = apart(place), apart(place + _STEP)
        if here is None or beside is None:
            break
        slope = (beside - here) / _STEP
        step = float(slope @ here) / (float(slope @ slope) or 1.0)
        following = min(max(place - step, low), high)
        if not math.isfinite(following) or abs(following - place) < 1e-7:
            break
        place = following
    return place


def _values(seen: Seen) -> Array | None:
    """Everything finite that was seen, in one row; None when nothing was."""
    rows = [
        np.nan_to_num(one.values.astype(np.float64).ravel(), nan=0.0, posinf=0.0, neginf=0.0).clip(-LARGEST, LARGEST)
        for one in seen.observations
        if one.values is not None and not one.label.startswith(HINT)
    ]
    return np.concatenate(rows) if rows else None


def _size(difference: Array | None) -> float:
    return math.inf if difference is None else float(difference @ difference)

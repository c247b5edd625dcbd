"""Solves for the number a candidate may have typed into the code, from what their layer saw in one scenario."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from judge.cell.driver import HINT
from judge.exam import Seen
from judge.rehearsal import Hypothesis, Rehearsal

GRIDS: dict[str, tuple[float, ...]] = {
    "eps_value": tuple(10.0**power for power in range(-12, 1)),
    "momentum_value": (0.001, 0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 0.999),
}
"""Where the search begins. 0 and 1 are missing on purpose: those are other mistakes, with names of their own."""

STEPS = 24
"""Golden sections: each leaves 0.62 of the interval, 24 of them five digits of it."""

_GOLDEN = (math.sqrt(5) - 1) / 2


def fitted(rehearsal: Rehearsal, hypothesis: Hypothesis, index: int, seen: Seen) -> Hypothesis | None:
    """The hypothesis with the number that comes closest to ``seen`` in scenario ``index``; None where none helps."""
    name = hypothesis.fitted
    if name is None or seen.error is not None or seen.complaint is not None:
        return None

    def distance(logarithm: float) -> float:
        changed = hypothesis.with_changes(**{name: math.exp(logarithm)})
        return _distance(rehearsal.seen(changed.changes, index), seen)

    grid = [math.log(value) for value in GRIDS[name]]
    distances = [distance(place) for place in grid]
    best = int(np.argmin(distances))
    if not math.isfinite(distances[best]):
        return None
    place = _minimum(distance, grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)])
    if distance(place) > distances[best]:
        place = grid[best]
    return hypothesis.with_changes(**{name: math.exp(place)})


def _minimum(function: Callable[[float], float], low: float, high: float) -> float:
    """Where a function with one valley is least, by golden section."""
    left, right = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
    at_left, at_right = function(left), function(right)
    for _ in range(STEPS):
        if at_left <= at_right:
            high, right, at_right = right, left, at_left
            left = high - _GOLDEN * (high - low)
            at_left = function(left)
        else:
            low, left, at_left = left, right, at_right
            right = low + _GOLDEN * (high - low)
            at_right = function(right)
    return (low + high) / 2


def _distance(imagined: Seen, seen: Seen) -> float:
    """The sum of squared differences over what both saw, each observation relative to its size."""
    total = 0.0
    for one, other in zip(imagined.observations, seen.observations, strict=False):
        if one.label.startswith(HINT) or one.values is None or other.values is None:
            continue
        if one.values.shape != other.values.shape:
            return math.inf
        with np.errstate(all="ignore"):
            gap = one.values.astype(np.float64) - other.values.astype(np.float64)
            part = float(np.square(gap).sum() / (np.square(other.values.astype(np.float64)).sum() or 1.0))
        total += part if math.isfinite(part) else 1e6
    return total

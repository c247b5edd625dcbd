"""The one comparison of the judge: what a layer observed against what it should have, within a tolerance."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from judge.cell.driver import HINT
from judge.exam import Array, Observation, Seen


class Kind(StrEnum):
    """In which way two observations differ."""

    RAISED = "raised"
    COMPLAINT = "complaint"
    COUNT = "count"
    ABSENT = "absent"
    STRANGE = "strange"
    SHAPE = "shape"
    DTYPE = "dtype"
    NOT_FINITE = "not_finite"
    VALUE = "value"


@dataclass(frozen=True)
class Difference:
    """How what was seen differs from the key; ``ratio`` counts it in tolerances, infinite where it is no number."""

    kind: Kind
    sentence: str
    label: str = ""
    index: tuple[int, ...] | None = None
    largest: float | None = None
    ratio: float = math.inf


COMPLAINTS = {
    "no_scale": "no learnable scale was found among the layer's parameters",
    "no_shift": "no learnable shift was found among the layer's parameters",
    "output_is_no_tensor": "forward did not return a tensor",
    "state_dict_does_not_load": "the state dict of one layer does not load into another of the same size",
    "cannot_be_copied": "the layer cannot be deep-copied",
    "backward_fails": "the backward pass fails inside autograd",
}
"""What the driver may complain of, in words for staff."""


def same(expected: Seen, seen: Seen, tolerances: Sequence[float]) -> Difference | None:
    """The largest difference of a scenario, or None when everything agrees; survives any ``seen``.

    ``tolerances`` holds, for each observation, the largest absolute difference that is still right.
    """
    if (stopped := _stopped(expected, seen)) is not None:
        return stopped
    found = [
        difference
        for one, other, tolerance in _graded(expected, seen, tolerances)
        if not _within(one.values, other, one.dtype, tolerance)
        and (difference := _difference(one, other, tolerance)) is not None
    ]
    return max(found, key=lambda difference: difference.ratio, default=None)


def distance(expected: Seen, seen: Seen, tolerances: Sequence[float]) -> float:
    """How far apart the two are, in tolerances: above 1 is a failed check, infinite what is no number."""
    if _stopped(expected, seen) is not None:
        return math.inf
    return max(
        (_ratio(one, other, tolerance) for one, other, tolerance in _graded(expected, seen, tolerances)), default=0
    )


def _stopped(expected: Seen, seen: Seen) -> Difference | None:
    if seen.error is not None:
        place = "" if seen.error.line is None else f" at line {seen.error.line}"
        return Difference(Kind.RAISED, f"{seen.error.type}{place}: {seen.error.message}")
    if seen.complaint is not None:
        return Difference(Kind.COMPLAINT, COMPLAINTS.get(seen.complaint, "a complaint the driver does not know"))
    wanted, came = len(expected.observations), len(seen.observations)
    if wanted != came:
        return Difference(Kind.COUNT, f"{came} observations came back instead of {wanted}")
    return None


def _graded(
    expected: Seen, seen: Seen, tolerances: Sequence[float]
) -> Iterator[tuple[Observation, Observation, float]]:
    for one, other, tolerance in zip(expected.observations, seen.observations, tolerances, strict=True):
        if not one.label.startswith(HINT):
            yield one, other, tolerance


def _within(one: Array | None, other: Observation, dtype: str, tolerance: float) -> bool:
    """The quick answer for what is plainly right; everything else is looked at closely."""
    if one is None or other.values is None or other.dtype != dtype or other.values.shape != one.shape:
        return False
    with np.errstate(all="ignore"):
        return one.size == 0 or bool(_apart(one, other.values).max() <= tolerance)


def _apart(one: Array, other: Array) -> Array:
    """In float64: whole numbers 2**63 apart would come out as equal in their own arithmetic."""
    return np.abs(np.subtract(one, other, dtype=np.float64))


def _ratio(expected: Observation, seen: Observation, tolerance: float) -> float:
    if _within(expected.values, seen, expected.dtype, tolerance) and expected.values is not None:
        assert seen.values is not None  # noqa: S101 - for mypy: _within says so
        return float(_apart(expected.values, seen.values).max(initial=0.0)) / tolerance
    difference = _difference(expected, seen, tolerance)
    return 0.0 if difference is None else difference.ratio


def _difference(expected: Observation, seen: Observation, tolerance: float) -> Difference | None:
    label = expected.label
    if expected.values is None or seen.values is None:
        return _absent(expected, seen)
    one, other = expected.values, seen.values
    if one.shape != other.shape:
        return Difference(Kind.SHAPE, f"{label} has shape {list(other.shape)}, expected {list(one.shape)}", label)
    if expected.dtype != seen.dtype:
        return Difference(Kind.DTYPE, f"{label} is {seen.dtype}, expected {expected.dtype}", label)
    with np.errstate(all="ignore"):
        one, other = one.astype(np.float64), other.astype(np.float64)
        equal = (one == other) | (np.isnan(one) & np.isnan(other))
        apart = np.where(equal, 0.0, np.abs(one - other))
    broken = ~np.isfinite(apart)
    place = int(np.argmax(broken if broken.any() else apart)) if apart.size else 0
    index = tuple(int(axis) for axis in np.unravel_index(place, apart.shape))
    values = f"{label}{list(index)} is {other[index]:.6g}, expected {one[index]:.6g}"
    if broken.any():
        return Difference(Kind.NOT_FINITE, values, label, index)
    largest = float(apart[index])
    if largest <= tolerance:
        return None
    sentence = f"{values}: {largest:.3g} apart, where {tolerance:.2g} is allowed"
    return Difference(Kind.VALUE, sentence, label, index, largest, largest / tolerance)


def _absent(expected: Observation, seen: Observation) -> Difference | None:
    label = expected.label
    if expected.values is None and seen.dtype == expected.dtype:
        return None
    if seen.dtype == "absent":
        return Difference(Kind.ABSENT, f"{label} is not there", label)
    if seen.values is None:
        return Difference(Kind.STRANGE, f"{label} is no plain tensor of a known dtype", label)
    return Difference(Kind.STRANGE, f"{label} is there, and should not be", label)

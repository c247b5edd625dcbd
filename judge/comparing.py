"""The one comparison of the judge: what a layer observed against what it should have, within a tolerance."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from judge.cell.driver import HINT
from judge.exam import Observation, Seen


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
    with np.errstate(all="ignore"):
        found = [
            difference
            for one, other, tolerance in _graded(expected, seen, tolerances)
            if (difference := _difference(one, other, tolerance)) is not None
        ]
    return max(found, key=lambda difference: difference.ratio, default=None)


def distance(expected: Seen, seen: Seen, tolerances: Sequence[float]) -> float:
    """How far apart the two are, in tolerances: above 1 is a failed check, infinite what is no number."""
    if _stopped(expected, seen) is not None:
        return math.inf
    with np.errstate(all="ignore"):
        ratios = [_ratio(one, other, tolerance) for one, other, tolerance in _graded(expected, seen, tolerances)]
    return max(ratios, default=0.0)


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


def _ratio(expected: Observation, seen: Observation, tolerance: float) -> float:
    difference = _difference(expected, seen, 0.0)
    if difference is None:
        return 0.0
    return math.inf if difference.largest is None else difference.largest / tolerance


def _difference(expected: Observation, seen: Observation, tolerance: float) -> Difference | None:
    label = expected.label
    if expected.values is None or seen.values is None:
        return _absent(expected, seen)
    one, other = expected.values, seen.values
    if one.shape != other.shape:
        return Difference(Kind.SHAPE, f"{label} has shape {list(other.shape)}, expected {list(one.shape)}", label)
    if expected.dtype != seen.dtype:
        return Difference(Kind.DTYPE, f"{label} is {seen.dtype}, expected {expected.dtype}", label)
    apart = np.abs(np.subtract(one, other, dtype=np.float64))  # whole numbers 2**63 apart are equal in their own way
    largest = float(apart.max(initial=0.0))
    if largest <= tolerance:
        return None
    worst = apart
    if not math.isfinite(largest):
        worst = np.where((one == other) | (np.isnan(one) & np.isnan(other)), 0.0, apart)
        largest = float(worst.max())
        if largest <= tolerance:
            return None
        if not math.isfinite(largest):
            worst = ~np.isfinite(worst)
    place = int(np.argmax(worst))
    index = tuple(int(axis) for axis in np.unravel_index(place, one.shape))
    values = f"{label}{list(index)} is {float(other[index]):.6g}, expected {float(one[index]):.6g}"
    if not math.isfinite(largest):
        return Difference(Kind.NOT_FINITE, values, label, index)
    sentence = f"{values}: {largest:.3g} apart, where {tolerance:.2g} is allowed"
    ratio = largest / tolerance if tolerance else math.inf
    return Difference(Kind.VALUE, sentence, label, index, largest, ratio)


def _absent(expected: Observation, seen: Observation) -> Difference | None:
    label = expected.label
    if expected.values is None and seen.dtype == expected.dtype:
        return None
    if seen.dtype == "absent":
        return Difference(Kind.ABSENT, f"{label} is not there", label)
    if seen.values is None:
        return Difference(Kind.STRANGE, f"{label} is no plain tensor of a known dtype", label)
    return Difference(Kind.STRANGE, f"{label} is there, and should not be", label)

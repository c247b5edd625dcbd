"""The one comparison of the judge: what a layer observed against what it should have, within a tolerance."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from judge.cell.driver import HINT
from judge.exam import Observation, Seen


class Kind(StrEnum):
    """In which way two observations differ, worst first."""

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
    """How an observation differs from the key; ``ratio`` counts it in tolerances (inf: no number)."""

    kind: Kind
    sentence: str
    label: str = ""
    index: tuple[int, ...] | None = None
    largest: float | None = None
    tolerance: float | None = None
    ratio: float = math.inf


def same(expected: Seen, seen: Seen, tolerances: Sequence[float]) -> Difference | None:
    """The most telling difference of a scenario, or None when everything agrees; survives any ``seen``.

    ``tolerances`` holds, for each observation, the largest absolute difference that is still right.
    """
    if seen.error is not None:
        place = "" if seen.error.line is None else f" at line {seen.error.line}"
        return Difference(Kind.RAISED, f"{seen.error.type}{place}: {seen.error.message}")
    if seen.complaint is not None:
        return Difference(Kind.COMPLAINT, COMPLAINTS.get(seen.complaint, seen.complaint))
    if len(seen.observations) != len(expected.observations):
        return Difference(
            Kind.COUNT, f"{len(seen.observations)} observations came back instead of {len(expected.observations)}"
        )
    found = [
        difference
        for one, other, tolerance in zip(expected.observations, seen.observations, tolerances, strict=True)
        if not one.label.startswith(HINT)
        if (difference := _same_observation(one, other, tolerance)) is not None
    ]
    return max(found, key=lambda difference: difference.ratio, default=None)


COMPLAINTS = {
    "no_scale": "no learnable scale was found among the layer's parameters",
    "no_shift": "no learnable shift was found among the layer's parameters",
    "output_is_no_tensor": "forward did not return a tensor",
    "state_dict_does_not_load": "the state dict of one layer does not load into another of the same size",
    "cannot_be_copied": "the layer cannot be deep-copied",
    "backward_fails": "the backward pass fails inside autograd",
}


def _same_observation(expected: Observation, seen: Observation, tolerance: float) -> Difference | None:
    label = expected.label
    if expected.values is None or seen.values is None:
        return _absent(expected, seen)
    one, other = expected.values, seen.values
    if one.shape != other.shape:
        return Difference(Kind.SHAPE, f"{label} has shape {other.shape}, expected {one.shape}", label)
    if expected.dtype != seen.dtype:
        return Difference(Kind.DTYPE, f"{label} is {seen.dtype}, expected {expected.dtype}", label)
    with np.errstate(all="ignore"):
        other = other.astype(np.float64)
        equal = (one == other) | (np.isnan(one) & np.isnan(other))
        apart = np.where(equal, 0.0, np.abs(one - other))
    if apart.size == 0:
        return None
    broken = ~np.isfinite(apart)
    flat = int(np.argmax(broken if broken.any() else apart))
    index = tuple(int(place) for place in np.unravel_index(flat, apart.shape))
    largest = float(apart[index])
    if broken.any():
        sentence = f"{label}{list(index)} is {other[index]:.6g}, expected {one[index]:.6g}"
        return Difference(Kind.NOT_FINITE, sentence, label, index, None, tolerance)
    if largest <= tolerance:
        return None
    sentence = (
        f"{label}{list(index)} is {other[index]:.6g}, expected {one[index]:.6g}: "
        f"{largest:.3g} apart, tolerance {tolerance:.2g}"
    )
    return Difference(Kind.VALUE, sentence, label, index, largest, tolerance, largest / tolerance)


def _absent(expected: Observation, seen: Observation) -> Difference | None:
    if expected.values is None and seen.dtype == expected.dtype:
        return None
    if seen.dtype == "absent":
        return Difference(Kind.ABSENT, f"{expected.label} is not there", expected.label)
    if seen.values is None:
        return Difference(Kind.STRANGE, f"{expected.label} is no plain tensor of a known dtype", expected.label)
    return Difference(Kind.STRANGE, f"{expected.label} is there, and should not be", expected.label)

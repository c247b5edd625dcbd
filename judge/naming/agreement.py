"""Whether a wrong layer of ours saw what the candidate's layer saw in one scenario: the evidence for a diagnosis."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from enum import IntEnum

import numpy as np

from judge.cell.driver import HINT
from judge.exam import Array, Observation, Seen

SLACK = 8.0
"""In tolerances of grading: two layers with the same mistake round differently, and are both further from the key."""

SHARE = 1e-3
"""Of the distance from the key: what is left between two layers that make the same large mistake."""

UNSTEADY = 4.0
"""Times ``allowed``: how far a wrong layer's own value moves in float64 before it counts as decided by rounding."""

CLEARLY = 10.0
"""Tolerances: what lies further from the right answer does so on other numbers too."""

DIGITS_OF_FLOAT32 = 1e-2
"""Relative; float32 itself keeps 6e-8, but of a mean a million times the deviation."""


MOST_HINTS = 256
"""Elements of a hint that are looked at: it comes from the cell, and an honest layer holds a handful of tensors."""


class Agreement(IntEnum):
    """How well two transcripts of a scenario agree."""

    NO = 0
    LOOSE = 1
    """Where they differ, the mistake itself leaves the value to rounding or chance."""
    YES = 2


def agreement(
    imagined: Seen,
    seen: Seen,
    expected: Seen,
    tolerances: Sequence[float],
    again: Callable[[], Seen] | None,
    random: bool = False,
) -> Agreement:
    """Compares what a wrong layer saw with what the candidate's saw; ``again`` gives the wrong layer's second sight.

    ``expected`` is the key's transcript; without ``again`` nothing is left to chance, and of a layer that starts at
    ``random`` values all that differs at second sight is. Errors agree when they are of one kind and came at the same
    step.
    """
    if not stops_agree(stop_of(imagined), stop_of(seen)):
        return Agreement.NO
    if len(imagined.observations) != len(seen.observations):
        return Agreement.NO
    apart = []
    for index, (one, other) in enumerate(zip(imagined.observations, seen.observations, strict=True)):
        key, tolerance = _key_at(expected, tolerances, index)
        if one.label.startswith(HINT):
            continue
        if not _same_form(one, other):
            return Agreement.NO
        if one.values is not None and not _close(one.values, other.values, _allowed(one.values, key, tolerance)):
            apart.append((index, key, tolerance))
    if not apart:
        return Agreement.YES
    apart = [place for place in apart if not _both_lost_digits(imagined, seen, *place)]
    if not apart:
        return Agreement.LOOSE
    if again is None:
        return Agreement.NO
    second = again()
    unsteady = all(_unsteady(imagined, second, index, key, tolerance, random) for index, key, tolerance in apart)
    return Agreement.LOOSE if unsteady else Agreement.NO


def chancy(imagined: Seen, second: Seen, expected: Seen, tolerances: Sequence[float], random: bool) -> bool:
    """Whether the wrong layer does not find again, at second sight, everything it saw."""
    if len(imagined.observations) != len(second.observations):
        return True
    return any(
        _unsteady(imagined, second, index, *_key_at(expected, tolerances, index), random)
        for index, one in enumerate(imagined.observations)
        if not one.label.startswith(HINT)
    )


def _key_at(expected: Seen, tolerances: Sequence[float], index: int) -> tuple[Observation | None, float]:
    """The key's observation and tolerance in a place, which a transcript may be too long for."""
    known = index < len(expected.observations)
    return (expected.observations[index], tolerances[index]) if known else (None, 0.0)


def hint_distance(imagined: Seen, seen: Seen) -> int:
    """How differently two layers are made, by the observations that are never graded; 0 for the same make."""
    pairs = zip(imagined.observations, seen.observations, strict=False)
    return sum(_multiset_distance(one, other) for one, other in pairs if one.label.startswith(HINT))


def nan_distance(imagined: Seen, seen: Seen) -> int:
    """How many elements are NaN in one transcript and not in the other."""
    total = 0
    for one, other in zip(imagined.observations, seen.observations, strict=False):
        if one.values is not None and other.values is not None and one.values.shape == other.values.shape:
            total += int((np.isnan(one.values) != np.isnan(other.values)).sum())
    return total


def _multiset_distance(one: Observation, other: Observation) -> int:
    if one.values is None or other.values is None:
        return 0
    left, right = (Counter(values.ravel()[:MOST_HINTS].tolist()) for values in (one.values, other.values))
    return (left - right).total() + (right - left).total()


def _same_form(one: Observation, other: Observation) -> bool:
    if one.values is None or other.values is None:
        return one.dtype == other.dtype
    return one.values.shape == other.values.shape and one.dtype == other.dtype


def _allowed(values: Array, key: Observation | None, tolerance: float) -> float:
    """The distance two layers with the same mistake may keep: of the size of rounding, or of a share of the mistake."""
    if key is None or key.values is None or key.values.shape != values.shape:
        return max(SLACK * tolerance, SHARE * _size(values))
    growth = max(1.0, _size(values) / (_size(key.values) or 1.0))
    return max(SLACK * tolerance * growth, SHARE * _gap(values, key.values))


def _gap(values: Array, right: Array) -> float:
    with np.errstate(all="ignore"):
        return _size(values.astype(np.float64) - right)


def _size(values: Array) -> float:
    finite = np.abs(values[np.isfinite(values)])
    return float(finite.max(initial=0.0))


def _close(one: Array, other: Array | None, allowed: float) -> bool:
    if other is None:
        return False
    with np.errstate(all="ignore"):
        left, right = one.astype(np.float64), other.astype(np.float64)
        equal = (left == right) | (np.isnan(left) & np.isnan(right)) | (np.abs(left - right) <= allowed)
    return bool(equal.all())


def _both_lost_digits(imagined: Seen, seen: Seen, index: int, key: Observation | None, tolerance: float) -> bool:
    """Whether two float64 answers are both wrong, and as near to the key as float32 comes: where is rounding."""
    one, other = imagined.observations[index].values, seen.observations[index].values
    if key is None or key.values is None or one is None or other is None or key.dtype != "float64":
        return False
    if one.shape != key.values.shape or other.shape != key.values.shape:
        return False
    with np.errstate(all="ignore"):
        lost = [float(np.abs(values - key.values).max(initial=0.0)) for values in (one, other)]
    return tolerance < min(lost) and max(lost) <= DIGITS_OF_FLOAT32 * _size(key.values)


def _unsteady(
    imagined: Seen, second: Seen, index: int, key: Observation | None, tolerance: float, random: bool
) -> bool:
    """Whether the wrong layer does not find its own value again, in float64 and with other random numbers."""
    if index >= len(second.observations):
        return False
    values, again = imagined.observations[index].values, second.observations[index].values
    if values is None or again is None or values.shape != again.shape:
        return False
    if random:
        return not _close(values, again, tolerance)
    limit = UNSTEADY * _allowed(values, key, tolerance)
    if key is not None and key.values is not None and key.values.shape == values.shape:
        gap = _gap(values, key.values)
        if gap > CLEARLY * tolerance:
            limit = min(limit, gap / 2)  # most of the mistake is gone at second sight
    return not _close(values, again, limit)


# Errors

Stop = tuple[str, int]
"""The kind of the error or complaint that ended a scenario, and the step it came at."""

_SLIPS = ("AttributeError", "NameError", "TypeError", "KeyError", "UnboundLocalError")
"""What Python says when something is not there yet."""

_ORDINARY = ("RuntimeError", "ValueError", "AssertionError", "IndexError", "Exception")

_FAMILIES = (
    ("leaf", r"leaf Variable"),
    ("view", r"view size|view\(\)|contiguous"),
    ("dtype", r"dtype|scalar type|data type"),
    ("shape", r"size|shape|dimension|broadcast|numel|elements"),
)


def stop_of(seen: Seen) -> Stop | None:
    """Why and where a scenario stopped; None for one seen to its end."""
    if seen.complaint is not None:
        return seen.complaint, 0
    error = seen.error
    if error is None:
        return None
    if error.type in _SLIPS:
        return "slip", error.step
    if error.type == "Refusal":
        return "refused", error.step
    for name, pattern in _FAMILIES:
        if re.search(pattern, error.message):
            return name, error.step
    return "other" if error.type in _ORDINARY else error.type, error.step


def stops_agree(imagined: Stop | None, seen: Stop | None) -> bool:
    """Whether both stopped for one reason; a refusal of ours stands for whatever words the candidate's has."""
    if imagined is None or seen is None:
        return imagined is seen
    if imagined[0] == "refused":
        return imagined[1] == seen[1] and seen[0] in ("other", "view", "dtype", "shape")
    return imagined == seen

"""The one comparison of the judge: what a layer observed against what it should have, within a tolerance."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

import numpy as np

from judge.cell.driver import HINT
from judge.exam import Array, Observation, Seen
from judge.report import Text
from judge.words import COMPLAINTS


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
    told: Text | Callable[[], Text]
    """In words for staff; of numbers they are found when asked for, since most differences are only counted."""
    ratio: float = math.inf

    @property
    def sentence(self) -> Text:
        return self.told() if callable(self.told) else self.told


class _Pair(NamedTuple):
    """Two arrays of one shape and dtype: the scenario's place, the observation's row and label, what is allowed."""

    place: int
    row: int
    label: str
    expected: Array
    seen: Array
    tolerance: float


def same(expected: Seen, seen: Seen, tolerances: Sequence[float]) -> Difference | None:
    """The largest difference of one scenario, as ``differences`` finds it."""
    return differences((expected,), (seen,), (tolerances,))[0]


def differences(
    expected: Sequence[Seen], seen: Sequence[Seen | None], tolerances: Sequence[Sequence[float]]
) -> tuple[Difference | None, ...]:
    """The largest difference of each scenario, None where everything agrees or nothing came; survives any ``seen``.

    ``tolerances`` holds, for each observation, the largest absolute difference that is still right. The numbers of all
    scenarios are compared at once; one observation after the other would take several times as long.
    """
    found: list[list[tuple[float, int, Difference]]] = []
    pairs: list[_Pair] = []
    for place, (wanted, came, allowed) in enumerate(zip(expected, seen, tolerances, strict=True)):
        unlike = [] if came is None else _unlike(place, wanted, came, allowed, pairs)
        found.append([(difference.ratio, -row, difference) for row, difference in unlike])
    for pair, largest in zip(pairs, _largest(pairs), strict=True):
        if largest > pair.tolerance:
            difference = _differ(pair, largest)
            found[pair.place].append((difference.ratio, -pair.row, difference))
    return tuple(max(each)[2] if each else None for each in found)


def distance(expected: Seen, seen: Seen, tolerances: Sequence[float]) -> float:
    """How far apart the two are, in tolerances: above 1 is a failed check, infinite what is no number."""
    pairs: list[_Pair] = []
    if _unlike(0, expected, seen, tolerances, pairs):
        return math.inf
    return max((_ratio(pair, largest) for pair, largest in zip(pairs, _largest(pairs), strict=True)), default=0.0)


def _unlike(
    place: int, expected: Seen, seen: Seen, tolerances: Sequence[float], pairs: list[_Pair]
) -> list[tuple[int, Difference]]:
    """In what the two differ besides numbers, with its row; where only numbers can differ, a pair is appended."""
    if (stopped := _stopped(expected, seen)) is not None:
        return [(0, stopped)]
    unlike = []
    rows = zip(expected.observations, seen.observations, tolerances, strict=True)
    for row, (wanted, came, tolerance) in enumerate(rows):
        label, one, other = wanted.label, wanted.values, came.values
        if label.startswith(HINT):
            continue
        if one is None or other is None:
            if (difference := _absent(wanted, came)) is not None:
                unlike.append((row, difference))
        elif one.shape != other.shape:
            unlike.append((row, Difference(Kind.SHAPE, _shapes(label, list(one.shape), list(other.shape)))))
        elif wanted.dtype != came.dtype:
            unlike.append((row, Difference(Kind.DTYPE, _unequal(label, wanted.dtype, came.dtype))))
        elif one.size:
            pairs.append(_Pair(place, row, label, one, other, tolerance))
    return unlike


def _stopped(expected: Seen, seen: Seen) -> Difference | None:
    if seen.error is not None:
        return Difference(Kind.RAISED, raised(seen.error.type, seen.error.line, seen.error.message))
    if seen.complaint is not None:
        return Difference(Kind.COMPLAINT, COMPLAINTS.get(seen.complaint, UNKNOWN_COMPLAINT))
    wanted, came = len(expected.observations), len(seen.observations)
    if wanted != came:
        told = {
            "en": f"{came} observations came back instead of {wanted}.",
            "zh": f"应有 {wanted} 个观测值，实际收到 {came} 个。",
        }
        return Difference(Kind.COUNT, told)
    return None


def _absent(expected: Observation, seen: Observation) -> Difference | None:
    label = expected.label
    if expected.values is None and seen.dtype == expected.dtype:
        return None
    if seen.dtype == "absent":
        return Difference(Kind.ABSENT, {"en": f"{label} is not there.", "zh": f"没有 {label}。"})
    if seen.values is None:
        told = {"en": f"{label} is no plain tensor of a known dtype.", "zh": f"{label} 不是已知 dtype 的普通张量。"}
        return Difference(Kind.STRANGE, told)
    return Difference(Kind.STRANGE, {"en": f"{label} is there, and should not be.", "zh": f"不应当有 {label}。"})


def _largest(pairs: Sequence[_Pair]) -> list[float]:
    """The largest absolute difference of each pair, infinite where one of two unequal values is no finite number."""
    if not pairs:
        return []
    ends = np.cumsum([pair.seen.size for pair in pairs])
    found = apart(_in_a_row([pair.expected for pair in pairs]), _in_a_row([pair.seen for pair in pairs]))
    largest: list[float] = np.maximum.reduceat(found, np.append(0, ends[:-1])).tolist()
    return largest


def _in_a_row(arrays: list[Array]) -> Array:
    """All numbers as float64, in which whole ones 2**63 apart are not equal."""
    return np.concatenate(arrays, axis=None, dtype=np.float64, casting="unsafe")


def apart(one: Array, other: Array) -> Array:
    """The absolute differences in float64: 0 between equals, NaN and infinities too, and never NaN."""
    one, other = (np.atleast_1d(array).astype(np.float64, copy=False) for array in (one, other))
    with np.errstate(all="ignore"):
        found: Array = np.abs(one - other)
    odd = ~np.isfinite(found)
    if odd.any():
        one, other = one[odd], other[odd]
        equal = (one == other) | (np.isnan(one) & np.isnan(other))
        found[odd] = np.where(equal, 0.0, np.where(np.isnan(found[odd]), np.inf, found[odd]))
    return found


def _differ(pair: _Pair, largest: float) -> Difference:
    if not math.isfinite(largest):
        return Difference(Kind.NOT_FINITE, lambda: _unequal(*_furthest(pair)))
    return Difference(Kind.VALUE, lambda: _apart(*_furthest(pair), largest, pair.tolerance), _ratio(pair, largest))


def _ratio(pair: _Pair, largest: float) -> float:
    if largest == 0.0:
        return 0.0
    return largest / pair.tolerance if pair.tolerance else math.inf


def _furthest(pair: _Pair) -> tuple[str, str, str]:
    """Where the two are furthest apart, what is expected and what is there."""
    index = np.unravel_index(int(np.argmax(apart(pair.expected, pair.seen))), pair.seen.shape)
    place = f"{pair.label}{[int(axis) for axis in index]}"
    return place, f"{float(pair.expected[index]):.6g}", f"{float(pair.seen[index]):.6g}"


# In words


UNKNOWN_COMPLAINT: Text = {
    "en": "A complaint that the driver does not know.",
    "zh": "驱动程序不认识的一种报告。",
}


def raised(name: str, line: int | None, message: str) -> Text:
    """An exception for staff, and in a run for its author; what it says ends as it ends."""
    if line is None:
        return {"en": f"{name}: {message}", "zh": f"{name}：{message}"}
    return {"en": f"{name} at line {line}: {message}", "zh": f"{name}（第 {line} 行）：{message}"}


def _shapes(label: str, wanted: list[int], came: list[int]) -> Text:
    return {
        "en": f"{label} has shape {came}, expected {wanted}.",
        "zh": f"{label} 的形状为 {came}，应为 {wanted}。",
    }


def _unequal(place: str, wanted: str, came: str) -> Text:
    return {"en": f"{place} is {came}, expected {wanted}.", "zh": f"{place} 为 {came}，应为 {wanted}。"}


def _apart(place: str, wanted: str, came: str, largest: float, tolerance: float) -> Text:
    return {
        "en": f"{place} is {came}, expected {wanted}: {largest:.3g} apart, where {tolerance:.2g} is allowed.",
        "zh": f"{place} 为 {came}，应为 {wanted}：相差 {largest:.3g}，容许 {tolerance:.2g}。",
    }

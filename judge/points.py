"""What each check of an exam is worth: whole tenths of a point, which add up exactly to what their group is worth.

A score is a sum of such tenths and is shown with one decimal, so what is shown adds up, too: no share is ever rounded.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from judge import exam as exams
from judge.problem import Problem


@cache
def worths(problem: Problem, samples: bool) -> tuple[float, ...]:
    """The points of each check of the hidden exam, from its weight in its group; a sample is worth nothing."""
    scenarios = [one for one in exams.module_of(problem.slug, "scenarios").SCENARIOS if one.sample is samples]
    tenths = [0] * len(scenarios)
    for group in () if samples else problem.groups:
        places = [place for place, one in enumerate(scenarios) if one.group == group.id]
        weights = [scenarios[place].weight for place in places]
        for place, share in zip(places, apportioned(round(group.points * 10), weights), strict=True):
            tenths[place] = share
    return tuple(share / 10 for share in tenths)


def apportioned(whole: int, weights: Sequence[float]) -> list[int]:
    """Whole numbers in the ratio of the positive ``weights``, as near as can be, that add up to ``whole``.

    What is left over after rounding down goes to the largest remainders, the first of equals (Hamilton's method).
    """
    if not weights:
        return []
    exact = [whole * weight / sum(weights) for weight in weights]
    shares = [int(share) for share in exact]
    by_remainder = sorted(range(len(exact)), key=lambda place: (round(shares[place] - exact[place], 9), place))
    for place in by_remainder[: whole - sum(shares)]:
        shares[place] += 1
    return shares


def total(points: Sequence[float]) -> float:
    """The sum of whole tenths, without the dust of binary fractions."""
    return round(sum(points), 1)

"""Which check catches which misconception, and by how many tolerances; checks of large inputs are for the samples."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from judge import exam as exams
from judge.cell.driver import LayerFactory, Roles, find_roles
from judge.comparing import distance
from judge.grading import grade
from judge.key import AnswerKey, answer_key
from judge.problem import Problem

CLEARLY = 10.0
"""Tolerances: a difference below that many is too near to honest rounding to rest a verdict on."""


@dataclass(frozen=True)
class Row:
    """One way of making a mistake: by check, the least difference from the key over all seeds, in tolerances."""

    name: str
    number: int
    ratios: tuple[float, ...]
    strongest: float
    """The largest difference in an exam, on the seed where that is smallest."""

    @property
    def caught(self) -> bool:
        return self.strongest > 1


@dataclass(frozen=True)
class Matrix:
    """Every variant of every misconception against every check."""

    checks: tuple[str, ...]
    rows: tuple[Row, ...]

    @classmethod
    def of(cls, problem: Problem, seeds: Sequence[int]) -> Matrix:
        """Runs all misconceptions on the exams of these seeds."""
        keys = [answer_key(exams.prepare(problem, seed)) for seed in seeds]
        module = exams.module_of(problem.slug, "misconceptions")
        rows = [
            _row(
                keys, misconception.id, number, module.build(dict(changes), next(iter(keys[0].by_convention)), seeds[0])
            )
            for misconception in module.MISCONCEPTIONS
            for number, changes in enumerate(misconception.variants)
        ]
        return cls(tuple(one.check_id for one in keys[0].exam.scenarios if not one.large), tuple(rows))

    def uncaught(self) -> list[str]:
        """Misconceptions of which no variant fails; one that is right in this problem is no mistake in it."""
        caught = {row.name for row in self.rows if row.caught}
        return sorted({row.name for row in self.rows} - caught)

    def idle(self) -> list[str]:
        """Checks that catch nothing."""
        return [check for place, check in enumerate(self.checks) if all(row.ratios[place] <= 1 for row in self.rows)]

    def weak(self) -> dict[str, list[str]]:
        """By check, what it catches on every seed, but narrowly on some."""
        narrow = {
            check: sorted({row.name for row in self.rows if 1 < row.ratios[place] < CLEARLY})
            for place, check in enumerate(self.checks)
        }
        return {check: names for check, names in narrow.items() if names}

    def complaints(self) -> list[str]:
        """What keeps the exam from being proven."""
        narrow = [row for row in self.rows if 1 < row.strongest < CLEARLY]
        return [
            *(f"no check catches {name}" for name in self.uncaught()),
            *(f"{check} catches nothing" for check in self.idle()),
            *(f"{row.name} ({row.number}) differs by only {row.strongest:.1f} tolerances" for row in narrow),
        ]

    def show(self, out: Callable[[str], None]) -> None:
        """The matrix: ``#`` catches clearly, ``+`` by less than ten tolerances, ``.`` not on every seed."""
        out("  misconception × check: # caught, + by less than 10 tolerances, . not on every seed")
        for number, check in enumerate(self.checks, start=1):
            out(f"    {number:>2} {check}")
        for row in self.rows:
            signs = "".join("." if ratio <= 1 else "+" if ratio < CLEARLY else "#" for ratio in row.ratios)
            margin = "∞" if math.isinf(row.strongest) else f"{row.strongest:.3g}"
            out(f"    {row.name + ' ' + str(row.number):<36} {signs}  weakest margin {margin}")
        for check, names in self.weak().items():
            out(f"    weak: {check} catches by less than {CLEARLY:g} tolerances: {', '.join(names)}")
        passing = [f"{row.name} {row.number}" for row in self.rows if not row.caught]
        out(f"  right in this problem: {', '.join(passing) or 'no variant'}")
        caught = len({row.name for row in self.rows if row.caught})
        out(f"  {caught} misconceptions caught, in {len(self.rows)} variants, by {len(self.checks)} checks")


def _row(keys: Sequence[AnswerKey], name: str, number: int, build: LayerFactory) -> Row:
    columns = [_ratios(key, build, _roles(build, key.exam.rank)) for key in keys]
    least = tuple(min(ratios) for ratios in zip(*columns, strict=True))
    return Row(name, number, least, min(max(ratios) for ratios in columns))


def _ratios(key: AnswerKey, build: LayerFactory, roles: Roles) -> list[float]:
    """The distance of every scenario from the key, under the convention that fits best, as in grading."""
    transcript = exams.observe(key.exam, build, roles, large=False)
    expected = key.by_convention[grade(key, transcript, key.exam.problem.accept).graded_as]
    return [
        math.inf if seen is None else distance(one, seen, tolerances)
        for scenario, one, seen, tolerances in zip(
            key.exam.scenarios, expected, transcript, key.tolerances, strict=True
        )
        if not scenario.large
    ]


def _roles(build: Any, rank: int) -> Roles:
    try:
        return find_roles(build, rank=rank)
    except Exception:  # as in a cell: a layer that raises has no roles, and fails where one is needed
        return Roles(None, None)

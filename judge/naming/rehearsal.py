"""Runs wrong layers through an exam on the trusted side, one scenario at a time and none of them twice.

A *hypothesis* is a way a layer may be wrong: the changes of one misconception or of two. Its *habits* are the checks it
fails on one fixed exam; they only say which hypotheses are worth running, never that one is right.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Protocol

from judge import exam as exams
from judge.cell.driver import LayerFactory, Roles, find_roles
from judge.exam import Exam, Seen, Transcript
from judge.grading import answer_key, grade
from judge.naming.agreement import Stop, stop_of
from judge.problem import load
from judge.report import CheckResult, CheckStatus, Text

HABIT_SEED = 20
"""Any seed does; a fixed one, so that the same submission gets the same diagnosis in every process."""

RANDOM_SEEDS = (1, 2)
"""What a layer with random initial values draws from, at first and at second sight."""

Frozen = tuple[tuple[str, Any], ...]
"""Changes as a sorted tuple, so that they can be a key."""


class Misconception(Protocol):
    """What a problem's ``misconceptions`` module lists."""

    @property
    def id(self) -> str: ...
    @property
    def title(self) -> Text: ...
    @property
    def sentence(self) -> Text: ...
    @property
    def question(self) -> Text: ...
    @property
    def variants(self) -> tuple[dict[str, Any], ...]: ...
    @property
    def fitted(self) -> str | None: ...
    @property
    def steady(self) -> bool: ...


@dataclass(frozen=True)
class Hypothesis:
    """One way a layer may be wrong: what it is called, what it changes, and the checks it is in the habit of failing.

    ``habits`` has a bit for each scenario it fails, and ``stops`` the reason where it also ends early; ``steady`` says
    that they hold from exam to exam. ``fitted`` names the choice that is a typed number. ``rank`` is its place in the
    catalogue; of two that explain the same, the lower is named.
    """

    ids: tuple[str, ...]
    changes: Frozen
    habits: int
    stops: Mapping[int, Stop]
    rank: tuple[int, ...]
    fitted: str | None = None
    steady: bool = True

    def with_changes(self, **changes: Any) -> Hypothesis:
        """The same mistake with another number in it."""
        return replace(self, changes=frozen({**dict(self.changes), **changes}))


def frozen(changes: Mapping[str, Any]) -> Frozen:
    """Changes in one order."""
    return tuple(sorted(changes.items()))


@cache
def hypotheses(slug: str) -> tuple[Hypothesis, ...]:
    """All single hypotheses of a problem that fail any check, with their habits; takes a second or two, once."""
    module = exams.module_of(slug, "misconceptions")
    exam = exams.prepare(load(slug), HABIT_SEED)
    key = answer_key(exam)
    found = []
    for place, misconception in enumerate(module.MISCONCEPTIONS):
        for number, variant in enumerate(misconception.variants):
            changes = frozen(variant)
            build, roles = _layer(slug, exam.rank, changes, "biased", RANDOM_SEEDS[0])
            transcript = exams.observe(exam, build, roles)
            graded = grade(key, transcript, tuple(key.by_convention))
            habits = sum(1 << index for index, check in enumerate(graded.checks) if _fails(check))
            if habits:
                names, rank = (misconception.id,), (place, number)
                found.append(
                    Hypothesis(
                        names, changes, habits, _stops(transcript), rank, misconception.fitted, misconception.steady
                    )
                )
    return tuple(found)


def _stops(transcript: Transcript) -> dict[int, Stop]:
    stops = ((index, None if seen is None else stop_of(seen)) for index, seen in enumerate(transcript))
    return {index: stop for index, stop in stops if stop is not None}


def _fails(check: CheckResult) -> bool:
    return check.status is not CheckStatus.PASSED


def _layer(slug: str, rank: int, changes: Frozen, convention: str, seed: int) -> tuple[LayerFactory, Roles]:
    build: LayerFactory = exams.module_of(slug, "misconceptions").build(dict(changes), convention, seed)
    return build, _roles(build, rank)


def _roles(build: LayerFactory, rank: int) -> Roles:
    """The roles of its parameters, as a cell finds those of the candidate's."""
    try:
        return find_roles(build, rank=rank)
    except Exception:  # a wrong layer of ours may raise whatever torch raises, as the candidate's would in its cell
        return Roles(None, None)


class Rehearsal:
    """What hypotheses see of one exam under one convention, run when first asked for."""

    def __init__(self, exam: Exam, convention: str) -> None:
        self.exam = exam
        self.convention = convention
        self.runs = 0
        self._layers: dict[tuple[Frozen, int], tuple[LayerFactory, Roles]] = {}
        self._seen: dict[tuple[Frozen, int], Seen] = {}

    def seen(self, changes: Frozen, index: int) -> Seen:
        """What a layer with these changes sees of a scenario."""
        key = (changes, index)
        if key not in self._seen:
            if any(name == "shared" for name, _ in changes):
                self._run_in_order(changes)
            else:
                self._seen[key] = self._run(changes, index, RANDOM_SEEDS[0], None)
        return self._seen[key]

    def second_sight(self, changes: Frozen, index: int) -> Seen:
        """The same in float64 and with other random initial values: what stays is no matter of rounding or chance."""
        return self._run(changes, index, RANDOM_SEEDS[1], "float64")

    def _run_in_order(self, changes: Frozen) -> None:
        """Layers that share state carry it from scenario to scenario, as the candidate's do in their one process."""
        build, roles = _layer(self.exam.problem.slug, self.exam.rank, changes, self.convention, RANDOM_SEEDS[0])
        for index, seen in enumerate(exams.observe(self.exam, build, roles)):
            self.runs += 1
            if seen is not None:
                self._seen[changes, index] = seen

    def _run(self, changes: Frozen, index: int, seed: int, dtype: str | None) -> Seen:
        self.runs += 1
        if (changes, seed) not in self._layers:
            self._layers[changes, seed] = _layer(self.exam.problem.slug, self.exam.rank, changes, self.convention, seed)
        build, roles = self._layers[changes, seed]
        return exams.observe_one(self.exam.concretes[index], build, roles, dtype=dtype)

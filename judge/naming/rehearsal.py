"""Runs wrong layers through an exam on the trusted side, one scenario at a time and none of them twice.

A *hypothesis* is a way a layer may be wrong: the changes of one misconception or of two. Its *habits* are the checks it
fails on one fixed exam; they only say which hypotheses are worth running, never that one is right.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Protocol

from judge import exam as exams
from judge.cell.driver import LayerFactory, Roles, find_roles
from judge.comparing import distance
from judge.exam import Exam, Seen, Transcript
from judge.key import AnswerKey, answer_key
from judge.naming import memory
from judge.naming.agreement import CLEARLY, Stop, chancy, stop_of
from judge.naming.memory import Trait
from judge.problem import load
from judge.report import Text

HABIT_SEED = 20
"""Any seed does; a fixed one, so that the same submission gets the same diagnosis in every process."""

CONVENTION = "biased"
"""Which convention the layers follow whose habits are learnt; either would do."""

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
    @property
    def random(self) -> bool: ...


@dataclass(frozen=True)
class Hypothesis:
    """One way a layer may be wrong: what it is called, what it changes, and the checks it is in the habit of failing.

    ``habits`` has a bit for each scenario it fails, ``plain`` for those it fails by far, and ``stops`` the reason where
    it also ends early; ``steady`` says that they hold from exam to exam, and ``random`` that its layers start at random
    values. ``fitted`` names the choice that is a typed number. ``rank`` is its place in the catalogue; of two that
    explain the same, the lower is named. ``origins`` are the changes as the catalogue has them.
    """

    ids: tuple[str, ...]
    changes: Frozen
    habits: int
    plain: int
    stops: Mapping[int, Stop]
    rank: tuple[int, ...]
    origins: tuple[Frozen, ...]
    fitted: str | None = None
    steady: bool = True
    random: bool = False

    @property
    def in_order(self) -> bool:
        """Whether its layers carry state from scenario to scenario, so that they must be run in the exam's order."""
        return any(name == "shared" for name, _ in self.changes)

    def with_changes(self, **changes: Any) -> Hypothesis:
        """The same mistake with another number in it."""
        return replace(self, changes=frozen({**dict(self.changes), **changes}))

    def beside(self, other: Hypothesis) -> Hypothesis:
        """Both mistakes in one layer."""
        return Hypothesis(
            ids=(*self.ids, *other.ids),
            changes=frozen({**dict(self.changes), **dict(other.changes)}),
            habits=self.habits | other.habits,
            plain=self.plain | other.plain,
            stops={**other.stops, **self.stops},
            rank=(*self.rank, *other.rank),
            origins=(*self.origins, *other.origins),
            steady=self.steady and other.steady,
            random=self.random or other.random,
        )


RIGHT = Hypothesis(ids=(), changes=(), habits=0, plain=0, stops={}, rank=(), origins=())
"""A layer without any mistake."""


def frozen(changes: Mapping[str, Any]) -> Frozen:
    """Changes in one order."""
    return tuple(sorted(changes.items()))


def hypotheses(slug: str) -> tuple[Hypothesis, ...]:
    """All single hypotheses of a problem that fail any check, with their habits: recalled, or learnt in seconds."""
    with _LEARNING:  # whoever comes meanwhile waits for what is left of them
        return _learnt(slug)


_LEARNING = threading.Lock()


@cache
def together(slug: str) -> tuple[Hypothesis, ...]:
    """Two misconceptions that come together, as one hypothesis: what a third beside them is looked for with."""
    with _LEARNING:
        places = enumerate(exams.module_of(slug, "misconceptions").TOGETHER, start=len(_learnt(slug)))
        found = [
            _hypothesis(names, frozen(changes), (place,), _trait(slug, frozen(changes)))
            for place, (names, changes) in places
        ]
    return tuple(one for one in found if one is not None)


def _hypothesis(ids: tuple[str, ...], changes: Frozen, rank: tuple[int, ...], trait: Trait | None) -> Hypothesis | None:
    """A hypothesis with its habits; None for one that has none."""
    if trait is None:
        return None
    return Hypothesis(
        ids=ids,
        changes=changes,
        habits=mask_of(trait.fails),
        plain=mask_of(trait.by_far),
        stops=trait.stops,
        rank=rank,
        origins=(changes,),
    )


def _trait(slug: str, changes: Frozen) -> Trait | None:
    """What a layer with these changes does on the one exam; None for one that fails nothing there."""
    exam, key = _habit_exam(slug)
    transcript = exams.observe(exam, *_layer(slug, exam.rank, changes, CONVENTION, RANDOM_SEEDS[0]), large=False)
    apart = _distances(key, transcript)
    if not any(ratio > 1 for ratio in apart):
        return None
    return Trait(
        fails=tuple(index for index, ratio in enumerate(apart) if ratio > 1),
        by_far=tuple(index for index, ratio in enumerate(apart) if ratio > CLEARLY),
        stops=_stops(transcript),
    )


@cache
def _learnt(slug: str) -> tuple[Hypothesis, ...]:
    variants = [
        (misconception, frozen(variant), (place, number))
        for place, misconception in enumerate(exams.module_of(slug, "misconceptions").MISCONCEPTIONS)
        for number, variant in enumerate(misconception.variants)
    ]
    traits = memory.recall(load(slug), len(variants))
    if traits is None:
        traits = [_trait(slug, changes) for _, changes, _ in variants]
        memory.keep(load(slug), traits)
    found = []
    for (misconception, changes, rank), trait in zip(variants, traits, strict=True):
        one = _hypothesis((misconception.id,), changes, rank, trait)
        if one is not None:
            found.append(
                replace(one, fitted=misconception.fitted, steady=misconception.steady, random=misconception.random)
            )
    return tuple(found)


@cache
def _habit_exam(slug: str) -> tuple[Exam, AnswerKey]:
    exam = exams.prepare(load(slug), HABIT_SEED)
    return exam, answer_key(exam)


@cache
def may_be_chance(slug: str, changes: Frozen, index: int, random: bool) -> bool:
    """Whether rounding or random numbers decide what such a layer sees of a scenario, as far as one exam can tell."""
    exam, key = _habit_exam(slug)
    rehearsal = Rehearsal(exam, CONVENTION)
    return chancy(
        rehearsal.seen(changes, index),
        rehearsal.second_sight(changes, index),
        key.by_convention[CONVENTION][index],
        key.tolerances[index],
        random,
    )


def mask_of(indices: Iterable[int]) -> int:
    """Scenario indices as the bits of one number."""
    mask = 0
    for index in indices:
        mask |= 1 << index
    return mask


def _distances(key: AnswerKey, transcript: Transcript) -> list[float]:
    """How far each scenario lies from the key, in tolerances; large ones, which names are not looked for in, do not."""
    return [
        0.0 if seen is None else distance(expected, seen, tolerances)
        for expected, seen, tolerances in zip(key.by_convention[CONVENTION], transcript, key.tolerances, strict=True)
    ]


def _stops(transcript: Transcript) -> dict[int, Stop]:
    stops = ((index, None if seen is None else stop_of(seen)) for index, seen in enumerate(transcript))
    return {index: stop for index, stop in stops if stop is not None}


def _layer(slug: str, rank: int, changes: Frozen, convention: str, seed: int) -> tuple[LayerFactory, Roles]:
    def fresh() -> LayerFactory:
        build: LayerFactory = exams.module_of(slug, "misconceptions").build(dict(changes), convention, seed)
        return build

    return fresh(), _roles(fresh, rank)


def _roles(fresh: Callable[[], LayerFactory], rank: int) -> Roles:
    """The roles of its parameters, as a cell finds those of the candidate's: every layer has the same random values."""
    try:
        return find_roles(lambda features: fresh()(features), rank=rank)
    except Exception:  # a wrong layer of ours may raise whatever torch raises, as the candidate's would in its cell
        return Roles(None, None)


class Rehearsal:
    """What hypotheses see of one exam under one convention, run when first asked for, each after a call of ``pace``."""

    def __init__(self, exam: Exam, convention: str, pace: Callable[[], None] = lambda: None) -> None:
        self.exam = exam
        self.convention = convention
        self._pace = pace
        self.runs = 0
        self._layers: dict[tuple[Frozen, int], tuple[LayerFactory, Roles]] = {}
        self._seen: dict[tuple[Frozen, int], Seen] = {}
        self._next: dict[Frozen, int] = {}

    def seen(self, changes: Frozen, index: int, *, in_order: bool = False) -> Seen:
        """What a layer with these changes sees of a scenario; ``in_order`` after all the scenarios before it."""
        key = (changes, index)
        if key not in self._seen:
            for place in range(self._next.get(changes, 0), index + 1) if in_order else (index,):
                self._seen[changes, place] = self._run(changes, place, RANDOM_SEEDS[0], None)
                self._next[changes] = place + 1
        return self._seen[key]

    def second_sight(self, changes: Frozen, index: int) -> Seen:
        """The same in float64 and with other random initial values: what stays is no matter of rounding or chance."""
        return self._run(changes, index, RANDOM_SEEDS[1], "float64")

    def _run(self, changes: Frozen, index: int, seed: int, dtype: str | None) -> Seen:
        self._pace()
        self.runs += 1
        if (changes, seed) not in self._layers:
            self._layers[changes, seed] = _layer(self.exam.problem.slug, self.exam.rank, changes, self.convention, seed)
        build, roles = self._layers[changes, seed]
        return exams.observe_one(self.exam.concretes[index], build, roles, dtype=dtype)

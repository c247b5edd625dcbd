"""A failed transcript under suspicion: what each hypothesis explains in it, found out scenario by scenario."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from judge.cell.driver import HINT
from judge.comparing import distance
from judge.exam import Seen, Transcript
from judge.grading import Differences
from judge.key import AnswerKey
from judge.naming.agreement import (
    CLEARLY,
    Agreement,
    Stop,
    agreement,
    hint_distance,
    nan_distance,
    stop_of,
    stops_agree,
)
from judge.naming.rehearsal import RIGHT, Frozen, Hypothesis, Rehearsal, hypotheses, mask_of, may_be_chance

MAX_RUNS = 1200
"""Scenarios run for one diagnosis: a quarter of a second. What two known mistakes explain is found in a few hundred."""


class OutOfRuns(Exception):  # noqa: N818 - no error: the search ends without a name
    """The diagnosis has run as many scenarios as it may."""


class Suspect:
    """A transcript that failed checks, supposed to follow one convention, and what has been found out about it."""

    def __init__(
        self,
        key: AnswerKey,
        transcript: Transcript,
        differences: Differences,
        convention: str,
        pace: Callable[[], None] = lambda: None,
    ) -> None:
        self.key = key
        self.rehearsal = Rehearsal(key.exam, convention, pace)
        self.expected = key.by_convention[convention]
        self.seen: dict[int, Seen] = {index: seen for index, seen in enumerate(transcript) if seen is not None}
        failed = [index for index in self.seen if differences[index] is not None]
        self.failed = sorted(failed, key=lambda index: (len(key.exam.concretes[index].steps), index))
        self.failed_mask = mask_of(failed)
        self.failed_by_far = mask_of(
            index for index, difference in enumerate(differences) if difference and difference.ratio > CLEARLY
        )
        self.passed_mask = mask_of(index for index in self.seen if differences[index] is None)
        self.stops: dict[int, Stop] = {
            index: stop for index, seen in self.seen.items() if (stop := stop_of(seen)) is not None
        }
        self.known = hypotheses(key.exam.problem.slug)
        self.most_runs = MAX_RUNS
        self._agreements: dict[tuple[Frozen, int], Agreement] = {}

    def may_run_more(self, runs: int) -> None:
        """Allows so many further scenarios, whatever was run before."""
        self.most_runs = self.rehearsal.runs + runs

    @property
    def slack(self) -> int:
        """How many checks the habits of the right hypothesis may get wrong: they are those of another exam."""
        return max(2, len(self.failed) // 8)

    @property
    def stopped_everywhere(self) -> bool:
        """Whether every scenario ended in an error or a complaint."""
        return len(self.stops) == len(self.seen)

    def agreement(self, one: Hypothesis, index: int) -> Agreement:
        """How well a layer with this mistake agrees with the candidate's in one scenario; may raise ``OutOfRuns``."""
        place = (one.changes, index)
        if place not in self._agreements:
            if self.rehearsal.runs >= self.most_runs:
                raise OutOfRuns
            self._agreements[place] = agreement(
                self._imagined(one, index),
                self.seen[index],
                self.expected[index],
                self.key.tolerances[index],
                (lambda: self.rehearsal.second_sight(one.changes, index)) if self._may_be_chance(one, index) else None,
                one.random,
            )
        return self._agreements[place]

    def denies(self, one: Hypothesis) -> bool:
        """Whether random values are supposed where the layer's own could not be read: those could be any output."""
        return one.random and any(index in self.stops for index in self._unused)

    def made_otherwise(self, one: Hypothesis) -> bool:
        """Whether the layer is made less like one with this mistake, and no other, than like one without any."""
        return any(self._apart(one, index) > self._apart(RIGHT, index) for index in self._unused)

    def _apart(self, one: Hypothesis, index: int) -> int:
        return hint_distance(self._imagined(one, index), self.seen[index])

    @property
    def _unused(self) -> list[int]:
        """Scenarios that look at a layer and compute nothing with it."""
        return [index for index in self.seen if not self.key.exam.concretes[index].does("forward")]

    def _imagined(self, one: Hypothesis, index: int) -> Seen:
        return self.rehearsal.seen(one.changes, index, in_order=one.in_order)

    def _may_be_chance(self, one: Hypothesis, index: int) -> bool:
        """Whether a second sight is worth its run; of layers that share state it would have to repeat all runs."""
        slug = self.key.exam.problem.slug
        return not one.in_order and any(may_be_chance(slug, changes, index, one.random) for changes in one.origins)

    def mismatch(self, *parts: Hypothesis) -> int:
        """How many checks the habits of the parts together get wrong, as to failing and as to stopping."""
        habits = by_far = 0
        for part in parts:
            habits |= part.habits
            by_far |= part.plain
        wrong = (by_far & self.passed_mask).bit_count() + (self.failed_by_far & ~habits).bit_count()
        for index in self.stops.keys() | {place for part in parts for place in part.stops}:
            if index in self.seen:
                stops = [part.stops[index] for part in parts if index in part.stops]
                wrong += not any(stops_agree(stop, self.stops.get(index)) for stop in stops)
        return wrong

    def spoils(self, one: Hypothesis) -> int:
        """How many checks the hypothesis is in the habit of failing, or of stopping, that the candidate's did not."""
        stops = sum(index not in self.stops for index in one.stops if index in self.seen)
        return (one.plain & self.passed_mask).bit_count() + stops

    def explains_all(self, one: Hypothesis) -> bool:
        """Whether the hypothesis explains every failed check, one of them exactly, and is nowhere contradicted."""
        exact = False
        for index in sorted(self.failed) if one.in_order else self.failed:
            found = self.agreement(one, index)
            if found is Agreement.NO:
                return False
            exact = exact or found is Agreement.YES
        return (exact or one.habits == self.failed_mask) and not self.contradicted(one)

    def contradicted(self, one: Hypothesis) -> bool:
        """Whether such a layer fails a check the candidate's passed; random values do not pass one by chance."""
        for index in indices_of(one.habits & self.passed_mask):
            found = self.agreement(one, index)
            if found is Agreement.NO or (one.random and found is Agreement.LOOSE and self._fails_clearly(one, index)):
                return True
        return False

    def _fails_clearly(self, one: Hypothesis, index: int) -> bool:
        return distance(self.expected[index], self._imagined(one, index), self.key.tolerances[index]) > CLEARLY

    def doubt(self, one: Hypothesis) -> tuple[int, int, int]:
        """What speaks against an explanation: another make, NaN in other places, checks left to chance."""
        makes = nans = loose = 0
        for index, seen in self.seen.items():
            if any(label.startswith(HINT) for label in self.key.labels[index]):
                makes += hint_distance(self._imagined(one, index), seen)
            if self._agreements.get((one.changes, index)) is Agreement.LOOSE:
                loose += 1
                nans += nan_distance(self._imagined(one, index), seen)
        return makes, nans, loose


def indices_of(mask: int) -> Iterator[int]:
    """The bits of ``mask``, lowest first."""
    while mask:
        lowest = mask & -mask
        yield lowest.bit_length() - 1
        mask ^= lowest

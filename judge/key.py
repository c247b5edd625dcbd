"""The answer key: what a right layer observes on an exam in float64, for each convention, and how far off one may be.

The keys to all exams of an edition are made at once. A cell's answer with the dtypes and shapes that were asked for,
which any honest layer sends, is compared as one row of numbers; what differs is then looked at by observation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from judge import exam as exams
from judge.cell import wire
from judge.cell.driver import HINT
from judge.comparing import apart
from judge.exam import ON_THE_WIRE, Array, Concrete, Edition, Exam, Observation, Seen, Split
from judge.tolerance import Sensitivity, sensitivities, tolerances

_Run = tuple[np.dtype, int, int]
"""Numbers of one dtype that lie together in a payload: dtype, offset in bytes, count."""


@dataclass(frozen=True, eq=False)
class AnswerKey:
    """What the reference observes on one exam in float64, for each convention, and what an honest answer may be off."""

    exam: Exam
    sheet: Sheet
    place: int

    @property
    def labels(self) -> list[list[str]]:
        """Of every observation, by scenario."""
        return self.sheet.labels

    @cached_property
    def by_convention(self) -> dict[str, tuple[Seen, ...]]:
        """What is observed; a scenario that does not depend on the convention has the very same ``Seen`` in each."""
        made = [
            {id(wide): _seen(wide, self.place) for wide in answers.observed.values()} for answers in self.sheet.answers
        ]
        return {
            name: tuple(
                seen[id(answers.observed[name])] for answers, seen in zip(self.sheet.answers, made, strict=True)
            )
            for name in self.sheet.conventions
        }

    @cached_property
    def tolerances(self) -> tuple[tuple[float, ...], ...]:
        """The largest absolute difference that is still right, by scenario and observation."""
        return tuple(
            tuple(allowed[self.place % len(allowed)] for allowed in answers.allowed) for answers in self.sheet.answers
        )

    def failing(self, numbers: Array) -> dict[str, list[bool]]:
        """Which scenarios ``numbers`` (as ``Sheet.numbers_of`` reads them) fail under each convention."""
        return {name: self.sheet.failing(name, self.place, numbers) for name in self.sheet.conventions}


def answer_key(exam: Exam) -> AnswerKey:
    """The key to one exam by itself."""
    return AnswerKey(exam, Sheet(Edition(exam.problem, exam.seed, exam.samples, exam.concretes, 1, exam.rank)), 0)


def answer_keys(edition: Edition) -> list[AnswerKey]:
    """The keys to all exams of an edition, from one run of the reference on all of them side by side."""
    sheet = Sheet(edition)
    return [AnswerKey(exam, sheet, exam.place) for exam in edition.exams()]


class Sheet:
    """What the keys to all exams of an edition share."""

    def __init__(self, edition: Edition) -> None:
        self.conventions = exams.reference_of(edition.problem).CONVENTIONS
        rows = sensitivities(edition.problem.slug, edition.samples)
        self.answers = [_answers(edition, *each) for each in zip(edition.wide, rows, strict=True)]
        some = [answers.observed[self.conventions[0]] for answers in self.answers]
        self.labels = [[wide.label for wide in observed] for observed in some]
        self._forms = [_Form.of(observed) for observed in some]
        counting = [(place, row) for place, each in enumerate(some) for row, wide in enumerate(each) if wide.counts]
        self._places = np.array([place for place, _ in counting])
        self._starts = np.cumsum([0, *(some[place][row].size for place, row in counting)])[:-1]
        self._allowed = np.stack(
            [np.resize(self.answers[place].allowed[row], edition.copies) for place, row in counting], axis=1
        )
        self._numbers, self._columns = self._laid_out(counting, edition.copies)

    def _laid_out(self, counting: Sequence[tuple[int, int]], copies: int) -> tuple[Array, dict[str, Array]]:
        """All compared numbers, a row for each exam, and which columns are the answer under each convention.

        What an observation holds lies there from now on, once for all conventions that share it.
        """
        pieces: list[Array] = []
        columns: dict[str, list[Array]] = {name: [] for name in self.conventions}
        owners: dict[tuple[int, int], tuple[list[_Wide], Array]] = {}
        width = 0
        for place, row in counting:
            for name, observed in self.answers[place].observed.items():
                if (id(observed), row) not in owners:
                    pieces.append(observed[row].rows(copies))
                    owners[id(observed), row] = observed, np.arange(width, width := width + observed[row].size)
                columns[name].append(owners[id(observed), row][1])
        numbers = np.concatenate(pieces, axis=1)
        for (_, row), (observed, where) in owners.items():
            observed[row] = observed[row].lying_in(numbers[:, where[0] : where[-1] + 1])
        return numbers, {name: np.concatenate(each) for name, each in columns.items()}

    def numbers_of(self, payloads: Sequence[bytes]) -> Array | None:
        """The compared numbers of all scenarios, one after the other, as float64: in it whole ones 2**63 apart differ.

        None where a payload is not what was asked for.
        """
        for form, payload in zip(self._forms, payloads, strict=True):
            if len(payload) != form.size or not payload.startswith(form.head):
                return None
        runs = [
            np.frombuffer(payload, dtype, count, offset)
            for form, payload in zip(self._forms, payloads, strict=True)
            for dtype, offset, count in form.runs
        ]
        numbers: Array = np.concatenate(runs, dtype=np.float64, casting="unsafe")
        return numbers

    def failing(self, convention: str, place: int, numbers: Array) -> list[bool]:
        """Whether each scenario has a number further from the key than it may be."""
        expected = self._numbers[place, self._columns[convention]]
        largest = np.maximum.reduceat(apart(expected, numbers), self._starts)
        failing = set(self._places[largest > self._allowed[place]].tolist())
        return [index in failing for index in range(len(self.answers))]


@dataclass(frozen=True)
class _Wide:
    """One observation in all exams of an edition: ``values`` has a row for each (None: the observation is absent).

    One row says the same of every exam.
    """

    label: str
    dtype: str
    values: Array | None

    @property
    def shape(self) -> tuple[int, ...]:
        return () if self.values is None else self.values.shape[1:]

    @property
    def size(self) -> int:
        """How many numbers it has in one exam."""
        return 0 if self.values is None else self.values[0].size

    @property
    def counts(self) -> bool:
        """Whether its numbers are compared."""
        return self.size > 0 and not self.label.startswith(HINT)

    def rows(self, copies: int) -> Array:
        """Its numbers as float64, a row for each exam."""
        assert self.values is not None  # noqa: S101 - only asked of one that counts
        flat = self.values.reshape(len(self.values), -1).astype(np.float64)
        return np.broadcast_to(flat, (copies, flat.shape[1]))

    def lying_in(self, rows: Array) -> _Wide:
        """The same with its numbers there; what is the same for every exam stays where it is."""
        if self.values is None or len(self.values) != len(rows) or self.values.dtype != rows.dtype:
            return self
        return _Wide(self.label, self.dtype, rows.reshape(self.values.shape))


@dataclass(frozen=True)
class _Answers:
    """One scenario's answers for all exams of an edition: what is observed by convention, and what each may be off.

    Where the convention cannot matter, each has the very same list; ``allowed`` has a list for each observation.
    """

    observed: dict[str, list[_Wide]]
    allowed: list[list[float]]


def _answers(edition: Edition, concrete: Concrete, sensitivity: Sequence[Sensitivity]) -> _Answers:
    copies = edition.copies if concrete.tensors else 1  # without inputs there is nothing to tell them apart
    split = exams.module_of(edition.problem.slug, "scenarios").split
    observed = exams.reference_of(edition.problem).observe(concrete, copies=copies)
    wide = {id(seen): [_widened(one, copies, split) for one in seen.observations] for seen in observed.values()}
    first = next(iter(wide.values()))
    allowed = [tolerances(*each, copies) for each in zip(sensitivity, (one.values for one in first), strict=True)]
    return _Answers({name: wide[id(seen)] for name, seen in observed.items()}, allowed)


def _widened(one: Observation, copies: int, split: Split) -> _Wide:
    """Counts and flags say the same of every exam."""
    values = one.values
    if values is not None:
        values = split(values, copies) if values.dtype.kind == "f" else np.broadcast_to(values, (copies, *values.shape))
    return _Wide(one.label, one.dtype, values)


def _seen(observed: list[_Wide], place: int) -> Seen:
    return Seen(
        tuple(
            Observation(one.label, one.dtype, None if one.values is None else one.values[place % len(one.values)])
            for one in observed
        )
    )


@dataclass(frozen=True)
class _Form:
    """What the payload of a scenario is like when nothing but numbers can differ.

    ``head`` is how it begins, ``size`` its length in bytes, ``runs`` where the compared numbers lie.
    """

    head: bytes
    size: int
    runs: list[_Run]

    @staticmethod
    def of(observed: list[_Wide]) -> _Form:
        codes = [wire.ABSENT if one.values is None else wire.DTYPES.index(one.dtype) for one in observed]
        forms = [wire.pack_form(code, one.shape) for code, one in zip(codes, observed, strict=True)]
        head = wire.pack_forms(wire.Status.OBSERVED, forms)
        runs: list[_Run] = []
        end = len(head)
        for one in observed:
            if one.values is None:
                continue
            dtype, begin = ON_THE_WIRE[one.dtype], end
            end += one.size * dtype.itemsize
            if one.counts:
                last_dtype, last, count = runs[-1] if runs else (None, 0, 0)
                if last_dtype == dtype and last + count * dtype.itemsize == begin:
                    runs[-1] = (dtype, last, count + one.size)
                else:
                    runs.append((dtype, begin, one.size))
        return _Form(head, end, runs)

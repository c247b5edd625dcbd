"""Names what is wrong with a layer: the misconceptions that explain a failed transcript, alone or two together.

A misconception explains a failed check when a layer that has it sees there what the candidate's layer saw, and it is
contradicted when such a layer fails a check the candidate's passed. Nothing is named that does not explain every failed
check, but for one case: a mistake that alone explains most of them, beside another that is not known.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import combinations

from judge import exam as exams
from judge.agreement import Agreement, agreement, hint_distance, nan_distance
from judge.exam import Transcript
from judge.fitting import fitted
from judge.grading import AnswerKey, Graded, grade
from judge.rehearsal import Frozen, Hypothesis, Rehearsal, frozen, hypotheses
from judge.report import Diagnosis, Text

NOTHING_KNOWN: Text = {
    "en": "No known misconception explains the checks that failed.",
    "zh": "失败的检查与任何已知的误解都不吻合。",
}

TWINS = (frozenset({"global_statistics", "scalar_statistics"}),)
"""Two names of one behaviour: both are given, because no observation of a layer could decide between them."""

MAX_PAIRS = 400
"""Pairs that are run; their order is by how well their habits fit, and the right one is nearly always among the first
hundred."""

MOST = 0.6
"""Of the failed checks: what a mistake must explain to be named beside an unknown one."""


def prepare(slug: str) -> None:
    """Learns the habits of a problem's misconceptions ahead, so that its first diagnosis is as quick as the next."""
    hypotheses(slug)


def diagnose(key: AnswerKey, transcript: Transcript, graded: Graded) -> tuple[Diagnosis, ...]:
    """The misconceptions that explain ``transcript``; empty when it is right or matches none.

    A layer that only follows a convention this exam does not accept has no misconception.
    """
    graded = grade(key, transcript, tuple(key.by_convention))
    if not any(graded.differences):
        return ()
    cases = [_Case(key, transcript, graded, convention) for convention in _conventions(key, graded)]
    for search in (_alone, _together, _mostly):
        for case in cases:
            explanations = search(case)
            if explanations:
                return _named(case, min(explanations, key=case.preference), explanations)
    return ()


def _conventions(key: AnswerKey, graded: Graded) -> list[str]:
    """The conventions worth supposing, the one that was seen first."""
    if graded.convention in key.by_convention:
        return [graded.convention]
    return [graded.graded_as, *(one for one in key.by_convention if one != graded.graded_as)]


class _Case:
    """A failed transcript, supposed to follow one convention, and what has been found out about it."""

    def __init__(self, key: AnswerKey, transcript: Transcript, graded: Graded, convention: str) -> None:
        self.key = key
        self.transcript = transcript
        self.rehearsal = Rehearsal(key.exam, convention)
        self.expected = key.by_convention[convention]
        places = [index for index, seen in enumerate(transcript) if seen is not None]
        failed = [index for index in places if graded.differences[index] is not None]
        self.failed = sorted(failed, key=lambda index: (len(key.exam.concretes[index].steps), index))
        self.failed_mask = mask_of(failed)
        self.passed_mask = mask_of(index for index in places if graded.differences[index] is None)
        self.known = hypotheses(key.exam.problem.slug)
        self.with_number = _once_each(one for one in self.known if one.fitted is not None)
        self.numbers: list[Hypothesis] | None = None
        self._agreements: dict[tuple[Frozen, int], Agreement] = {}

    def agreement(self, changes: Frozen, index: int) -> Agreement:
        """How well a layer with these changes agrees with the candidate's in one scenario."""
        place = (changes, index)
        if place not in self._agreements:
            seen = self.transcript[index]
            assert seen is not None  # noqa: S101 - only scenarios that were run are asked about
            self._agreements[place] = agreement(
                self.rehearsal.seen(changes, index),
                seen,
                self.expected[index],
                self.key.tolerances[index],
                lambda: self.rehearsal.second_sight(changes, index),
            )
        return self._agreements[place]

    def mismatch(self, habits: int) -> int:
        """How many checks the habits get wrong."""
        return (habits & self.passed_mask).bit_count() + (self.failed_mask & ~habits).bit_count()

    def slack(self) -> int:
        """How many checks habits may get wrong: they are those of another exam."""
        return max(2, len(self.failed) // 8)

    def explains_all(self, hypothesis: Hypothesis) -> bool:
        """Whether the hypothesis explains every failed check and is nowhere contradicted."""
        found = [Agreement.NO]
        for index in self.failed:
            if (one := self.agreement(hypothesis.changes, index)) is Agreement.NO:
                return False
            found.append(one)
        return (Agreement.YES in found or hypothesis.habits == self.failed_mask) and not self.contradicted(hypothesis)

    def contradicted(self, hypothesis: Hypothesis) -> bool:
        """Whether the hypothesis fails, or may fail, a check in another way than the candidate, who passed it."""
        suspects = indices_of(hypothesis.habits & self.passed_mask)
        return any(self.agreement(hypothesis.changes, index) is Agreement.NO for index in suspects)

    def preference(self, explanation: Explanation) -> tuple[object, ...]:
        """What explains more is preferred, then the same make, then what leaves less to chance, then the list."""
        changes = explanation.changes
        makes = nans = loose = 0
        for index, seen in enumerate(self.transcript):
            if seen is None:
                continue
            if any(label.startswith("hint.") for label in self.key.labels[index]):
                makes += hint_distance(self.rehearsal.seen(changes, index), seen)
            if self._agreements.get((changes, index)) is Agreement.LOOSE:
                loose += 1
                nans += nan_distance(self.rehearsal.seen(changes, index), seen)
        return -explanation.explained.bit_count(), makes, nans, loose, explanation.rank


@dataclass(frozen=True)
class Explanation:
    """Hypotheses that together explain the checks of ``explained``; ``changes`` are theirs merged."""

    parts: tuple[Hypothesis, ...]
    changes: Frozen
    explained: int

    @property
    def rank(self) -> tuple[tuple[int, ...], ...]:
        return tuple(part.rank for part in self.parts)


def mask_of(indices: Iterable[int]) -> int:
    """Scenario indices as the bits of one number."""
    mask = 0
    for index in indices:
        mask |= 1 << index
    return mask


def indices_of(mask: int) -> Iterator[int]:
    """The bits of ``mask``, lowest first."""
    while mask:
        lowest = mask & -mask
        yield lowest.bit_length() - 1
        mask ^= lowest


# One mistake


def _alone(case: _Case) -> list[Explanation]:
    """Single misconceptions that explain everything; their numbers are solved for when no usual value fits."""
    limit = max(4, len(case.failed) // 3)
    found: list[Explanation] = []
    for mismatch, one in sorted(((case.mismatch(one.habits), one) for one in case.known), key=lambda pair: pair[0]):
        if mismatch > limit:
            break
        if case.explains_all(one):
            found.append(_explanation(case, one))
            limit = mismatch + 1  # what behaves alike has the same habits, give or take a check
    if found:
        return found
    return [_explanation(case, one) for one in _with_numbers(case) if case.explains_all(one)]


def _with_numbers(case: _Case) -> list[Hypothesis]:
    """Misconceptions with a number in them, each with the number that fits some failed check."""
    if case.numbers is None:
        case.numbers = list(_solved(case))
    return case.numbers


def _solved(case: _Case) -> Iterator[Hypothesis]:
    slack = case.slack()
    for hypothesis in case.with_number:
        if (hypothesis.habits & case.passed_mask).bit_count() > slack:
            continue
        for index in _probes(case, hypothesis):
            seen = case.transcript[index]
            one = None if seen is None else fitted(case.rehearsal, hypothesis, index, seen)
            if one is not None and case.agreement(one.changes, index) is Agreement.YES:
                yield one
                break


def _probes(case: _Case, hypothesis: Hypothesis) -> list[int]:
    """A failed check of each group that shows the mistake: where one is spoilt by another mistake, the next may not."""
    probes: dict[str, int] = {}
    for index in case.failed:
        if hypothesis.habits >> index & 1:
            probes.setdefault(case.key.exam.concretes[index].scenario.group, index)
    return list(probes.values())[:2]


def _once_each(numbered: Iterable[Hypothesis]) -> list[Hypothesis]:
    """Hypotheses that differ in more than their number; their habits are what every number has."""
    kinds: dict[Frozen, Hypothesis] = {}
    for one in numbered:
        kind = tuple(change for change in one.changes if change[0] != one.fitted)
        before = kinds.setdefault(kind, one)
        kinds[kind] = replace(before, habits=before.habits & one.habits)
    return list(kinds.values())


def _explanation(case: _Case, *parts: Hypothesis) -> Explanation:
    changes = frozen({name: value for part in parts for name, value in part.changes})
    return Explanation(parts, changes, case.failed_mask)


# Two mistakes


def _together(case: _Case) -> list[Explanation]:
    """Pairs of misconceptions that explain everything: each alone what only it shows, both together the rest."""
    found: list[Explanation] = []
    for tried, pair in enumerate(_likely_pairs(case)):
        if tried >= MAX_PAIRS:
            break
        merged = Hypothesis(
            pair[0].ids + pair[1].ids,
            _explanation(case, *pair).changes,
            pair[0].habits | pair[1].habits,
            pair[0].rank + pair[1].rank,
        )
        if case.explains_all(merged):
            found.append(_explanation(case, *pair))
    return found


def _likely_pairs(case: _Case) -> list[tuple[Hypothesis, Hypothesis]]:
    """Pairs whose habits make up the failed checks, the best first, each part agreeing where it shows alone."""
    slack = case.slack()
    pool = [one for one in (*case.known, *_with_numbers(case)) if (one.habits & case.passed_mask).bit_count() <= slack]
    scored = []
    for one, other in combinations(pool, 2):
        mismatch = case.mismatch(one.habits | other.habits)
        if mismatch <= slack and one.ids != other.ids and _compatible(one, other):
            scored.append((mismatch, one.rank, other.rank, one, other))
    scored.sort(key=lambda entry: entry[:3])
    shown = []
    for *_, one, other in scored:
        if (first := _shows(case, one, other)) is not False and (second := _shows(case, other, one)) is not False:
            shown.append(((first, second).count(None), one, other))
    shown.sort(key=lambda entry: entry[0])
    return [(one, other) for _, one, other in shown]


def _compatible(one: Hypothesis, other: Hypothesis) -> bool:
    """Whether both sets of changes can hold in one layer."""
    left, right = dict(one.changes), dict(other.changes)
    if any(left[name] != right[name] for name in left.keys() & right.keys()):
        return False
    return left.get("formula_in") == right.get("formula_in") or not _both_in_formula(left, right)


def _both_in_formula(left: dict[str, object], right: dict[str, object]) -> bool:
    formula = {"centring", "power", "eps_place", "eps_value"}
    return bool(formula & left.keys()) and bool(formula & right.keys())


def _shows(case: _Case, one: Hypothesis, other: Hypothesis) -> bool | None:
    """Whether ``one`` agrees with the candidate in a check that ``other`` does not disturb; None: there is none."""
    alone = one.habits & ~other.habits & case.failed_mask
    if not alone:
        return None
    probes = [index for index in case.failed if alone >> index & 1][:2]
    return any(case.agreement(one.changes, index) is not Agreement.NO for index in probes)


# One mistake beside something unknown


def _mostly(case: _Case) -> list[Explanation]:
    """Single misconceptions that explain most of the failed checks, and are nowhere contradicted."""
    found = []
    for one in case.known:
        if (one.habits & case.failed_mask).bit_count() < MOST * len(case.failed):
            continue
        explained = mask_of(
            index
            for index in indices_of(one.habits & case.failed_mask)
            if case.agreement(one.changes, index) is Agreement.YES
        )
        if explained.bit_count() >= MOST * len(case.failed) and not case.contradicted(one):
            found.append(Explanation((one,), one.changes, explained))
    return found


# In words


def _named(case: _Case, best: Explanation, explanations: list[Explanation]) -> tuple[Diagnosis, ...]:
    catalogue = {one.id: one for one in exams.module_of(case.key.exam.problem.slug, "misconceptions").MISCONCEPTIONS}
    named = []
    for part in best.parts:
        shown = best.explained & part.habits if len(best.parts) > 1 else best.explained
        checks = tuple(case.key.exam.concretes[index].scenario.check_id for index in indices_of(shown))
        for name in (*part.ids, *_twins(part.ids[0], explanations)):
            known = catalogue[name]
            named.append(Diagnosis(known.id, known.title, known.sentence, known.question, checks))
    return tuple(named)


def _twins(name: str, explanations: list[Explanation]) -> list[str]:
    """Other names of the same behaviour, where they explain the transcript as well."""
    others = {part.ids[0] for explanation in explanations for part in explanation.parts}
    return [other for twins in TWINS if name in twins for other in sorted(twins & others) if other != name]

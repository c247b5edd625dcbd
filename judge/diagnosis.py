"""Names what is wrong with a layer: the misconceptions that explain a failed transcript, alone or two together.

Three are named where two of them are known to come together.

A misconception explains a failed check when a layer that has it sees there what the candidate's layer saw, and it is
contradicted when such a layer fails a check the candidate's passed. Nothing is named that does not explain every failed
check, but for one case: a mistake that alone explains most of them, beside another that is not known.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from judge import exam as exams
from judge.exam import Transcript
from judge.grading import MIXED, Graded
from judge.key import AnswerKey
from judge.naming.agreement import Agreement
from judge.naming.fitting import fitted
from judge.naming.rehearsal import Frozen, Hypothesis, hypotheses, mask_of, together
from judge.naming.suspicion import OutOfRuns, Suspect, indices_of
from judge.report import Diagnosis, Text

NOTHING_KNOWN: Text = {
    "en": "No known misconception explains the checks that failed.",
    "zh": "失败的检查与任何已知的误解都不吻合。",
}

NOT_ACCEPTED: dict[str, Text] = {
    "biased": {
        "en": "Only the convention differs: the running variance is the biased one, which is not accepted here.",
        "zh": "只有约定不同：滑动方差用的是有偏方差，而这里不接受这种约定。",
    },
    "unbiased": {
        "en": "Only the convention differs: the running variance is the unbiased one, which is not accepted here.",
        "zh": "只有约定不同：滑动方差用的是无偏方差，而这里不接受这种约定。",
    },
}

MIXES: Text = {
    "en": "The running variance follows no one convention: only the biased one fits in {biased}, only the unbiased one "
    "in {unbiased}. The statement asks for one of them throughout.",
    "zh": "滑动方差混用了两种约定：{biased}只符合有偏约定，{unbiased}只符合无偏约定；题面要求始终使用同一种。",
}
"""What is mixed; each convention has its place, filled with titles of checks."""

GAP: Text = {"en": " ", "zh": ""}
BETWEEN: Text = {"en": ", ", "zh": "、"}
AND_MORE: Text = {"en": " and {more} more", "zh": "等 {all} 项"}
MOST_TITLES = 2
"""Of each convention: enough to find the two branches in the code."""

TWINS = (frozenset({"global_statistics", "scalar_statistics"}),)
"""Two names of one behaviour: both are given, because no observation of a layer could decide between them."""

MOST = 0.6
"""Of the failed checks: what a mistake must explain to be named beside an unknown one."""

FIRST_LOOK = 5
"""Failed checks of which what explains most of them explains at least one; all but one in a hundred do."""

RUNS_FOR_THREE = 400
"""Scenarios run to find the third of three mistakes; a company that does not fit is left after a handful."""

ANCHORS = 8
"""Failed checks in which one mistake of two is looked for alone; the rarest are those the other hardly spoils."""


@dataclass(frozen=True)
class Explanation:
    """Hypotheses that together explain the checks of ``explained``; ``whole`` is all of them in one layer."""

    parts: tuple[Hypothesis, ...]
    whole: Hypothesis
    explained: int


def prepare(slug: str) -> None:
    """Learns the habits of a problem's misconceptions ahead, so that its first diagnosis is as quick as the next."""
    hypotheses(slug)
    together(slug)


def diagnose(
    key: AnswerKey, transcript: Transcript, graded: Graded, pace: Callable[[], None] = lambda: None
) -> tuple[Diagnosis, ...]:
    """The misconceptions that explain ``transcript``; empty when it is right or matches none.

    A layer that only follows a convention the problem does not accept has no misconception. ``pace`` is called before
    each scenario that is run: it may wait, and what it raises ends the search.
    """
    if not all(any(differences) for differences in graded.by_convention.values()):
        return ()
    closest_to = graded.comparison.closest(tuple(key.by_convention))
    suspects = [
        Suspect(key, transcript, graded.by_convention[convention], convention, pace)
        for convention in _conventions(key, graded, closest_to)
    ]
    for search in (_alone, _together, _three, _mostly):
        for suspect in suspects:
            if search is not _alone and suspect.stopped_everywhere:
                continue  # a layer that never came to an answer shows one mistake at most
            if found := search(suspect):
                best = min(found, key=lambda one: _preference(suspect, one))
                if len(best.parts) == 1 and suspect.made_otherwise(best.whole):
                    continue  # nor is any of those that explain as much, all of them made less alike
                return _named(suspect, best, found)
    return ()


def _conventions(key: AnswerKey, graded: Graded, best: str) -> list[str]:
    """The convention that was seen, or all of them."""
    if graded.convention in key.by_convention:
        return [graded.convention]
    return [best, *(one for one in key.by_convention if one != best)]


def _preference(suspect: Suspect, explanation: Explanation) -> tuple[object, ...]:
    """What explains more is preferred, then what is least in doubt, then the order of the catalogue."""
    ranks = [part.rank for part in explanation.parts]
    return -explanation.explained.bit_count(), *suspect.doubt(explanation.whole), ranks


# One mistake


def _alone(suspect: Suspect) -> list[Explanation]:
    """Single misconceptions that explain everything; their numbers are solved for when no usual value fits."""
    limit = max(4, len(suspect.failed) // 3)
    found: list[Explanation] = []
    with contextlib.suppress(OutOfRuns):
        for mismatch, one in sorted(((suspect.mismatch(one), one) for one in suspect.known), key=lambda pair: pair[0]):
            if mismatch > limit and one.steady:
                continue
            if suspect.explains_all(one):
                found.append(Explanation((one,), one, suspect.failed_mask))
                limit = min(limit, mismatch + 1)  # what behaves alike has the same habits, give or take a check
        if not found:
            solved = _with_numbers(suspect)
            found = [Explanation((one,), one, suspect.failed_mask) for one in solved if suspect.explains_all(one)]
    return found


def _with_numbers(suspect: Suspect) -> list[Hypothesis]:
    """Misconceptions with a number in them, each with the number that fits some failed check."""
    found = []
    for hypothesis in _once_each(one for one in suspect.known if one.fitted is not None):
        if suspect.spoils(hypothesis) > suspect.slack:
            continue
        for index in _probes(suspect, hypothesis):
            one = fitted(suspect.rehearsal, hypothesis, index, suspect.seen[index])
            if one is not None and suspect.agreement(one, index) is Agreement.YES:
                found.append(one)
                break
    return found


def _probes(suspect: Suspect, hypothesis: Hypothesis) -> list[int]:
    """A failed check of two groups that shows the mistake: where one is spoilt by another mistake, one may not be."""
    probes: dict[str, int] = {}
    for index in suspect.failed:
        if hypothesis.habits >> index & 1:
            probes.setdefault(suspect.key.exam.concretes[index].scenario.group, index)
    return list(probes.values())[:2]


def _once_each(numbered: Iterable[Hypothesis]) -> list[Hypothesis]:
    """Hypotheses that differ in more than their number; their habits are what every number has."""
    kinds: dict[tuple[str | None, Frozen], Hypothesis] = {}
    for one in numbered:
        kind = one.fitted, tuple(change for change in one.changes if change[0] != one.fitted)
        before = kinds.setdefault(kind, one)
        kinds[kind] = replace(before, habits=before.habits & one.habits, plain=before.plain & one.plain)
    return list(kinds.values())


# Two mistakes


def _together(suspect: Suspect) -> list[Explanation]:
    """Pairs of misconceptions that explain everything, one of them alone in some check that few can spoil."""
    found: list[Explanation] = []
    with contextlib.suppress(OutOfRuns):
        pool = _pool(suspect) + _with_numbers(suspect)
        rarest = _rarest_first(suspect, pool)
        enough = 0
        for anchors, one in _anchored(suspect, pool, rarest):
            if anchors < enough:
                break  # what explains the same pair as well explains as many anchors
            pairs = list(_with_partner(suspect, one, pool, rarest))
            if pairs and not found:
                enough = anchors
            found += pairs
    return found


def _three(suspect: Suspect) -> list[Explanation]:
    """Two misconceptions that are known to come together, and a third; looked for only where no two explain it all."""
    found: list[Explanation] = []
    with contextlib.suppress(OutOfRuns):
        pool = _pool(suspect)
        rarest = _rarest_first(suspect, pool)
        likely = [two for two in together(suspect.key.exam.problem.slug) if suspect.spoils(two) <= suspect.slack]
        if likely:
            suspect.may_run_more(RUNS_FOR_THREE)  # the search for two may have used up its own
        for two in likely:
            if not found:  # of one make, the others say the same
                found += _with_partner(suspect, two, pool, rarest)
    return found


def _pool(suspect: Suspect) -> list[Hypothesis]:
    """What may be there beside something else."""
    return [one for one in suspect.known if suspect.spoils(one) <= suspect.slack and not suspect.denies(one)]


def _rarest_first(suspect: Suspect, pool: list[Hypothesis]) -> list[int]:
    """The failed checks, those first that the fewest hypotheses are in the habit of failing."""
    spoilers = {index: sum(one.habits >> index & 1 for one in pool) for index in suspect.failed}
    return sorted((index for index in suspect.failed if spoilers[index]), key=lambda index: spoilers[index])


def _anchored(suspect: Suspect, pool: list[Hypothesis], rarest: list[int]) -> list[tuple[int, Hypothesis]]:
    """Hypotheses that explain an anchor alone, with how many they explain; those first that explain the most."""
    anchors: dict[int, int] = {}
    with contextlib.suppress(OutOfRuns):
        for index in rarest[:ANCHORS]:
            for place, one in enumerate(pool):
                if one.habits >> index & 1 and suspect.agreement(one, index) is not Agreement.NO:
                    anchors[place] = anchors.get(place, 0) + 1
    return [(anchors[place], pool[place]) for place in sorted(anchors, key=lambda place: -anchors[place])]


def _with_partner(
    suspect: Suspect, one: Hypothesis, pool: list[Hypothesis], rarest: list[int]
) -> Iterator[Explanation]:
    """Pairs of ``one`` with what explains the rest: first looked for in the rarest check ``one`` leaves unexplained."""
    open_check = next((index for index in rarest if suspect.agreement(one, index) is Agreement.NO), None)
    if open_check is None:
        return
    for other in pool:
        if not other.habits >> open_check & 1 or set(other.ids) & set(one.ids) or not _compatible(one, other):
            continue
        if suspect.mismatch(one, other) > suspect.slack:
            continue
        first, second = sorted((one, other), key=lambda part: part.rank)
        both = first.beside(second)
        if both.in_order and suspect.agreement(both, min(suspect.failed)) is Agreement.NO:
            continue
        if suspect.agreement(both, open_check) is not Agreement.NO and suspect.explains_all(both):
            yield Explanation((first, second), both, suspect.failed_mask)


def _compatible(one: Hypothesis, other: Hypothesis) -> bool:
    """Whether both sets of changes can hold in one layer."""
    left, right = dict(one.changes), dict(other.changes)
    if any(left[name] != right[name] for name in left.keys() & right.keys()):
        return False
    return left.get("formula_in") == right.get("formula_in") or not _both_in_formula(left, right)


def _both_in_formula(left: dict[str, object], right: dict[str, object]) -> bool:
    formula = {"centring", "power", "eps_place", "eps_value"}
    return bool(formula & left.keys()) and bool(formula & right.keys())


# One mistake beside something unknown


def _mostly(suspect: Suspect) -> list[Explanation]:
    """Single misconceptions that explain most of the failed checks by what was seen there, and contradict none."""
    found: list[Explanation] = []
    needed = MOST * len(suspect.failed)
    with contextlib.suppress(OutOfRuns):
        for one in suspect.known:
            open_to_it = one.habits & suspect.failed_mask & ~mask_of(suspect.stops)
            if open_to_it.bit_count() < needed:
                continue
            explained = _explained(suspect, one, open_to_it, needed)
            if explained and not suspect.contradicted(one):
                found.append(Explanation((one,), one, explained))
    return found


def _explained(suspect: Suspect, one: Hypothesis, open_to_it: int, needed: float) -> int:
    """The checks of ``open_to_it`` the hypothesis explains; 0 as soon as they can hardly be as many as needed."""
    explained, left = 0, open_to_it.bit_count()
    for tried, index in enumerate(_shuffled(open_to_it)):
        if tried == FIRST_LOOK and not explained:
            return 0
        left -= 1
        if suspect.agreement(one, index) is Agreement.YES:
            explained |= 1 << index
        if explained.bit_count() + left < needed:
            return 0
    return explained


def _shuffled(mask: int) -> list[int]:
    """The bits of ``mask`` in an order that visits every group of checks early; always the same one."""
    return sorted(indices_of(mask), key=lambda index: (index * 17 % 64, index))


# In words


def _named(suspect: Suspect, best: Explanation, found: list[Explanation]) -> tuple[Diagnosis, ...]:
    exam = suspect.key.exam
    catalogue = {one.id: one for one in exams.module_of(exam.problem.slug, "misconceptions").MISCONCEPTIONS}
    named = []
    for part in best.parts:
        shown = best.explained & part.habits if len(best.parts) > 1 else best.explained
        checks = tuple(exam.concretes[index].scenario.check_id for index in indices_of(shown))
        for name in (*part.ids, *_twins(part.ids[0], found)):
            known = catalogue[name]
            sentence = known.sentence
            if known.alone is not None and best.whole.ids == (known.id,) and best.explained == suspect.failed_mask:
                sentence = {one: sentence[one] + GAP[one] + known.alone[one] for one in sentence}
            named.append(Diagnosis(known.id, known.title, sentence, known.question, checks))
    return tuple(named)


def note(key: AnswerKey, graded: Graded) -> Text:
    """What to say of a wrong answer without a name: which convention it follows, or which it mixes where, if any."""
    for convention, differences in graded.by_convention.items():
        if not any(differences):
            return NOT_ACCEPTED[convention]
    if graded.convention != MIXED:
        return NOTHING_KNOWN
    rows = list(zip(*graded.by_convention.values(), strict=True))
    mixes = {language: words.format(**_followed(key, graded, language)) for language, words in MIXES.items()}
    if all(None in row for row in rows):
        return mixes
    return {language: NOTHING_KNOWN[language] + GAP[language] + mixes[language] for language in mixes}


def _followed(key: AnswerKey, graded: Graded, language: str) -> dict[str, str]:
    """By convention, the checks that pass under it alone."""
    titles: dict[str, list[str]] = {name: [] for name in graded.by_convention}
    for concrete, *row in zip(key.exam.concretes, *graded.by_convention.values(), strict=True):
        passing = [name for name, difference in zip(titles, row, strict=True) if difference is None]
        if len(passing) == 1:
            titles[passing[0]].append(concrete.scenario.title[language])
    return {name: _listed(found, language) for name, found in titles.items()}


def _listed(titles: list[str], language: str) -> str:
    shown = BETWEEN[language].join(f"“{title}”" for title in titles[:MOST_TITLES])
    more = len(titles) - MOST_TITLES
    return shown + AND_MORE[language].format(more=more, all=len(titles)) if more > 0 else shown


def _twins(name: str, found: list[Explanation]) -> list[str]:
    """Other names of the same behaviour, where they explain the transcript as well."""
    others = {part.ids[0] for explanation in found for part in explanation.parts}
    return [other for twins in TWINS if name in twins for other in sorted(twins & others) if other != name]

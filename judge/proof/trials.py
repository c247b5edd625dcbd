"""Sample submissions on many fresh exams: the right ones pass every check of each, the wrong ones fail one of each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from judge import exam as exams
from judge.cell.driver import LayerFactory, Roles
from judge.comparing import distance, same
from judge.exam import Transcript
from judge.grading import MIXED, Graded, grade
from judge.key import AnswerKey, answer_key
from judge.problem import Problem
from judge.proof.specimens import Specimen, in_this_process
from judge.report import CheckStatus, Verdict


@dataclass
class _Widest:
    """The largest part of a tolerance that any right sample needed, and where."""

    ratio: float = 0.0
    place: str = ""

    def note(self, ratio: float, place: str) -> None:
        if ratio > self.ratio:
            self.ratio, self.place = ratio, place


def trials(
    problem: Problem, samples: Sequence[Specimen], seeds: Sequence[int], out: Callable[[str], None]
) -> list[str]:
    """What is amiss; ``out`` receives one line on the right samples and one on the wrong ones."""
    keys = [answer_key(exams.prepare(problem, seed)) for seed in seeds]
    right = [sample for sample in samples if sample.verdict is Verdict.ACCEPTED]
    wrong = [sample for sample in samples if sample.verdict is Verdict.WRONG_ANSWER]
    widest, followed = _Widest(), dict.fromkeys(keys[0].by_convention, 0)
    idle = {scenario.check_id for scenario in keys[0].exam.scenarios if scenario.large}
    complaints = []
    for sample in right:
        with in_this_process(sample, problem, keys[0].exam.rank) as (build, roles):
            complaints += _right(sample, keys, build, roles, widest, followed)
    for sample in wrong:
        with in_this_process(sample, problem, keys[0].exam.rank) as (build, roles):
            complaints += _wrong(sample, keys, build, roles, idle)
    out(f"  right samples: {len(right)} on {len(keys)} exams; the widest uses {widest.ratio:.1%} of a tolerance")
    out(f"    ({widest.place}); conventions: {', '.join(f'{name} {count}' for name, count in followed.items())}")
    out(f"  wrong samples: {len(wrong)} on {len(keys)} exams")
    complaints += [f"{check} catches no sample" for check in sorted(idle)]
    return complaints + [
        f"no right sample follows the {name} convention" for name, count in followed.items() if not count
    ]


def _right(
    sample: Specimen,
    keys: Sequence[AnswerKey],
    build: LayerFactory,
    roles: Roles,
    widest: _Widest,
    followed: dict[str, int],
) -> list[str]:
    conventions = set()
    for key in keys:
        large = key is keys[0]  # a minute for a loop over single values, which no machine has for each exam
        transcript = exams.observe(key.exam, build, roles, large=large)
        graded = grade(key, transcript, key.exam.problem.accept, spared=not large)
        failed = [graded.checks[place].id for place in _failed(graded)]
        if failed:
            return [f"{sample.name} is right and fails {', '.join(failed[:3])} on seed {key.exam.seed}"]
        conventions.add(graded.convention)
        _note(sample, key, transcript, graded.graded_as, widest)
    if len(conventions) != 1 or not conventions <= set(followed):
        return [f"{sample.name} is seen to follow {' and '.join(map(str, conventions))}"]
    followed[str(conventions.pop())] += 1
    return _pinned(sample, keys[0], build, roles)


def _note(sample: Specimen, key: AnswerKey, transcript: Transcript, convention: str, widest: _Widest) -> None:
    for place, seen in enumerate(transcript):
        if seen is not None:
            ratio = distance(key.by_convention[convention][place], seen, key.tolerances[place])
            widest.note(ratio, f"{sample.path.name}, {key.exam.concretes[place].scenario.check_id}")


def _pinned(sample: Specimen, key: AnswerKey, build: LayerFactory, roles: Roles) -> list[str]:
    """A right sample is wrong where only the convention it does not follow is accepted."""
    transcript = exams.observe(key.exam, build, roles, large=False)
    accepted = [
        name for name in key.by_convention if grade(key, transcript, (name,), spared=True).verdict is Verdict.ACCEPTED
    ]
    return [] if len(accepted) == 1 else [f"{sample.name} passes under {' and '.join(accepted)}"]


def _wrong(sample: Specimen, keys: Sequence[AnswerKey], build: LayerFactory, roles: Roles, idle: set[str]) -> list[str]:
    """Looks first where the sample failed last time; only an exam it seems to pass is run as a whole.

    What it fails is taken out of ``idle``.
    """
    last: int | None = None
    for key in keys:
        if last is not None and _fails(key, last, build, roles):
            continue
        graded = grade(key, exams.observe(key.exam, build, roles), key.exam.problem.accept)
        if graded.verdict is Verdict.ACCEPTED:
            return [f"{sample.name} is wrong and passes on seed {key.exam.seed}"]
        last = None if graded.convention == MIXED else next(iter(_failed(graded)), None)
        idle -= {check.id for check in graded.checks if check.status is CheckStatus.FAILED}
    return []


def _failed(graded: Graded) -> list[int]:
    """The places of the checks that cost points."""
    return [place for place, check in enumerate(graded.checks) if check.points < check.max_points]


def _fails(key: AnswerKey, place: int, build: LayerFactory, roles: Roles) -> bool:
    """Whether the layer fails this one scenario under every accepted convention."""
    seen = exams.observe_one(key.exam.concretes[place], build, roles)
    return all(
        same(key.by_convention[name][place], seen, key.tolerances[place]) is not None
        for name in key.exam.problem.accept
    )

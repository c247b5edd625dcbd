"""The stock of exams: each is handed out once, and an edition prepared for one serves those that follow."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from judge.exam import edition_of
from judge.problem import load
from judge.problems.batchnorm.steps import COPIES
from judge.stock import Prepared, Stock, prepare_exam

PROBLEM = load("batchnorm1d")


def test_no_exam_is_handed_out_twice() -> None:
    empty = Stock("cpu", 0, core_is_free=lambda: True)
    seeds = [empty.take(PROBLEM).exam.seed for _ in range(2 * COPIES + 1)]
    assert len(set(seeds)) == 2 * COPIES + 1
    assert len({edition_of(PROBLEM, seed)[0] for seed in seeds}) == 3


def test_who_comes_while_an_edition_is_prepared_gets_an_exam_of_it() -> None:
    empty = Stock("cpu", 0, core_is_free=lambda: True)
    with ThreadPoolExecutor(4) as pool:
        seeds = [taken.exam.seed for taken in pool.map(empty.take, [PROBLEM] * 4)]
    assert len(set(seeds)) == 4
    assert len({edition_of(PROBLEM, seed)[0] for seed in seeds}) == 1


def test_an_exam_is_repeated_by_its_seed() -> None:
    taken = Stock("cpu", 0, core_is_free=lambda: True).take(PROBLEM)
    again = prepare_exam(PROBLEM, "cpu", seed=taken.exam.seed)
    assert again.encoded == taken.encoded
    assert again is prepare_exam(PROBLEM, "cpu", seed=taken.exam.seed)


def test_the_exam_of_samples_is_prepared_once() -> None:
    first = prepare_exam(PROBLEM, "cpu", seed=1, samples=True)
    assert prepare_exam(PROBLEM, "cpu", seed=2, samples=True) is first


def test_it_is_refilled_while_a_core_is_free() -> None:
    answers: list[bool] = []
    free = False

    def core_is_free() -> bool:
        answers.append(free)
        return free

    filled = Stock("cpu", 2, core_is_free=core_is_free)
    try:
        assert _eventually(lambda: len(answers) >= 2)
        assert _ready(filled) == []
        free = True
        assert _eventually(lambda: len(_ready(filled)) >= 2)
    finally:
        filled.close()


def _eventually(is_true: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 60
    while not is_true() and time.monotonic() < deadline:
        time.sleep(0.01)
    return is_true()


def _ready(filled: Stock) -> list[Prepared]:
    return list(filled._ready[PROBLEM.slug])

"""Exams with their answer keys, prepared ahead an edition at a time while a core is free; each is handed out once."""

from __future__ import annotations

import secrets
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from judge.exam import Exam, draw, edition_of, encode
from judge.key import AnswerKey, answer_keys
from judge.problem import Problem, load_all

SEED_BITS = 53
"""53 bits: a seed survives any JSON reader that keeps numbers as doubles."""

_LOOK_AGAIN_SECONDS = 0.005


@dataclass(frozen=True)
class Prepared:
    """An exam with its answer key and its bytes for a cell: all that can be known before the code is."""

    exam: Exam
    key: AnswerKey
    encoded: bytes


def fresh_seed() -> int:
    """A seed nobody can foresee."""
    return secrets.randbits(SEED_BITS)


def prepare_edition(problem: Problem, device: str, number: int, *, samples: bool = False) -> list[Prepared]:
    """All exams of one edition, or the exam of samples, which is the same whatever its number."""
    edition = draw(problem, number, samples=samples)
    return [
        Prepared(*each) for each in zip(edition.exams(), answer_keys(edition), encode(edition, device), strict=True)
    ]


def prepare_exam(problem: Problem, device: str, *, seed: int, samples: bool = False) -> Prepared:
    """The exam of ``seed``, to the last digit as it was when its edition was prepared ahead."""
    if samples:
        return _lately_prepared(problem, device, 0, samples=True)[0]
    number, place = edition_of(problem, seed)
    return _lately_prepared(problem, device, number)[place]


_lately_prepared = lru_cache(maxsize=4)(prepare_edition)
"""Samples are run again and again, and so is a seed that was asked for: a rejudge of everybody, a proof."""


class Stock:
    """Keeps ``size`` exams of each problem ready or more; a thread refills it whenever ``core_is_free`` says so."""

    def __init__(self, device: str, size: int, core_is_free: Callable[[], bool]) -> None:
        self._device = device
        self._size = size
        self._core_is_free = core_is_free
        self._problems = load_all()
        self._ready: dict[str, deque[Prepared]] = {problem.slug: deque() for problem in self._problems}
        self._making = {problem.slug: threading.Lock() for problem in self._problems}
        self._wanted = threading.Condition()
        self._closed = False
        self._filler = threading.Thread(target=self._fill, name="stock", daemon=True)
        if size:
            self._filler.start()

    def take(self, problem: Problem) -> Prepared:
        """An exam never used before: from the stock, or of an edition prepared now when the stock is empty."""
        taken = self._from_stock(problem)
        if taken is None:
            with self._making[problem.slug]:  # the second to come finds what the first has made meanwhile
                taken = self._from_stock(problem)
                if taken is None:
                    taken, *rest = self._edition(problem)
                    with self._wanted:
                        self._ready[problem.slug] += rest
        return taken

    def _from_stock(self, problem: Problem) -> Prepared | None:
        ready = self._ready[problem.slug]
        with self._wanted:
            if len(ready) <= self._size:
                self._wanted.notify()
            return ready.popleft() if ready else None

    def close(self) -> None:
        """Ends the refilling."""
        with self._wanted:
            self._closed = True
            self._wanted.notify()
        if self._filler.is_alive():
            self._filler.join()

    def _fill(self) -> None:
        while (problem := self._next_short()) is not None:
            self._prepare(problem)

    def _prepare(self, problem: Problem) -> None:
        with self._making[problem.slug]:
            if len(self._ready[problem.slug]) < self._size:
                edition = self._edition(problem)
                with self._wanted:
                    self._ready[problem.slug] += edition

    def _edition(self, problem: Problem) -> list[Prepared]:
        number, _ = edition_of(problem, fresh_seed())
        return prepare_edition(problem, self._device, number)

    def _next_short(self) -> Problem | None:
        """The problem that is shortest of exams, once there is one and a core is free; None once closed."""
        with self._wanted:
            while not self._closed:
                short = [problem for problem in self._problems if len(self._ready[problem.slug]) < self._size]
                if short and self._core_is_free():
                    return min(short, key=lambda each: len(self._ready[each.slug]))
                self._wanted.wait(_LOOK_AGAIN_SECONDS if short else None)
        return None

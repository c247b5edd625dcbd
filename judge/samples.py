"""Shows a sample scenario whole: its steps in words, what went in, what was expected, what came out."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np

from judge.cell.driver import HINT
from judge.comparing import UNKNOWN_COMPLAINT, raised
from judge.exam import Array, Concrete, Observation, Seen, Transcript
from judge.grading import grade
from judge.key import AnswerKey
from judge.problem import LANGUAGES, Problem
from judge.report import CheckResult, CheckStatus, SampleView, Text
from judge.words import COMPLAINTS


def views(key: AnswerKey, transcript: Transcript, accept: tuple[str, ...]) -> tuple[SampleView, ...]:
    """One view for each observation of each sample scenario; survives any transcript."""
    graded = grade(key, transcript, accept)
    conventions = (graded.graded_as, *(one for one in accept if one != graded.graded_as))
    return _each_cause_once(
        _view(key, place, row, check, seen, conventions)
        for place, (check, seen) in enumerate(zip(graded.checks, transcript, strict=True))
        for row, label in enumerate(key.labels[place])
        if not label.startswith(HINT)
    )


def _each_cause_once(shown: Iterable[tuple[SampleView, bool]]) -> tuple[SampleView, ...]:
    """The views, each given with whether something stopped it; what it was stands in the first that it stopped."""
    told: dict[str, SampleView] = {}
    found = []
    for view, stopped in shown:
        first = told.setdefault(view.actual["en"], view) if stopped else view
        found.append(view if first is view else replace(view, actual=_as_in(first), follows=first.check_id))
    return tuple(found)


def _as_in(first: SampleView) -> Text:
    return {"en": f"The same as above, in “{first.title['en']}”.", "zh": f"与上面“{first.title['zh']}”中的相同。"}


def _view(
    key: AnswerKey, place: int, row: int, check: CheckResult, seen: Seen | None, accept: tuple[str, ...]
) -> tuple[SampleView, bool]:
    concrete = key.exam.concretes[place]
    expected = [(name, key.by_convention[name][place].observations[row].values) for name in accept]
    label = key.labels[place][row]
    came = seen.observations[row] if seen is not None and row < len(seen.observations) else None
    largest, index = _furthest(expected[0][1], came)
    view = SampleView(
        check_id=check.id,
        title=concrete.scenario.title,
        steps=steps_in_words(concrete, key.exam.problem.class_names[0]),
        observation=label,
        input=_input(concrete, label),
        expected=_expected(key.exam.problem, expected, check.status),
        actual=_actual(seen, came),
        largest_difference=largest,
        difference_index=index,
        status=check.status,
    )
    return view, seen is not None and came is None


def _expected(problem: Problem, expected: list[tuple[str, Array | None]], status: CheckStatus) -> Text:
    """The numbers of the convention the layer came closest to; on a failure those of every accepted one."""
    _, first = expected[0]
    others = [(name, array) for name, array in expected[1:] if not _equal(array, first)]
    if status is CheckStatus.PASSED or not others:
        return _in_every_language(printed(first))
    headings = {convention.id: convention.heading for convention in problem.conventions}
    return {
        language: "\n".join(f"{headings[name][language]}\n{printed(array)}" for name, array in (expected[0], *others))
        for language in LANGUAGES
    }


def _in_every_language(numbers: str) -> Text:
    return dict.fromkeys(LANGUAGES, numbers)


def _equal(one: Array | None, other: Array | None) -> bool:
    return one is other or (one is not None and other is not None and np.array_equal(one, other, equal_nan=True))


def _actual(seen: Seen | None, came: Observation | None) -> Text:
    if came is not None:
        what = "None" if came.dtype == "absent" else came.dtype if came.values is None else printed(came.values)
        return _in_every_language(what)
    if seen is None:
        return _in_every_language("")
    if seen.error is not None:
        return raised(seen.error.type, seen.error.line, seen.error.message)
    return _in_every_language("") if seen.complaint is None else COMPLAINTS.get(seen.complaint, UNKNOWN_COMPLAINT)


def _furthest(expected: Array | None, came: Observation | None) -> tuple[float | None, tuple[int, ...] | None]:
    if expected is None or came is None or came.values is None or came.values.shape != expected.shape:
        return None, None
    with np.errstate(all="ignore"):
        apart = np.abs(came.values.astype(np.float64) - expected)
    if not apart.size or not np.isfinite(apart).all():
        return None, None
    index = tuple(int(axis) for axis in np.unravel_index(int(apart.argmax()), apart.shape))
    return float(apart[index]), index


def _input(concrete: Concrete, label: str) -> str:
    """The input of the forward an observation belongs to: its name is the label's beginning."""
    for operation, arguments in concrete.steps:
        if operation == "forward" and label.split(".")[0] == arguments["out"]:
            return printed(concrete.tensors[arguments["x"]])
    return ""


def printed(array: Array | None) -> str:
    """A small tensor as rows of numbers; a large one is cut in its middle."""
    if array is None:
        return "None"
    text = np.array2string(array, precision=4, suppress_small=True, separator=", ", threshold=100, max_line_width=100)
    return re.sub(r"\n\n+", "\n", text)


# Steps in words


def steps_in_words(concrete: Concrete, class_name: str) -> tuple[Text, ...]:
    """What the scenario does, step by step, in every language."""
    words = _Words(concrete, class_name)
    return tuple(words.of(operation, arguments) for operation, arguments in concrete.steps)


class _Words:
    """Follows a scenario and remembers the mode its layer is in."""

    def __init__(self, concrete: Concrete, class_name: str) -> None:
        self.tensors = concrete.tensors
        self.class_name = class_name
        self.mode = "train"

    def of(self, operation: str, arguments: dict[str, Any]) -> Text:
        if operation in ("train", "eval"):
            self.mode = operation
        write = getattr(self, operation)
        words: Text = write(**arguments)
        return words

    def _inline(self, index: int) -> str:
        text = np.array2string(
            self.tensors[index], separator=", ", threshold=100, formatter={"float_kind": "{:g}".format}
        )
        return re.sub(r"\s+", " ", text)

    def build(self, layer: str, args: list[Any], kwargs: dict[str, Any]) -> Text:
        call = ", ".join([*map(str, args), *(f"{name}={value}" for name, value in kwargs.items())])
        return {"en": f"Build {self.class_name}({call}).", "zh": f"构造 {self.class_name}({call})。"}

    def affine(self, layer: str, scale: int, shift: int) -> Text:
        scales, shifts = self._inline(scale), self._inline(shift)
        return {
            "en": f"Set scale to {scales} and shift to {shifts}.",
            "zh": f"把缩放设为 {scales}，平移设为 {shifts}。",
        }

    def train(self, layer: str) -> Text:
        return {"en": "Call train() on the layer.", "zh": "对该层调用 train()。"}

    def eval(self, layer: str) -> Text:
        return {"en": "Call eval() on the layer.", "zh": "对该层调用 eval()。"}

    def forward(self, layer: str, x: int, out: str, observe: bool = True) -> Text:
        given = self._inline(x)
        mode_en, mode_zh = ("training", "训练") if self.mode == "train" else ("evaluation", "推理")
        look_en, look_zh = (" and look at its output", "，并查看输出") if observe else ("", "")
        return {
            "en": f"In {mode_en} mode, call the layer on {given}{look_en}.",
            "zh": f"在{mode_zh}模式下，以 {given} 调用该层{look_zh}。",
        }

    def backward(self, layer: str, upstream: int, out: str) -> Text:
        given = self._inline(upstream)
        return {
            "en": f"Run backward with {given} as the gradient of the output, and look at the gradients.",
            "zh": f"以 {given} 作为输出的梯度做反向传播，并查看各个梯度。",
        }

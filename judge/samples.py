"""Shows a sample scenario whole: its steps in words, what went in, what was expected, what came out."""

from __future__ import annotations

from judge.exam import Transcript
from judge.grading import AnswerKey
from judge.report import SampleView


def views(key: AnswerKey, transcript: Transcript, accept: tuple[str, ...]) -> tuple[SampleView, ...]:
    """One view for each observation of each sample scenario."""
    return ()

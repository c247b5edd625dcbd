"""Names the misconceptions that explain a failed transcript."""

from __future__ import annotations

from judge.exam import Transcript
from judge.grading import AnswerKey, Graded
from judge.report import Diagnosis, Text

NOTHING_KNOWN: Text = {
    "en": "No known misconception explains this; the failed checks are listed above.",
    "zh": "没有已知的误解能解释这个结果；未通过的检查见上表。",
}


def diagnose(key: AnswerKey, transcript: Transcript, graded: Graded) -> tuple[Diagnosis, ...]:
    """The misconceptions that explain the failed checks; empty until the catalogue is there."""
    return ()

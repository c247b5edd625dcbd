"""What a named misconception is: its words for the interviewer and the choices that make a layer wrong in this way."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce

from judge.problems.batchnorm.choices import Changes
from judge.report import Text

BOTH_RANKS = (2, 4)
ONLY_IMAGES = (4,)


@dataclass(frozen=True)
class Misconception:
    """One mistake that has a name. ``variants`` are the ways it is coded that behave differently, the usual one first.

    ``fitted`` names a choice that holds a number a candidate may have typed: it is solved for, and the values in the
    variants are only where the search begins. ``steady`` is False where the shapes an exam draws decide what fails,
    ``random`` True where layers may start at random values.
    """

    id: str
    title: Text
    sentence: Text
    question: Text
    variants: tuple[Changes, ...]
    ranks: tuple[int, ...] = BOTH_RANKS
    fitted: str | None = None
    steady: bool = True
    random: bool = False
    alone: Text | None = None
    """What else is true of a layer that is right in everything else."""


def for_rank(text: Text, rank: int) -> Text:
    """The text in the words of a statement: what is a channel of [N, C, H, W] is a feature of [N, D]."""
    if rank != BOTH_RANKS[0]:
        return text
    as_features = (("channel", "feature"), ("Channel", "Feature"), ("通道", "特征"))
    return {
        language: reduce(lambda words, pair: words.replace(*pair), as_features, said) for language, said in text.items()
    }


def named(
    name: str,
    title: tuple[str, str],
    sentence: tuple[str, str],
    question: tuple[str, str],
    *variants: Changes,
    ranks: tuple[int, ...] = BOTH_RANKS,
    fitted: str | None = None,
    steady: bool = True,
    random: bool = False,
    alone: tuple[str, str] | None = None,
) -> Misconception:
    """A misconception from its words in English and Chinese."""
    said, spelt, asked = [dict(zip(("en", "zh"), pair, strict=True)) for pair in (title, sentence, question)]
    besides = None if alone is None else dict(zip(("en", "zh"), alone, strict=True))
    return Misconception(name, said, spelt, asked, variants, ranks, fitted, steady, random, besides)

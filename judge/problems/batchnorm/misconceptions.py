"""The catalogue of misconceptions both problems share, in the order in which equal explanations are preferred.

Where two of them explain a transcript equally well, the earlier one is named: a formula that is wrong comes before the
running statistics it spoils, those before the module's contract, and a narrow cause before a wide one.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import product

from judge.problems.batchnorm.choices import Changes
from judge.problems.batchnorm.mistakes_axes import AXES
from judge.problems.batchnorm.mistakes_formula import FORMULA
from judge.problems.batchnorm.mistakes_gradients import GRADIENTS
from judge.problems.batchnorm.mistakes_module import MODULE
from judge.problems.batchnorm.mistakes_running import RUNNING
from judge.problems.batchnorm.named import Misconception, for_rank

CATALOGUE: tuple[Misconception, ...] = FORMULA + RUNNING + MODULE + AXES + GRADIENTS

TOGETHER: tuple[tuple[tuple[str, ...], Changes], ...] = tuple(
    (("affine_not_parameters", "stats_not_buffers"), {"affine_kind": affine, "stats_kind": stats})
    for affine, stats in product(("plain_attributes", "attributes"), ("attributes", "attributes_in_place"))
)
"""Misconceptions that come together, with the changes of both: whoever forgets nn.Module forgets it everywhere."""


def of_rank(rank: int) -> tuple[Misconception, ...]:
    """The misconceptions one can have about inputs of this rank: 2 for [N, D], 4 for [N, C, H, W]."""
    return tuple(
        replace(
            one,
            title=for_rank(one.title, rank),
            sentence=for_rank(one.sentence, rank),
            question=for_rank(one.question, rank),
        )
        for one in CATALOGUE
        if rank in one.ranks
    )

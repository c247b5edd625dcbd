"""The sample scenarios: fixed numbers, small enough to follow by hand."""

from __future__ import annotations

import numpy as np

from judge.exam import Array
from judge.problems.batchnorm.steps import ONE_D, Book, Script

book = Book()


def _batch(s: Script, rows: list[list[float]]) -> Array:
    """Rows of two channels; in 2d two rows make the pixels of one image, one row an image of one pixel."""
    table = np.array(rows)
    if s.rank == ONE_D:
        return table
    width = min(2, len(rows))
    return table.reshape(-1, 1, width, 2).transpose(0, 3, 1, 2)


FOUR_ROWS = [[1.0, 10.0], [3.0, 10.0], [5.0, 14.0], [7.0, 14.0]]
"""Means 4 and 12, biased variances 5 and 4, unbiased ones 20/3 and 16/3."""


@book.scenario("train_output", "A small batch in training mode", "训练模式下的一个小批", sample=True)
def training(s: Script) -> None:
    s.channels = 2
    s.build().call(_batch(s, FOUR_ROWS), "output")


@book.scenario("running_stats", "Running statistics after one training step", "训练一步之后的滑动统计量", sample=True)
def after_one_step(s: Script) -> None:
    s.channels = 2
    s.build(momentum=0.25).learn(_batch(s, FOUR_ROWS)).probe(_batch(s, [[2.0, 6.0], [5.0, 11.0]]), "output")


@book.scenario(
    "eval_mode", "A fresh layer with scale and shift, one sample", "新建层，带缩放与平移，单个样本", sample=True
)
def one_sample(s: Script) -> None:
    s.channels = 2
    scale, shift = s.draw.tensor(np.array([2.0, -1.0])), s.draw.tensor(np.array([0.5, 1.0]))
    s.build().do("affine", scale=scale, shift=shift).probe(_batch(s, [[1.0, 2.0]]), "output")

"""Scenarios of large inputs, for a layer that is right in all the others: sizes at which code may turn to other ways.

An input is a small batch repeated along its axes, so that it costs nothing to draw, to send and to compare. No axis is
so long that a loop along it takes long.
"""

from __future__ import annotations

from functools import partial

from judge.problems.batchnorm.steps import ONE_D, TWO_D, Book, Script

book = Book()
scenario = partial(book.scenario, large=True)

EVAL, GRADIENTS = "eval_mode", "gradients"


def _gradients(s: Script, shape: tuple[int, ...], tile: tuple[int, ...]) -> None:
    s.channels, s.tile = shape[1], tile
    batch = s.batch(shape=shape)
    s.build(momentum=s.number(0.3, 0.5)).affine().call(batch, grad=True).backward(shape)


@scenario(GRADIENTS, "Gradients of ten thousand samples in training", "一万个样本的训练批的梯度")
def many_samples(s: Script) -> None:
    _gradients(s, (8, 3, 1, 1)[: s.rank], (s.draw.integer(1251, 1299), 1, 1, 1)[: s.rank])


@scenario(GRADIENTS, "Gradients of a thousand channels in training", "一千个通道的训练批的梯度")
def many_channels(s: Script) -> None:
    _gradients(s, (5, 3, 1, 1)[: s.rank], (1, s.draw.integer(342, 360), 1, 1)[: s.rank])


@scenario(
    GRADIENTS,
    "Gradients of an image of ten thousand pixels in training",
    "一万像素图像的训练批的梯度",
    ranks=[TWO_D],
)
def large_images(s: Script) -> None:
    _gradients(s, (1, 3, 4, 8), (1, 1, s.draw.integer(25, 28), 13))


@scenario(EVAL, "A million values in training, then a million in evaluation", "先训练一百万个值，再对一百万个值做推理")
def million(s: Script) -> None:
    shape: tuple[int, ...] = (8, s.channels) if s.rank == ONE_D else (2, s.channels, 4, 8)
    s.tile = (125, 1000 // s.channels + 1) if s.rank == ONE_D else (3, 35 // s.channels + 1, 20, 10)
    s.build(momentum=s.number(0.3, 0.5)).affine()
    s.call(s.batch(shape=shape), "train", no_grad=True).probe(s.batch(shape=shape))

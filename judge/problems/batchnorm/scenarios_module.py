"""Scenarios of gradients, of the layer as a module, and of unusual numbers."""

from __future__ import annotations

from functools import partial

import numpy as np

from judge.problems.batchnorm.steps import ONE_D, TWO_D, Book, Script

book = Book()
scenario = book.scenario

GRADIENTS, MODULE, NUMERICS = "gradients", "module_contract", "numerics"

EXACT_EPS = 2.0**-6
"""The eps of the float64 scenarios, exact in float32 too: a layer that keeps it in a float32 tensor is right."""


def _exact_count(s: Script) -> tuple[int, ...]:
    """A shape with 4, 8 or 16 values per channel: 1/n is exact in float32 too, and may be kept in a float32 tensor."""
    return s.shape(2 ** s.draw.integer(2, 3) if s.rank == ONE_D else 2 ** s.draw.integer(1, 2), (2, 2))


# Gradients


@scenario(GRADIENTS, "Gradients of a training batch in float32", "float32 训练批的梯度", weight=2)
def training_float32(s: Script) -> None:
    batch = s.batch()
    s.build().affine().call(batch, grad=True).backward(batch.shape)


@scenario(GRADIENTS, "Gradients of a training batch in float64", "float64 训练批的梯度", dtype="float64", weight=2)
def training_float64(s: Script) -> None:
    batch = s.batch(std=(0.2, 1.5), shape=_exact_count(s))
    s.build(eps=EXACT_EPS).do("double").affine().call(batch, grad=True).backward(batch.shape)


@scenario(GRADIENTS, "Gradients of a training batch when eps outweighs the variance", "eps 大于方差时训练批的梯度")
def training_large_eps(s: Script) -> None:
    batch = s.batch(mean=(0.1, 0.3), std=(0.05, 0.15))
    s.build(eps=s.number(0.01, 0.05)).affine().call(batch, grad=True).backward(batch.shape, keeps_upstream=True)


@scenario(GRADIENTS, "Gradients of two values per channel", "每个通道只有两个值时的梯度")
def training_two_values(s: Script) -> None:
    batch = s.batch(shape=(2, s.channels, 1, 1)[: s.rank], std=(0.3, 0.6))
    s.build(eps=s.number(0.2, 0.5)).affine().call(batch, grad=True).backward(batch.shape)


@scenario(GRADIENTS, "Gradients of a single image in training", "单张图像训练时的梯度", ranks=[TWO_D])
def training_single_image(s: Script) -> None:
    batch = s.batch(shape=s.shape(1, (2, 3)))
    s.build().affine().call(batch, grad=True).backward(batch.shape)


@scenario(GRADIENTS, "Gradients of scale and shift when the input needs none", "输入不需要梯度时缩放与平移的梯度")
def training_input_without_grad(s: Script) -> None:
    batch = s.batch()
    s.build().affine().call(batch).backward(batch.shape)


@scenario(GRADIENTS, "The gradient of the input of a new layer in training", "新建层训练时输入的梯度")
def training_input(s: Script) -> None:
    """Whoever has no learnable scale may still have the rest of the gradient right, or wrong."""
    batch = s.batch()
    s.build().call(batch, grad=True).backward(batch.shape, parameters=False)


@scenario(
    GRADIENTS, "Three forwards of two layers before the first backward", "两个层共三次前向，之后才做第一次反向传播"
)
def interleaved(s: Script) -> None:
    """What a backward written by hand needs must be kept for each forward, not on the layer or in a global."""
    shape = s.shape()
    first, second, third = (s.batch(shape=shape) for _ in range(3))
    s.build().affine().build(layer="other").affine(layer="other")
    s.call(first, "y1", grad=True, observe=False).call(second, "y2", grad=True, observe=False, layer="other")
    s.call(third, "y3", grad=True, observe=False)
    s.backward(shape, "y1").backward(shape, "y2", layer="other").backward(shape, "y3")


@scenario(GRADIENTS, "Gradients in evaluation", "推理模式下的梯度", weight=2)
def evaluation(s: Script) -> None:
    batch = s.batch()
    s.build(momentum=s.number(0.3, 0.5)).learn().affine()
    s.do("eval").call(batch, "eval", grad=True).backward(batch.shape, "eval")


@scenario(
    GRADIENTS,
    "Two training steps, each with backward and an update of scale and shift",
    "两个训练步，各有反向传播和参数更新",
)
def two_steps(s: Script) -> None:
    first, second = s.batch(), s.batch()
    s.build(momentum=s.number(0.3, 0.5)).affine()
    s.call(first, "y1", grad=True).backward(first.shape, "y1").do("sgd", rate=0.1)
    s.call(second, "y2", grad=True).backward(second.shape, "y2").do("sgd", rate=0.1).probe()


@scenario(
    GRADIENTS, "An evaluation's gradients do not reach an earlier training batch", "推理的梯度不会流回先前的训练批"
)
def no_way_back(s: Script) -> None:
    learnt, batch = s.batch(), s.batch()
    s.build(momentum=s.number(0.3, 0.5)).call(learnt, "train", grad=True, observe=False)
    s.do("eval").call(batch, "eval", grad=True).backward(batch.shape, "eval").do("input_gradient", out="train")


@scenario(GRADIENTS, "Running statistics take no part in autograd", "滑动统计量不参与自动求导")
def buffers_need_no_grad(s: Script) -> None:
    s.build().call(s.batch(), grad=True, observe=False).do("buffers_free")


# The layer as a module


@scenario(MODULE, "The parameters of a new layer: two, with ones and zeros", "新建层的参数：两个，分别为 1 和 0")
def parameters(s: Script) -> None:
    s.build().do("parameters")


@scenario(
    MODULE,
    "State dicts saved after training, loaded into another layer",
    "训练后保存 state_dict，加载到另一个层",
    weight=2,
)
def state_dict(s: Script) -> None:
    momentum = s.number(0.3, 0.5)
    s.build(momentum=momentum).learn().build(layer="fresh", momentum=momentum)
    s.do("load", layer="fresh", source="layer").probe(layer="fresh", out="loaded")
    # Only now: a layer without a learnable scale ends here, and whether it saves its statistics has been seen.
    s.affine().learn().do("load", layer="fresh", source="layer").call(s.batch(), "loaded again", layer="fresh")
    s.do("train", layer="fresh").learn(layer="fresh").probe(layer="fresh", out="trained_on")
    s.do("load", layer="fresh", source="layer").probe(layer="fresh", out="restored")


@scenario(MODULE, "A deep copy after a training step, then both trained apart", "训练一步后深拷贝，再分别训练")
def deep_copy(s: Script) -> None:
    s.build(momentum=s.number(0.3, 0.5)).affine().call(s.batch(), grad=True, observe=False)
    s.do("deepcopy", layer="copy", source="layer").learn(layer="copy").probe(layer="copy", out="copy")
    s.probe(out="original")


@scenario(
    MODULE,
    "float64 after .double(), with means in the thousands",
    ".double() 之后的 float64，均值上千",
    dtype="float64",
)
def double(s: Script) -> None:
    batch = s.batch(mean=(5e3, 1e4), std=(1.0, 2.0), shape=_exact_count(s))
    s.build(eps=EXACT_EPS, momentum=1.0).do("double").affine().call(batch, "train").probe(batch)


@scenario(MODULE, "The input after a forward, in training and in evaluation", "前向之后的输入（训练与推理）")
def input_unchanged(s: Script) -> None:
    s.build().call(s.batch(), "train", keeps_input=True)
    s.affine().do("eval").call(s.batch(), "eval", keeps_input=True)


@scenario(MODULE, "Transposed and strided inputs", "转置和带步长的输入")
def layouts(s: Script) -> None:
    batch = s.batch()
    s.build(momentum=s.number(0.3, 0.5)).affine()
    s.call(batch, "transposed", layout="transposed", grad=True).backward(batch.shape, "transposed", layout="transposed")
    s.call(s.batch(), "strided", layout="strided")
    s.do("eval").call(s.batch(), "eval transposed", layout="transposed").call(
        s.batch(), "eval strided", layout="strided"
    )


@scenario(MODULE, "Channels-last inputs", "channels-last 布局的输入", ranks=[TWO_D])
def channels_last(s: Script) -> None:
    batch = s.batch()
    s.build(momentum=s.number(0.3, 0.5)).affine()
    s.call(batch, "train", layout="channels_last", grad=True).backward(batch.shape, "train", layout="channels_last")
    s.do("eval").call(s.batch(), "eval", layout="channels_last")


# Unusual numbers


@scenario(
    NUMERICS, "Training output in float32 with a mean of ten thousand", "float32 下均值约一万的训练输出", weight=2
)
def large_mean(s: Script) -> None:
    """Twelve variances: that none of them comes out negative from E[x²] - E[x]² hardly happens."""
    s.channels = 6
    s.build().call(_far(s), "y1").call(_far(s), "y2")


@scenario(NUMERICS, "Running statistics in float32 with a mean of ten thousand", "float32 下均值约一万的滑动统计量")
def large_running_mean(s: Script) -> None:
    batch = _far(s)
    s.build(momentum=1.0).learn(batch).probe(batch)


def _far(s: Script) -> np.ndarray:
    """The squares lie between 2^26 and 2^27, where float32 counts in steps of 8: E[x²] - E[x]² is never near 1."""
    return s.batch(mean=(8.5e3, 1.1e4), std=(0.9, 1.1))


@scenario(
    NUMERICS, "A channel whose values are all equal, forward and backward", "某通道的值全相等：前向与反向", weight=2
)
def constant_channel(s: Script) -> None:
    batch = s.batch()
    batch[:, s.each(s.draw.integer(0, s.channels - 1))] = s.draw.integer(1, 4) / 2
    s.build().affine().call(batch, grad=True).backward(batch.shape)


@scenario(NUMERICS, "Values in the hundred thousands", "数值达到几十万")
def large_scale(s: Script) -> None:
    large = partial(s.batch, mean=(1e5, 5e5), std=(1e5, 5e5))
    s.build(momentum=1.0).affine().call(large(), "train").probe(large())


@scenario(NUMERICS, "Values near a hundred-thousandth with a much smaller eps", "数值约十万分之一，eps 更小")
def small_scale(s: Script) -> None:
    s.build(eps=1e-12).affine().call(s.batch(mean=(1e-5, 3e-5), std=(1e-5, 3e-5)))


@scenario(NUMERICS, "A NaN stays in its channel", "NaN 只影响自己的通道")
def nan_in_one_channel(s: Script) -> None:
    batch = s.batch()
    batch[s.draw.integer(0, len(batch) - 1), s.each(s.draw.integer(0, s.channels - 1))] = np.nan
    s.build().affine().call(batch, "train").probe()

"""What a BatchNorm layer must do, scenario by scenario."""

from __future__ import annotations

import numpy as np

from judge.problems.batchnorm import ONE_D, Book, Script

book = Book()
scenario = book.scenario


@scenario(
    "train_output", "A training batch with its own offset and scale in each channel", "各通道偏移和尺度不同的训练批"
)
def batch_statistics(s: Script) -> None:
    s.build().call(s.batch())


@scenario("train_output", "Scale and shift of mixed sign", "正负混合的缩放与平移")
def random_affine(s: Script) -> None:
    s.build().affine().call(s.batch())


@scenario(
    "running_stats", "One training step with the default momentum, then evaluation", "默认 momentum 训练一步后推理"
)
def one_step(s: Script) -> None:
    s.build().learn(s.batch()).probe()


@scenario("eval_mode", "A fresh layer in evaluation", "未训练的层直接推理")
def fresh_layer(s: Script) -> None:
    s.build().probe()


@scenario("gradients", "Gradients of a training batch", "训练批的梯度")
def training(s: Script) -> None:
    batch = s.batch()
    s.build().affine().call(batch, grad=True)
    s.do("backward", upstream=s.draw.tensor(s.draw.normal(*batch.shape)))


@scenario("module_contract", "The learnable parameters of a new layer", "新建层的可学习参数")
def parameters(s: Script) -> None:
    s.build().do("parameters")


@scenario("numerics", "A mean of ten thousand in float32", "float32 下均值约一万")
def large_mean(s: Script) -> None:
    s.build().call(s.batch(mean=(8.5e3, 1.15e4), std=(0.9, 1.1)))


# Samples: small enough to follow by hand


def _small_batch(s: Script) -> np.ndarray:
    """Two channels: 1, 3, 5, 7 (mean 4, variance 5) and 10, 10, 14, 14 (mean 12, variance 4)."""
    table = np.array([[1.0, 10.0], [3.0, 10.0], [5.0, 14.0], [7.0, 14.0]])
    if s.rank == ONE_D:
        return table
    return table.reshape(2, 1, 2, 2).transpose(0, 3, 1, 2)


@scenario("train_output", "A small batch in training mode", "训练模式下的一个小批", sample=True)
def sample_training(s: Script) -> None:
    s.channels = 2
    s.build().call(_small_batch(s))


@scenario("running_stats", "Running statistics after one training step", "训练一步后的滑动统计量", sample=True)
def sample_running(s: Script) -> None:
    s.channels = 2
    s.build(momentum=0.5).learn(_small_batch(s)).do("eval").call(_small_batch(s)[:1], "eval")

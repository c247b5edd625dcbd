"""Scenarios of the forward pass: training output, running statistics, evaluation."""

from __future__ import annotations

from functools import partial

from judge.problems.batchnorm.steps import ONE_D, TWO_D, Book, Script

book = Book()
scenario = book.scenario

TRAIN, RUNNING, EVAL = "train_output", "running_stats", "eval_mode"


# Training output


@scenario(
    TRAIN, "A training batch, each channel with its own mean and spread", "训练批，各通道均值与离散程度不同", weight=2
)
def batch_statistics(s: Script) -> None:
    s.build().call(s.batch())


@scenario(TRAIN, "Training with scale and shift of mixed sign", "训练，缩放与平移有正有负", weight=2)
def random_affine(s: Script) -> None:
    s.build().affine().call(s.batch())


@scenario(
    TRAIN, "Training with the default eps and standard deviations near 0.001", "默认 eps，标准差约 0.001 的训练批"
)
def default_eps(s: Script) -> None:
    s.build().call(s.batch(mean=(0.001, 0.01), std=(0.0008, 0.003)))


@scenario(TRAIN, "Training with an eps of about 0.01, given by name", "按名字传入约 0.01 的 eps 后训练")
def eps_by_name(s: Script) -> None:
    s.build(eps=s.number(0.006, 0.02)).call(s.batch(mean=(0.1, 0.5), std=(0.05, 0.2)))


@scenario(TRAIN, "Training with eps and momentum given by place", "按位置传入 eps 和 momentum 后训练")
def eps_by_place(s: Script) -> None:
    s.build(s.number(0.05, 0.2), s.number(0.2, 0.6)).call(s.batch(std=(0.2, 0.5)))


@scenario(TRAIN, "Training with two values per channel", "每个通道只有两个值的训练批")
def two_values(s: Script) -> None:
    shape = (2, s.channels, 1, 1)[: s.rank]
    s.build(eps=s.number(0.05, 0.2)).call(s.batch(shape=shape, std=(0.3, 1.5)))


@scenario(TRAIN, "Two training batches of different size through one layer", "同一层先后处理两个大小不同的训练批")
def sizes_change(s: Script) -> None:
    small, large = ((2, 2), (3, 4)) if s.rank == TWO_D else (None, None)
    s.build().affine()
    s.call(s.batch(shape=s.shape(4, small)), "y1").call(s.batch(shape=s.shape(7, large)), "y2")


@scenario(TRAIN, "A training batch with as many samples as features", "样本数等于特征数的训练批", ranks=[ONE_D])
def square_batch(s: Script) -> None:
    s.channels = s.draw.integer(4, 6)
    s.build().affine().call(s.batch(shape=(s.channels, s.channels)))


@scenario(TRAIN, "Training images with C, H and W all different", "C、H、W 各不相同的训练图像", ranks=[TWO_D])
def different_sides(s: Script) -> None:
    s.build().affine().call(s.batch(shape=(2, s.channels, s.channels - 1, s.channels + 1)))


@scenario(TRAIN, "Training images with C, H and W all equal", "C、H、W 全相等的训练图像", ranks=[TWO_D])
def equal_sides(s: Script) -> None:
    s.channels = s.draw.integer(3, 4)
    s.build().affine().call(s.batch(shape=(2, s.channels, s.channels, s.channels)))


@scenario(
    TRAIN,
    "As many training images as channels, of very different brightness",
    "图像数等于通道数、亮度差别很大的训练图像",
    ranks=[TWO_D],
)
def different_images(s: Script) -> None:
    batch = s.batch(shape=s.shape(s.channels, (2, 2)))
    batch += s.draw.uniform(2.0, 4.0, s.channels).cumsum().reshape(-1, 1, 1, 1)
    s.build().call(batch)


@scenario(TRAIN, "Training on a single image", "单张图像的训练", ranks=[TWO_D])
def single_image(s: Script) -> None:
    s.build().affine().call(s.batch(shape=s.large_image_shape()))


@scenario(
    TRAIN, "Training output under torch.no_grad(), with many channels", "torch.no_grad() 下的训练输出，通道数较多"
)
def output_without_grad(s: Script) -> None:
    s.channels = s.draw.integer(33, 36)
    s.build().affine().call(s.batch(), no_grad=True)


@scenario(TRAIN, "A large training batch with one value far from the others", "大批训练数据，其中一个值远离其余值")
def far_value(s: Script) -> None:
    """In a small batch no normalised value exceeds sqrt(n - 1), and a layer that clips its output goes unseen.

    Not the first value and not the last: a one-pass variance around either is as good as two passes, but not around
    this one.
    """
    batch = s.batch(shape=s.large_shape())
    place = s.draw.integer(1, len(batch) - 2)
    batch.reshape(*batch.shape[:2], -1)[place, :, 0] += s.values(50.0, 100.0, signs=True)
    s.build().affine().call(batch)


# Running statistics


@scenario(RUNNING, "One training step with the default momentum", "默认 momentum 训练一步", weight=2)
def one_step(s: Script) -> None:
    s.build().learn().probe()


@scenario(
    RUNNING,
    "One training step with momentum and a large eps given by name",
    "按名字传入 momentum 和较大的 eps，训练一步",
    weight=2,
)
def given_momentum(s: Script) -> None:
    s.build(eps=s.number(0.1, 0.4), momentum=s.number(0.2, 0.4)).learn().probe()


@scenario(RUNNING, "One training step with momentum given by place", "按位置传入 momentum，训练一步")
def momentum_by_place(s: Script) -> None:
    s.build(s.number(0.01, 0.05), s.number(0.6, 0.8)).learn().probe()


@scenario(RUNNING, "Three training steps with the default momentum", "默认 momentum 训练三步", weight=2)
def three_default_steps(s: Script) -> None:
    s.build().learn().learn().learn().probe()


@scenario(RUNNING, "Three training steps with momentum 0.2 to 0.4", "momentum 取 0.2 到 0.4，训练三步", weight=2)
def three_given_steps(s: Script) -> None:
    s.build(momentum=s.number(0.2, 0.4)).learn().learn().learn().probe()


@scenario(RUNNING, "Two training steps with momentum 1", "momentum 取 1，训练两步")
def momentum_one(s: Script) -> None:
    s.build(momentum=1.0).learn().learn().probe()


@scenario(RUNNING, "Two training steps with momentum 0", "momentum 取 0，训练两步")
def momentum_zero(s: Script) -> None:
    s.build(momentum=0.0).learn().learn().probe()


@scenario(RUNNING, "Two training batches of different scale, one small, one large", "一小一大、尺度不同的两个训练批")
def two_scales(s: Script) -> None:
    image = (2, 2) if s.rank == TWO_D else None
    s.build(momentum=s.number(0.2, 0.5))
    s.learn(s.batch(shape=s.shape(4, image), std=(0.2, 0.5)))
    s.learn(s.batch(shape=s.large_shape(), mean=(3, 6), std=(3, 5))).probe()


@scenario(RUNNING, "A training step on two values per channel", "每个通道只有两个值的训练步")
def step_on_two_values(s: Script) -> None:
    s.build(momentum=s.number(0.3, 0.6)).learn(s.batch(shape=(2, s.channels, 1, 1)[: s.rank])).probe()


@scenario(RUNNING, "A training step on a single image", "单张图像的训练步", ranks=[TWO_D])
def step_on_single_image(s: Script) -> None:
    s.build().learn(s.batch(shape=s.large_image_shape())).probe()


@scenario(RUNNING, "Training steps under torch.no_grad()", "torch.no_grad() 下的训练步")
def steps_without_grad(s: Script) -> None:
    s.build().learn(no_grad=True).learn(no_grad=True).probe()


@scenario(RUNNING, "Training steps with scale and shift far from 1 and 0", "缩放与平移远离 1 和 0 时的训练步")
def statistics_of_input(s: Script) -> None:
    s.build(momentum=s.number(0.2, 0.5)).affine().learn().learn().probe()


@scenario(RUNNING, "Two layers, one of them trained, then the other", "两个层先后训练，互不影响")
def two_layers(s: Script) -> None:
    s.build(layer="first").build(layer="second", momentum=s.number(0.3, 0.5))
    s.learn(layer="first").probe(layer="second", out="second_fresh")
    s.do("train", layer="second").learn(layer="second").probe(layer="second", out="second").probe(
        layer="first", out="first"
    )


@scenario(RUNNING, "Training, evaluation, training, evaluation", "训练、推理、再训练、再推理")
def train_eval_train(s: Script) -> None:
    s.build(momentum=s.number(0.2, 0.4)).learn().probe(out="eval1")
    s.do("train").learn().probe(out="eval2")


# Evaluation


@scenario(EVAL, "Evaluation of a large batch far from what was learnt", "推理时的大批输入，远离已学到的统计量")
def far_values(s: Script) -> None:
    s.build().affine().learn().probe(s.batch(shape=s.large_shape(), mean=(20.0, 40.0), std=(10.0, 20.0)))


@scenario(EVAL, "A fresh layer in evaluation", "未训练的层直接推理")
def fresh_layer(s: Script) -> None:
    s.build(eps=s.number(0.1, 0.5)).affine().probe()


@scenario(EVAL, "Evaluation of other data after two training steps", "训练两步后对另一分布的数据推理", weight=2)
def after_training(s: Script) -> None:
    s.build(momentum=s.number(0.3, 0.5)).learn().learn().probe(s.batch(mean=(3, 5), std=(0.2, 4)))


@scenario(EVAL, "A sample alone and the same sample in its batch", "单个样本与同一样本在批中", weight=2)
def sample_alone(s: Script) -> None:
    batch = s.batch()
    s.build(momentum=s.number(0.3, 0.5)).affine().learn()
    s.probe(batch, "in_its_batch").call(batch[:1], "alone")
    if s.rank == TWO_D:
        s.call(batch[:1, :, :1, :1], "one pixel")


@scenario(EVAL, "Evaluation leaves the running statistics as they are", "推理不改动滑动统计量", weight=2)
def nothing_changes(s: Script) -> None:
    far = s.batch(mean=(5, 8), std=(2, 4))
    s.build(momentum=s.number(0.3, 0.5)).learn()
    s.probe(far, "far").call(far, "far again", watches_buffers=True).call(s.batch(), "afterwards")


@scenario(EVAL, "The mode set on a model that holds the layer", "在包含该层的模型上切换模式")
def mode_of_a_model(s: Script) -> None:
    s.build(momentum=s.number(0.3, 0.5)).affine().learn()
    s.do("parent", mode="eval").call(s.batch(), "eval")
    s.do("parent", mode="train").call(s.batch(), "train")


@scenario(EVAL, "Back to training after evaluation", "推理之后回到训练模式")
def train_again(s: Script) -> None:
    s.build(momentum=s.number(0.3, 0.5)).probe(out="eval1")
    s.do("train").call(s.batch(), "train").probe(out="eval2")


@scenario(EVAL, "New scale and shift between two evaluations", "两次推理之间换上新的缩放与平移")
def affine_in_evaluation(s: Script) -> None:
    s.build(momentum=s.number(0.3, 0.5)).affine().learn().probe(out="eval1")
    s.affine().call(s.batch(), "eval2")


@scenario(EVAL, "Evaluation with and without torch.no_grad()", "有无 torch.no_grad() 的推理")
def grad_mode_is_no_mode(s: Script) -> None:
    s.build(momentum=s.number(0.3, 0.5)).learn()
    s.probe(out="with_grad").call(s.batch(), "without_grad", no_grad=True).call(s.batch(), "requires_grad", grad=True)


@scenario(EVAL, "Evaluation with a running variance of the size of eps", "滑动方差与 eps 同量级时的推理")
def eps_in_evaluation(s: Script) -> None:
    small = partial(s.batch, mean=(0.1, 0.5), std=(0.05, 0.2))
    s.build(eps=s.number(0.006, 0.02), momentum=1.0).learn(small()).probe(small())


@scenario(
    EVAL, "Evaluation with the default eps and a much smaller running variance", "默认 eps，滑动方差远小于它时的推理"
)
def small_running_variance(s: Script) -> None:
    """The second step is there for the digits: the first loses some of a small variance beside the initial 1."""
    small = partial(s.batch, mean=(0.001, 0.01), std=(0.0008, 0.003))
    s.build(momentum=1.0).learn(small()).learn(small()).probe(small())

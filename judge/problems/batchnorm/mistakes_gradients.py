"""Mistakes in the backward pass, detached or written by hand, and at the edges of the numbers."""

from __future__ import annotations

from judge.problems.batchnorm.named import Misconception, named

GRADIENTS: tuple[Misconception, ...] = (
    named(
        "stops_gradient_mean_and_var",
        ("Batch statistics are detached", "均值和方差都被 detach"),
        (
            "Mean and variance are computed without gradient, so the backward treats them as constants.",
            "均值和方差在 no_grad/detach 下计算，反向时被当成常数。",
        ),
        (
            "Add a constant to every input of a channel: the output does not move. What gradient follows from that?",
            "给某个通道的所有输入加同一个常数，输出不变。由此可知 dx 之和应该是多少？你的呢？",
        ),
        {"detach": "both"},
        {"mean_term": False, "variance_term": False, "own_backward": True},
    ),
    named(
        "stops_gradient_var",
        ("The variance is detached", "方差被 detach"),
        (
            "The gradient flows through the mean but not through the variance.",
            "梯度只经过均值，没有经过方差。",
        ),
        (
            "Which term of dx is missing when sigma is taken for a constant?",
            "如果把 sigma 当常数，dx 里会少掉哪一项？",
        ),
        {"detach": "var"},
    ),
    named(
        "stops_gradient_mean",
        ("The mean is detached", "均值被 detach"),
        (
            "The gradient flows through the variance but not through the mean.",
            "梯度只经过方差，没有经过均值。",
        ),
        (
            "You detached the mean. What does the sum of dx over the batch come to now?",
            "均值被 detach 之后，dx 沿 batch 求和得到什么？正确结果应该是多少？",
        ),
        {"detach": "mean"},
    ),
    named(
        "backward_without_mean_term",
        ("Own backward lacks the mean term", "手写反向漏了均值项"),
        (
            "The hand-written backward leaves out the part of dx that goes through the batch mean.",
            "手写的 backward 里漏了经过 batch 均值的那一项。",
        ),
        (
            "Derive dx on the board: where does the mean of the upstream gradient come from?",
            "请推导一下 dx：减去上游梯度均值的那一项是从哪里来的？",
        ),
        {"mean_term": False, "own_backward": True},
    ),
    named(
        "backward_without_variance_term",
        ("Own backward lacks the variance term", "手写反向漏了方差项"),
        (
            "The hand-written backward leaves out the part of dx that goes through the batch variance.",
            "手写的 backward 里漏了经过 batch 方差的那一项。",
        ),
        (
            "Where in your backward does x_hat * mean(dy * x_hat) appear, and why must it?",
            "你的 backward 里 x_hat * mean(dy * x_hat) 在哪一行？为什么必须有它？",
        ),
        {"variance_term": False, "own_backward": True},
    ),
    named(
        "backward_without_scale",
        ("Own backward leaves out gamma", "手写反向漏乘了 gamma"),
        (
            "dx is not multiplied by gamma; with the initial gamma = 1 nobody notices.",
            "dx 没有乘 gamma；初始 gamma=1 时看不出来。",
        ),
        (
            "Your gradient check ran with gamma = 1. What would it say with gamma = 3?",
            "你的梯度检查是在 gamma=1 下做的吧？换成 gamma=3 会怎样？",
        ),
        {"scale_term": False, "own_backward": True},
        {"scale_term": False, "own_backward": True, "gradients_in": "training"},
    ),
    named(
        "backward_wrong_count",
        ("Own backward divides by another count", "手写反向里的 n 不对"),
        (
            "The means inside dx divide by a count other than the number of values per channel.",
            "dx 里求均值时除以的个数，不是每个通道实际的元素个数。",
        ),
        (
            "Over how many values did the forward average, and does the backward use the same number?",
            "前向是对多少个数求的平均？反向里除的是同一个数吗？",
        ),
        {"backward_count": "batch", "own_backward": True},
        {"backward_count": "n-1", "own_backward": True},
        {"backward_count": "features", "own_backward": True},
        {"backward_count": "one", "own_backward": True},
        {"backward_count": "image", "own_backward": True},
        {"backward_count": "all", "own_backward": True},
        *(
            {"backward_count": count, "backward_count_for": term, "own_backward": True}
            for count in ("n-1", "batch", "one")
            for term in ("var", "mean")
        ),
    ),
    named(
        "wrong_scale_gradient",
        ("Wrong gradient of gamma", "gamma 的梯度算错"),
        (
            "The gradient of gamma is not the sum of dy * x_hat over the batch.",
            "gamma 的梯度不是 dy * x_hat 在 batch 上的和。",
        ),
        (
            "What is multiplied with gamma in the forward, and so what belongs into its gradient?",
            "前向里和 gamma 相乘的是哪个量？那它的梯度里应该出现什么？",
        ),
        *(
            {"scale_gradient": against, "own_backward": True, "gradients_in": mode}
            for mode in ("both", "training")
            for against in ("input", "centred", "mean", "upstream", "output", "negative")
        ),
    ),
    named(
        "shift_gradient_mean",
        ("Gradient of beta is averaged", "beta 的梯度取了平均"),
        (
            "The gradient of beta is the mean of dy over the batch, where it should be the sum.",
            "beta 的梯度用了 dy 的平均，应该是求和。",
        ),
        (
            "beta is added to every sample. Does the chain rule then sum or average, and who divides by N?",
            "beta 加到了每个样本上，按链式法则应该求和还是求平均？除以 N 是谁的事？",
        ),
        {"shift_gradient": "mean", "own_backward": True},
        {"shift_gradient": "mean", "own_backward": True, "gradients_in": "training"},
    ),
    named(
        "eval_backward_as_training",
        ("Training backward in evaluation", "推理时用了训练的反向公式"),
        (
            "In evaluation the backward subtracts the batch terms, although the statistics are constants there.",
            "推理时统计量是常数，反向却仍减去了 batch 的均值项和方差项。",
        ),
        (
            "In evaluation the layer is a fixed affine map. What is dy/dx then, in one short formula?",
            "推理时这一层就是固定的仿射变换，dy/dx 用一个式子怎么写？",
        ),
        {"eval_gradient": "training", "own_backward": True},
    ),
    named(
        "graph_cut",
        ("No gradient reaches the input", "梯度传不到输入"),
        (
            "detach, .data, numpy or no_grad in the forward cuts the graph, so layers before this one do not learn.",
            "前向里用了 detach、.data、numpy 或 no_grad，计算图断了，前面的层学不到东西。",
        ),
        (
            "What does out.grad_fn show, and which line of yours decides that?",
            "打印 out.grad_fn 会看到什么？是哪一行决定的？",
        ),
        {"cut": "input"},
        {"cut": "forward"},
        {"cut": "input", "cut_in": "training"},
        {"cut": "forward", "cut_in": "training"},
        {"cut": "input", "cut_in": "evaluation"},
        {"cut": "forward", "cut_in": "evaluation"},
    ),
    named(
        "constant_channel_nan_gradient",
        ("NaN gradient for a constant channel", "常数通道的梯度是 NaN"),
        (
            "A bare square root is differentiated at variance 0, where its slope is infinite.",
            "在方差为 0 处对裸的 sqrt（或 std）求导，斜率无穷大，梯度变成 NaN。",
        ),
        (
            "What is the derivative of sqrt(v) at v = 0, and does your graph pass through that point?",
            "sqrt(v) 在 v=0 处的导数是多少？你的计算图会经过这一点吗？",
        ),
        {"variance": "of_std"},
    ),
    named(
        "masks_nan",
        ("Hides NaN", "把 NaN 掩盖掉了"),
        (
            "NaN in the input is replaced instead of showing in the output of its channel.",
            "输入里的 NaN 被替换掉了，没有体现在对应通道的输出里。",
        ),
        (
            "A diverging run produces a NaN. Who would you like to notice first, and can they still?",
            "训练发散出现 NaN 时，你希望谁最先发现？加了这层掩盖之后还发现得了吗？",
        ),
        {"nan": "masked_input"},
        {"nan": "masked_output"},
        {"nan": "masked_batch"},
        {"nan": "skipped"},
        {"nan": "skipped_and_masked"},
        {"nan": "mean_for_nan"},
        {"nan": "masked_normalised"},
        {"nan": "masked_running"},
        {"nan": "skips_update"},
    ),
)

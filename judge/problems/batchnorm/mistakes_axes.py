"""Mistakes in which values are taken together, and in shapes and layouts."""

from __future__ import annotations

from judge.problems.batchnorm.named import ONLY_IMAGES, Misconception, named

AXES: tuple[Misconception, ...] = (
    named(
        "global_statistics",
        ("One mean and variance for all channels", "所有通道共用一组均值方差"),
        (
            "Mean and variance are taken over the whole tensor, channels included.",
            "均值和方差是对整个张量求的，把通道维也平均掉了。",
        ),
        (
            "One channel holds values near 0, another near 1000. What does each look like after your layer?",
            "一个通道的值在 0 附近，另一个在 1000 附近，经过你的层之后各自会怎样？",
        ),
        {"axes": "all"},
        {"axes": "all", "axes_in": "output"},
    ),
    named(
        "batch_axis_only",
        ("Statistics over the batch axis only", "只在 batch 维上求统计量"),
        (
            "Each pixel gets its own mean and variance; height and width are not averaged over.",
            "每个像素位置都有各自的均值和方差，没有在 H、W 上求平均。",
        ),
        (
            "A convolution shares its weights over all positions. What does that say about a channel's statistics?",
            "卷积核在所有位置上共享，这对一个通道的统计量意味着什么？",
        ),
        {"axes": "batch"},
        {"axes": "batch", "running_shape": "kept"},
        {"axes": "batch", "axes_in": "output"},
        ranks=ONLY_IMAGES,  # for [N, D] the batch axis is the right one
    ),
    named(
        "instance_norm",
        ("Instance normalisation", "写成了 InstanceNorm"),
        (
            "Each image is normalised with its own statistics; the batch axis is not averaged over.",
            "每张图用自己的统计量归一化，没有在 batch 维上求平均。",
        ),
        (
            "Which information about an image can your layer not pass on, because it divides it away?",
            "每张图各自归一化之后，图像的哪些信息就再也传不下去了？",
        ),
        {"axes": "instance"},
        {"axes": "instance", "eval_source": "batch"},
        {"axes": "instance", "axes_in": "output"},
        ranks=ONLY_IMAGES,  # one sample of [N, D] has one value per channel
    ),
    named(
        "layer_norm",
        ("Layer normalisation", "写成了 LayerNorm"),
        (
            "Each sample is normalised over its own values instead of each channel over the batch.",
            "对每个样本在自己的数值上归一化，而不是对每个通道在 batch 上归一化。",
        ),
        (
            "For a [32, 100] batch: how many means do you compute, 32 or 100, and which does BatchNorm need?",
            "输入是 [32, 100] 时，你算出来的均值有 32 个还是 100 个？BatchNorm 需要哪一种？",
        ),
        {"axes": "layer"},
        {"axes": "layer", "eval_source": "batch"},
        {"axes": "layer", "axes_in": "output"},
    ),
    named(
        "last_axis_broadcast",
        ("C values spread along the width", "(C,) 沿最后一维广播"),
        (
            "Values of shape (C,) meet [N, C, H, W] without a reshape and spread along W: an error, or wrong if W = C.",
            "(C,) 形状的量没有 reshape 就和 [N, C, H, W] 运算，沿 W 广播：形状不同会报错，W=C 时悄悄算错。",
        ),
        (
            "Against which axis does a tensor of shape (C,) broadcast when it meets [N, C, H, W]?",
            "形状为 (C,) 的张量与 [N, C, H, W] 相乘时，会对齐到哪一维？",
        ),
        {"last_axis": "affine"},
        {"last_axis": "all"},
        {"last_axis": "batch"},
        {"last_axis": "running"},
        {"last_axis": "affine_and_running"},
        {"axes": "all_but_last", "last_axis": "all"},
        ranks=ONLY_IMAGES,  # for [N, D] the last axis is the channel axis
        steady=False,
    ),
    named(
        "needs_contiguous",
        ("Needs contiguous input", "要求输入内存连续"),
        (
            "view() is called on the input, which raises for transposed or strided tensors.",
            "对输入直接调用了 view()，输入经过转置或切片时就会报错。",
        ),
        (
            "When does view raise where reshape does not, and what would you pay for reshape?",
            "view 什么时候会报错而 reshape 不会？用 reshape 要付出什么代价？",
        ),
        {"layout": "view_rows"},
        {"layout": "view_images"},
        {"layout": "view_flat"},
        {"layout": "as_strided"},
    ),
    named(
        "rejects_single_image",
        ("One image is not taken for a batch", "不把单张图当作 batch"),
        (
            "With N=1 training raises or takes another path, although one image has H·W values per channel.",
            "训练时 N=1 就报错或改走别的分支，其实一张图的每个通道有 H·W 个值。",
        ),
        (
            "When is a batch too small for a variance: at N=1, or at N·H·W=1?",
            "什么情况下才真的算不了方差：N=1，还是 N·H·W=1？",
        ),
        {"single_image": "raises"},
        {"single_image": "raises_always"},
        {"single_image": "uses_running"},
        {"single_image": "skips_update"},
        {"single_image": "unchanged"},
        ranks=ONLY_IMAGES,  # one row of [N, D] is left open by the statement
    ),
)

"""Mistakes in the formula itself: variance, eps, root and centring."""

from __future__ import annotations

from judge.problems.batchnorm.choices import Changes
from judge.problems.batchnorm.named import Misconception, named

MODES = ("both", "training", "evaluation")


def _in_each_mode(**changes: object) -> tuple[Changes, ...]:
    """A mistake made in both modes, in training only and in evaluation only: many write the formula twice."""
    return tuple({**changes, "formula_in": mode} if mode != "both" else dict(changes) for mode in MODES)


FORMULA: tuple[Misconception, ...] = (
    named(
        "unbiased_output_var",
        ("Unbiased variance in the output", "输出用了无偏方差"),
        (
            "Training output is divided by the n-1 variance, often because x.var() was called with its default.",
            "训练输出除以的是 n-1 的无偏方差，常见原因是直接用了 x.var() 的默认参数。",
        ),
        (
            "What does x.var(dim=0) divide by, and what should BatchNorm divide by in training?",
            "x.var(dim=0) 默认除以多少？BatchNorm 训练时应该除以多少，为什么？",
        ),
        {"variance_count": "n-1"},
    ),
    named(
        "eps_outside_sqrt",
        ("eps added after the square root", "eps 加在了根号外"),
        (
            "The denominator is sqrt(var) + eps instead of sqrt(var + eps).",
            "分母写成了 sqrt(var) + eps，而不是 sqrt(var + eps)。",
        ),
        (
            "For a channel whose variance is 0, how far apart are sqrt(var) + eps and sqrt(var + eps), forward and "
            "backward?",
            "某个通道方差为 0 时，sqrt(var)+eps 与 sqrt(var+eps) 在前向和反向上分别差多少？",
        ),
        *_in_each_mode(eps_place="outside"),
        *_in_each_mode(eps_place="outside", root="of_torch"),
        {"eps_place": "twice"},
    ),
    named(
        "eps_after_division",
        ("eps added to the quotient", "eps 加到了商上"),
        (
            "eps is added to the normalised value, so it shifts the output and protects against nothing.",
            "eps 加在了归一化之后的结果上：只让输出平移，并不能防止除零。",
        ),
        (
            "Operator precedence: in (x - mean) / sqrt(var) + eps, what exactly does eps get added to?",
            "按运算优先级，(x - mean) / sqrt(var) + eps 里的 eps 到底加在了谁身上？",
        ),
        *_in_each_mode(eps_place="after"),
    ),
    named(
        "no_eps",
        ("No eps at all", "完全没有用 eps"),
        (
            "The division is by sqrt(var) alone; eps is accepted and never used.",
            "直接除以 sqrt(var)，eps 传进来了却从未使用。",
        ),
        (
            "A ReLU has just died and its channel is constant over the batch: what does your layer return?",
            "如果某个 ReLU 死掉，这个通道在整个 batch 上是常数，你的层会输出什么？",
        ),
        *_in_each_mode(eps_place="none"),
    ),
    named(
        "eps_hard_coded",
        ("eps is a fixed number", "eps 写死了"),
        (
            "A literal takes the place of the eps argument, so callers cannot change it.",
            "用写死的常数代替了 eps 参数，调用者改不了它。",
        ),
        (
            "Someone builds your layer with eps=1e-3 for half precision. Which line of yours would notice?",
            "有人为了半精度训练传入 eps=1e-3，你的代码里哪一行会受影响？",
        ),
        *(changes for value in (1e-5, 1e-3, 1e-8) for changes in _in_each_mode(eps_value=value)),
        fitted="eps_value",
    ),
    named(
        "eps_squared",
        ("eps is squared", "eps 被平方了"),
        (
            "The denominator is sqrt(var + eps²), which makes 1e-5 into 1e-10.",
            "分母是 sqrt(var + eps²)，1e-5 实际变成了 1e-10。",
        ),
        (
            "In which units is eps: those of the variance or those of the standard deviation?",
            "eps 的量纲应该和方差一致，还是和标准差一致？",
        ),
        *_in_each_mode(eps_place="squared"),
    ),
    named(
        "eps_clamp",
        ("eps as a lower bound", "把 eps 当成下限截断"),
        (
            "The denominator is clamped from below by eps instead of having eps added to the variance.",
            "分母用 eps 做了下限截断（clamp/max），而不是在方差上加 eps。",
        ),
        (
            "Where var is below your clamp, which gradient reaches x through the variance?",
            "方差低于截断值的通道，经过方差这条路传回 x 的梯度是多少？",
        ),
        *_in_each_mode(eps_place="clamp_variance"),
        *_in_each_mode(eps_place="clamp_std"),
        {"eps_place": "clamp_std", "root": "of_torch"},
        {"eps_place": "clamp_std_root"},
    ),
    named(
        "divides_by_variance",
        ("Divides by the variance", "除以了方差而不是标准差"),
        (
            "The square root is missing: centred values are divided by var + eps.",
            "漏了开方：中心化后的值除以的是 var + eps。",
        ),
        (
            "If every input is multiplied by 10, what should happen to the output, and what does yours do?",
            "如果输入整体放大 10 倍，输出应该怎样变化？你的实现呢？",
        ),
        *_in_each_mode(power="divide_by_variance"),
    ),
    named(
        "multiplies_by_std",
        ("Multiplies by the standard deviation", "乘以了标准差"),
        (
            "Centred values are multiplied by sqrt(var + eps) where they should be divided by it.",
            "中心化后的值乘以了 sqrt(var + eps)，应该是除以。",
        ),
        (
            "What standard deviation should a channel have after normalising, and how would you test that in one line?",
            "归一化之后每个通道的标准差应该是多少？用一行代码怎么验证？",
        ),
        *_in_each_mode(power="multiply_by_std"),
    ),
    named(
        "not_centred",
        ("The mean is not subtracted", "没有减均值"),
        (
            "x itself is divided by the standard deviation; the mean is not taken off first.",
            "直接用 x 除以标准差，没有先减去均值。",
        ),
        (
            "Without centring, what is left of the layer's mean, and can beta always repair it?",
            "不减均值的话输出的均值是多少？beta 能补救吗？",
        ),
        {"centring": False},
        {"centring": False, "formula_in": "training"},  # in evaluation only: the same as a running mean left at 0
    ),
    named(
        "uncentred_variance",
        ("Mean of squares as the variance", "用平方的均值当方差"),
        (
            "The variance is E[x²], with the mean left in.",
            "方差算成了 E[x²]，没有去掉均值的部分。",
        ),
        (
            "How do E[x²] and the variance differ when a channel has mean 10 and standard deviation 1?",
            "某通道均值为 10、标准差为 1 时，E[x²] 和方差分别是多少？",
        ),
        {"variance": "uncentred"},
    ),
    named(
        "one_pass_variance",
        ("Variance as E[x²] - E[x]²", "用 E[x²]-E[x]² 计算方差"),
        (
            "The one-pass formula loses all digits in float32 when the mean is large, and can even turn negative.",
            "一遍式公式在均值很大时会在 float32 下丢光有效位，甚至得到负数。",
        ),
        (
            "With mean 10000 and variance 1 in float32, how many digits are left after the subtraction?",
            "float32 下均值 10000、方差 1，两个平方项相减之后还剩几位有效数字？",
        ),
        {"variance": "one_pass"},
        {"variance": "one_pass_abs"},
    ),
    named(
        "one_pass_variance_clamped",
        ("E[x²] - E[x]², clamped at zero", "E[x²]-E[x]² 再截断到 0"),
        (
            "Negative results of the one-pass formula are clamped, which hides the lost digits and leaves variance 0.",
            "一遍式公式出现负值后用 clamp 截到 0：NaN 没了，但精度损失还在，方差变成 0。",
        ),
        (
            "The clamp removes the NaN. What does it leave in the output of that channel?",
            "clamp 之后不再出现 NaN，但这个通道的输出会变成多大？",
        ),
        {"variance": "one_pass_clamped"},
    ),
    named(
        "scalar_statistics",
        ("One number instead of one per channel", "统计量成了一个标量"),
        (
            "A statistic is a single number shared by all channels, as from x.mean() or x.var() without a dimension.",
            "统计量是所有通道共用的一个标量，例如不带 dim 的 x.mean() 或 x.var()。",
        ),
        (
            "What shape does x.mean() have, and what shape should one number per channel have?",
            "x.mean() 的形状是什么？每个通道各有一个数时，形状应该是什么？",
        ),
        {"axes": "all", "running_shape": "kept"},
        {"scalar": "variance"},
        {"scalar": "running"},
    ),
)

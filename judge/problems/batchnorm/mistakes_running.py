"""Mistakes in the running statistics: how they are averaged, from what, and when."""

from __future__ import annotations

from judge.problems.batchnorm.named import ONLY_IMAGES, Misconception, named

RUNNING: tuple[Misconception, ...] = (
    named(
        "momentum_reversed",
        ("Momentum the wrong way round", "momentum 用反了"),
        (
            "The update keeps momentum of the old value and takes 1 - momentum of the batch.",
            "更新时旧值乘 momentum、新值乘 1-momentum，权重正好反了。",
        ),
        (
            "With momentum=0.1, how much of the previous estimate should survive one batch?",
            "momentum=0.1 时，一个 batch 之后旧的估计应该保留多少？",
        ),
        {"rule": "reversed"},
        {"rule": "reversed", "rule_for": "mean"},
        {"rule": "reversed", "rule_for": "var"},
        {"rule": "reversed", "momentum_default": 0.9},
    ),
    named(
        "momentum_hard_coded",
        ("Momentum is a fixed number", "momentum 写死了"),
        (
            "The update uses a literal in place of the momentum argument.",
            "更新公式里是写死的常数，没有用 momentum 参数。",
        ),
        (
            "I build two layers with momentum 0.1 and 0.5 and train both on the same batch. How do they differ?",
            "我用 momentum=0.1 和 0.5 各建一层，喂同一个 batch，两者会有什么不同？",
        ),
        {"momentum_value": 0.1},
        {"momentum_value": 0.9},
        {"momentum_value": 0.01},
        fitted="momentum_value",
    ),
    named(
        "momentum_ignored",
        ("No exponential average", "没有做指数滑动平均"),
        (
            "momentum plays no part: the statistics are a plain average over all batches, or simply the last batch.",
            "momentum 不起作用：统计量是所有 batch 的普通平均，或者只是最后一个 batch 的值。",
        ),
        (
            "The weights change during training. Which batches should count most in evaluation, and do yours?",
            "训练中权重一直在变，推理时哪些 batch 的统计应该占比更大？你的实现呢？",
        ),
        {"rule": "average"},
        {"rule": "average", "counter": "buffer"},
        {"rule": "pooled"},
        {"rule": "last"},
        {"rule": "last", "rule_for": "mean"},
        {"rule": "last", "rule_for": "var"},
    ),
    named(
        "bessel_wrong_count",
        ("n/(n-1) with the batch size as n", "无偏修正里的 n 用错了"),
        (
            "The running variance is corrected with N/(N-1), although each channel has N·H·W values.",
            "滑动方差用 N/(N-1) 做修正，而每个通道其实有 N·H·W 个值。",
        ),
        (
            "How many numbers went into the variance of one channel of a [2, C, 8, 8] batch?",
            "输入是 [2, C, 8, 8] 时，一个通道的方差用到了多少个数？",
        ),
        {"running_variance": "batch_count"},
        {"running_variance": "of_samples"},
        ranks=ONLY_IMAGES,  # for [N, D] N is the right count, and this is PyTorch's convention
    ),
    named(
        "double_bessel",
        ("Corrected for bias twice", "做了两次无偏修正"),
        (
            "A variance that is already divided by n-1 is multiplied by n/(n-1) once more.",
            "方差本来就除以了 n-1，又乘了一次 n/(n-1)。",
        ),
        (
            "Before you multiply by n/(n-1): which of the two variances are you holding there?",
            "乘 n/(n-1) 之前，你手里的是有偏方差还是无偏方差？",
        ),
        {"running_variance": "twice"},
    ),
    named(
        "running_std",
        ("Averages standard deviations", "滑动平均的是标准差"),
        (
            "The running buffer averages standard deviations; squared again they are no average of variances.",
            "滑动平均的是标准差；标准差的平均再平方，并不等于方差的平均。",
        ),
        (
            "Two batches have variance 1 and 9. What is the average variance, and what does your buffer lead to?",
            "两个 batch 的方差分别是 1 和 9，平均方差是多少？用你的缓冲区算出来又是多少？",
        ),
        {"running_variance": "std_with_eps", "running_read": "std"},
        {"running_variance": "std_with_eps", "running_read": "std", "running_var_start": "with_eps"},
        {"running_variance": "std", "running_read": "std_squared"},
        {"running_variance": "std", "running_read": "std_plus_eps"},
        {"running_variance": "std", "running_read": "std"},
        {"running_variance": "std_with_eps", "running_read": "std_squared"},
        {"running_variance": "std_with_eps", "running_read": "std_plus_eps"},
        {"running_variance": "std", "running_read": "variance"},
        {"running_variance": "std_with_eps", "running_read": "variance"},
    ),
    named(
        "running_inverse_std",
        ("Averages 1/std", "滑动平均的是 1/std"),
        (
            "The running buffer averages inverse standard deviations, so one nearly constant batch dominates it.",
            "滑动平均的是标准差的倒数，一个几乎为常数的 batch 就能主导它。",
        ),
        (
            "What happens to your average of 1/std when one batch has a tiny variance in a channel?",
            "如果某个 batch 在某通道上方差极小，你平均的 1/std 会怎样？",
        ),
        {"running_variance": "inverse_std", "running_read": "inverse_std"},
        {"running_variance": "inverse_std", "running_read": "inverse_std", "blended_by": "difference"},
        *(
            {
                "running_variance": "inverse_std",
                "running_read": "inverse_std",
                "running_var_start": "with_eps",
                "blended_by": blended_by,
            }
            for blended_by in ("weights", "difference")
        ),
        {"running_variance": "inverse_std_without_eps", "running_read": "inverse_std"},
        {"running_variance": "inverse_std", "running_read": "inverse_std_squared"},
    ),
    named(
        "first_batch_initialises",
        ("First batch copied into the statistics", "首个 batch 直接覆盖统计量"),
        (
            "On the first training step the statistics become the batch's own instead of moving by momentum.",
            "第一步训练时直接把统计量设为该 batch 的值，而不是按 momentum 更新。",
        ),
        (
            "After a single step at momentum=0.1, what should running_mean be if the batch mean is 5?",
            "momentum=0.1，第一个 batch 均值为 5，更新一步后 running_mean 应为多少？",
        ),
        {"rule": "first_batch"},
        {"rule": "first_batch", "counter": "buffer"},
    ),
    named(
        "zero_debias",
        ("Adam-style bias correction", "像 Adam 那样做了偏差修正"),
        (
            "The averages start from zero and are divided by 1 - (1 - momentum)^t; BatchNorm has no such correction.",
            "滑动平均从 0 开始，再除以 1-(1-momentum)^t；BatchNorm 并没有这一步。",
        ),
        (
            "Adam needs this correction. What do BatchNorm's initial values, 0 and 1, stand for instead?",
            "Adam 需要这种修正，而 BatchNorm 的初始值 0 和 1 表达的是什么？",
        ),
        *(
            {"rule": f"debias_from_{start}{guard}", "counter": counter}
            for counter in ("attribute", "buffer")
            for start in ("zero", "one")
            for guard in ("", "_unguarded")
        ),
    ),
    named(
        "updates_twice",
        ("Updates twice a step", "每步更新了两次"),
        (
            "One training forward moves the running statistics twice.",
            "一次训练前向里，滑动统计量被更新了两次。",
        ),
        (
            "Walk me through one training forward: which lines write to the running statistics?",
            "请带我走一遍训练时的 forward：哪几行会写滑动统计量？",
        ),
        {"update_times": 2},
        {"update_times": 2, "twice_for": "mean"},
        {"update_times": 2, "twice_for": "var"},
    ),
    named(
        "never_updated",
        ("Running statistics never change", "滑动统计量从不更新"),
        (
            "Evaluation still uses the initial 0 and 1, whatever was trained; often a new value is computed and lost.",
            "无论怎样训练，推理用的仍是初始的 0 和 1；常见的是算了新值却没有存回去。",
        ),
        (
            "After one training step, print(layer.running_mean): what do you expect to see, and what will it show?",
            "训练一步之后打印 running_mean，你预期看到什么？实际会看到什么？",
        ),
        {"updates": "none"},
    ),
    named(
        "updates_in_eval",
        ("Evaluation moves the statistics", "推理时也在更新统计量"),
        (
            "The running statistics are used in evaluation, but every evaluation forward updates them as well.",
            "推理时虽然用的是滑动统计量，但每次前向又会更新它们。",
        ),
        (
            "I run the validation set twice without training in between. Should the two results agree, and do they?",
            "不训练、连续跑两遍验证集，结果应该一样吗？你的实现一样吗？",
        ),
        {"update_when": "always"},
        {"update_when": "always_before_use"},
    ),
    named(
        "stats_of_output",
        ("Statistics of the output", "统计的是输出而不是输入"),
        (
            "The running statistics are taken after normalisation, so they stay close to 0 and 1 or follow the affine.",
            "滑动统计量取自归一化之后的结果，因此总接近 0 和 1，或者跟着仿射参数走。",
        ),
        (
            "At the line where you update the statistics, which tensor does the name x refer to?",
            "在更新统计量的那一行，变量 x 指的是输入，还是已经归一化过的结果？",
        ),
        {"update_from": "output"},
        {"update_from": "normalised"},
    ),
    named(
        "updates_only_with_grad",
        ("Updates only with gradients on", "只有开梯度时才更新"),
        (
            "In training mode under torch.no_grad() the statistics stay as they are.",
            "训练模式下一旦处于 torch.no_grad()，统计量就不再更新。",
        ),
        (
            "How would one re-estimate the statistics of a trained net without touching its weights?",
            "如果只想在不改权重的前提下重新估计统计量（重跑一遍数据），该怎么做？你的层支持吗？",
        ),
        {"update_when": "with_grad"},
    ),
    named(
        "running_var_starts_at_zero",
        ("Running variance starts at 0", "running_var 初始为 0"),
        (
            "A fresh layer divides by sqrt(eps) in evaluation, and early averages are too small.",
            "新建的层在推理时除以 sqrt(eps)，前几步的滑动方差也偏小。",
        ),
        (
            "What does a fresh layer return in eval mode, before any training, and what should it return?",
            "一个刚建好、从没训练过的层，在 eval 模式下应该输出什么？你的呢？",
        ),
        {"running_var_start": 0.0},
    ),
    named(
        "keeps_graph",
        ("Statistics keep the autograd graph", "统计量带着计算图"),
        (
            "The running statistics are updated with tensors that require grad and so hold the graph of past batches.",
            "更新统计量时没有脱离计算图，滑动统计量会一直牵着之前 batch 的图。",
        ),
        (
            "What happens at the second loss.backward(), and to memory after a thousand steps?",
            "第二次 loss.backward() 会发生什么？训练一千步之后显存会怎样？",
        ),
        {"graph": "rebound"},
        {"graph": "in_place"},
        {"graph": "rebound", "graph_for": "mean"},
        {"graph": "rebound", "graph_for": "var"},
        {"graph": "in_place", "graph_for": "mean"},
        {"graph": "in_place", "graph_for": "var"},
        alone=(
            "Every output and every statistic is right; this one defect of memory is all that differs.",
            "输出和统计量全都正确，唯一的问题就是这一处内存缺陷。",
        ),
    ),
    named(
        "trains_with_running_stats",
        ("Normalises with running statistics in training", "训练时也用滑动统计量归一化"),
        (
            "Training output is normalised with the running averages and not with the batch's own statistics.",
            "训练时用滑动平均值来归一化，而不是用当前 batch 自己的统计量。",
        ),
        (
            "If training normalises with constants, which part of the gradient of BatchNorm disappears?",
            "如果训练时用的是常数统计量，BatchNorm 的梯度里会少掉哪一部分？",
        ),
        {"train_source": "running_after"},
        {"train_source": "running_before"},
    ),
    named(
        "mean_of_sample_variances",
        ("Averages the variances of single images", "对单张图的方差求平均"),
        (
            "The variance is the mean of each image's own variance, which leaves out how the images' means differ.",
            "方差是每张图各自方差的平均，漏掉了图与图之间均值的差异。",
        ),
        (
            "Two images are constant, one all 0 and one all 2. What is the channel's variance, and what do you get?",
            "一张图全 0、另一张全 2，这个通道的方差是多少？你的代码会算出多少？",
        ),
        {"variance": "of_samples"},
        {"variance": "of_samples_unbiased"},
        {"running_variance": "mean_of_samples"},
        ranks=ONLY_IMAGES,  # one sample of [N, D] has one value per channel and no variance
    ),
    named(
        "running_mean_only",
        ("Running variance is not updated", "只更新了 running_mean"),
        (
            "Only the running mean follows the batches; the running variance stays 1.",
            "只更新了 running_mean，running_var 一直停在 1。",
        ),
        (
            "After training on data with variance 25, what scale will your output have in evaluation?",
            "在方差为 25 的数据上训练之后，推理输出的尺度会是多少？",
        ),
        {"updates": "mean"},
    ),
    named(
        "running_var_only",
        ("Running mean is not updated", "只更新了 running_var"),
        (
            "Only the running variance follows the batches; the running mean stays 0.",
            "只更新了 running_var，running_mean 一直停在 0。",
        ),
        (
            "After training on data with mean 5, around which value will your output lie in evaluation?",
            "在均值为 5 的数据上训练之后，推理输出会以什么值为中心？",
        ),
        {"updates": "var"},
    ),
)

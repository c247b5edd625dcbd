"""Mistakes in what the layer is to its users: modes, scale and shift, state, inputs."""

from __future__ import annotations

from itertools import product

from judge.problems.batchnorm.named import Misconception, named

MODULE: tuple[Misconception, ...] = (
    named(
        "eval_uses_batch",
        ("Batch statistics in evaluation", "推理时仍用 batch 统计量"),
        (
            "In evaluation the layer still normalises with the batch it is given, so batch mates change the output.",
            "推理时仍用当前 batch 的统计量归一化，同一样本的输出会随同批样本而变。",
        ),
        (
            "In eval mode I pass one image alone, then in a batch of 32. Should its output change, and does it?",
            "eval 模式下，同一张图单独输入和放进 32 张的 batch 里，输出应该一样吗？你的呢？",
        ),
        {"eval_source": "batch"},
        {"eval_source": "batch_if_many"},
    ),
    named(
        "own_training_flag",
        ("Ignores eval()", "不理会 .eval()"),
        (
            "A flag of its own decides the mode, so after .eval() the layer goes on training.",
            "训练/推理由自己的标志或参数决定，调用 .eval() 之后仍按训练逻辑走。",
        ),
        (
            "A trainer calls model.eval() on the whole network. How does your layer get to know?",
            "训练框架只会对整个模型调用 model.eval()，你的层怎么知道模式变了？",
        ),
        {"mode": "always"},
        {"mode": "own_methods"},
    ),
    named(
        "grad_mode_as_training_flag",
        ("Gradient mode taken for the mode", "用梯度开关判断训练模式"),
        (
            "torch.is_grad_enabled() decides between training and evaluation, not self.training.",
            "用 torch.is_grad_enabled() 区分训练与推理，而不是 self.training。",
        ),
        (
            "What does your layer do in eval mode when I need a gradient with respect to the input?",
            "如果我在 eval 模式下要对输入求梯度（比如做对抗样本），你的层会怎么走？",
        ),
        {"mode": "grad"},
    ),
    named(
        "affine_missing",
        ("No learnable scale and shift", "缺少可学习的缩放与平移"),
        (
            "Scale or shift does not exist, or exists and is never applied.",
            "gamma 或 beta 不存在，或者定义了却没有用到。",
        ),
        (
            "Why does BatchNorm need gamma and beta once the values are normalised?",
            "既然已经归一化了，为什么还需要 gamma 和 beta？",
        ),
        {"affine_kind": "missing"},
        {"affine_use": "none"},
        {"affine_kind": "no_shift"},
        {"affine_kind": "no_scale"},
        {"affine_use": "no_shift"},
        {"affine_use": "no_scale"},
    ),
    named(
        "affine_skipped_in_eval",
        ("No scale and shift in evaluation", "推理时漏了仿射变换"),
        (
            "gamma and beta are applied in one mode only, usually because evaluation returns early.",
            "gamma、beta 只在一种模式下生效，常见于推理分支提前 return。",
        ),
        (
            "Put your two branches side by side: which steps do they share, and which does one of them lack?",
            "把训练和推理两个分支对照一下：哪些步骤是共同的？哪一步只有一边有？",
        ),
        {"affine_in": "training"},
        {"affine_in": "evaluation"},
    ),
    named(
        "scale_and_shift_swapped",
        ("Scale and shift swapped", "gamma 和 beta 用反了"),
        (
            "The parameter that starts at 1 is added and the one that starts at 0 multiplies.",
            "初值为 1 的参数被拿去相加，初值为 0 的参数被拿去相乘。",
        ),
        (
            "What does a fresh layer of yours return for any input at all?",
            "你这个层刚初始化时，任意输入得到的输出是什么？",
        ),
        {"affine_use": "swapped"},
    ),
    named(
        "scale_applied_to_shift",
        ("Scale multiplies the shift", "平移项也被乘了 gamma"),
        (
            "The output is gamma * (x_hat + beta), so beta moves the output by gamma * beta.",
            "输出写成了 gamma * (x_hat + beta)，实际平移量变成 gamma * beta。",
        ),
        (
            "With gamma = 2 and beta = 3, where is the mean of the output, and where should it be?",
            "gamma=2、beta=3 时，输出的均值应该是多少？你的是多少？",
        ),
        {"affine_use": "shift_scaled"},
    ),
    named(
        "wrong_initial_affine",
        ("Scale and shift start at other values", "gamma、beta 初始值不对"),
        (
            "A new layer does not begin with scale 1 and shift 0.",
            "新建的层没有从 gamma=1、beta=0 开始。",
        ),
        (
            "Which function should a new BatchNorm layer compute, and what do your initial values make of it?",
            "刚初始化的 BatchNorm 应该等价于什么操作？你选的初始值让它变成了什么？",
        ),
        {"scale_start": 0.0},
        {"scale_start": "normal"},
        {"scale_start": "normal", "shift_start": "normal"},
        {"shift_start": "normal"},
        {"scale_start": 0.0, "shift_start": 1.0},
        {"shift_start": 1.0},
        {"scale_start": "uniform"},
        {"scale_start": "near_one"},
        {"scale_start": "uniform", "shift_start": "uniform"},
        {"shift_start": "uniform"},
        random=True,
    ),
    named(
        "affine_not_parameters",
        ("Scale and shift are no parameters", "gamma、beta 不是 Parameter"),
        (
            "Scale and shift are plain tensors, frozen or in a dict: parameters() gives an optimiser nothing to train.",
            "gamma、beta 只是普通张量、被冻结，或者放在普通 dict 里：parameters() 里没有它们，优化器训练不到。",
        ),
        (
            "What does list(layer.parameters()) return, and who reads that list?",
            "list(layer.parameters()) 会返回什么？谁会去读这个列表？",
        ),
        {"affine_kind": "attributes"},
        {"affine_kind": "plain_attributes"},
        {"affine_kind": "frozen_parameters"},
    ),
    named(
        "affine_as_buffers",
        ("Scale and shift are buffers", "gamma、beta 注册成了 buffer"),
        (
            "Scale and shift are registered as buffers: saved with the model, but never trained.",
            "gamma、beta 用 register_buffer 注册：会保存，但永远不会被训练。",
        ),
        (
            "Parameter or buffer: which is for what, and on which side does gamma belong?",
            "Parameter 和 buffer 各自用来放什么？gamma 属于哪一类？",
        ),
        {"affine_kind": "buffers"},
    ),
    named(
        "stats_not_buffers",
        ("Running statistics are not saved", "滑动统计量没有进 state_dict"),
        (
            "The running statistics are plain attributes or non-persistent, so saving and loading loses them.",
            "滑动统计量是普通属性或非持久 buffer，保存再加载之后就丢了。",
        ),
        (
            "Train, save the state_dict, load it into a new process: what does evaluation use there?",
            "训练后保存 state_dict，在新进程里加载，推理时用的统计量从哪儿来？",
        ),
        {"stats_kind": "attributes"},
        {"stats_kind": "attributes_in_place"},
        {"stats_kind": "attributes", "stats_kind_for": "mean"},
        {"stats_kind": "attributes", "stats_kind_for": "var"},
        {"stats_kind": "not_persistent"},
        {"stats_kind": "lazy_attributes"},
        {"stats_kind": "lazy_attributes_in_training"},
    ),
    named(
        "stats_as_parameters",
        ("Running statistics are parameters", "滑动统计量成了 Parameter"),
        (
            "Running mean and variance are nn.Parameters: optimiser, weight decay and parameter counts include them.",
            "滑动均值和方差被定义成 nn.Parameter，优化器、权重衰减和参数量都会把它们算进去。",
        ),
        (
            "Who changes running_mean in your layer: the forward, the optimiser, or both?",
            "在你的层里，running_mean 由谁来改：forward、优化器，还是两者都会？",
        ),
        {"stats_kind": "parameters"},
        {"stats_kind": "frozen_parameters"},
    ),
    named(
        "lazy_buffers",
        ("Buffers made at the first forward", "第一次 forward 才创建 buffer"),
        (
            "A new layer has no running statistics yet, so a saved state cannot be loaded into it.",
            "新建的层还没有滑动统计量，因此加载不了已保存的 state_dict。",
        ),
        (
            "A server builds the layer and calls load_state_dict before any forward. What happens?",
            "线上服务先建层、再 load_state_dict，还没跑过 forward，会发生什么？",
        ),
        {"stats_kind": "lazy"},
        {"stats_kind": "lazy_in_training"},
    ),
    named(
        "dtype_hard_coded",
        ("float32 written into the code", "写死了 float32"),
        (
            "A cast or a fixed dtype makes the layer leave the dtype of its input, or lose float64's digits.",
            "代码里写死了类型转换，输出类型与输入不一致，或者丢掉了 float64 的精度。",
        ),
        (
            "After layer.double() and a float64 input, which of your tensors are still float32?",
            "调用 layer.double() 并输入 float64 之后，你的代码里哪些张量还是 float32？",
        ),
        {"dtype": "float32"},
        {"dtype": "float32_inside"},
        {"dtype": "float32_output"},
        {"dtype": "float64_output"},
        {"dtype": "float32_running"},
        {"dtype": "float64_running"},
        {"dtype": "float32_batch"},
        {"dtype": "float32_refused"},
    ),
    named(
        "mutates_input",
        ("Changes its input", "原地改写了输入"),
        (
            "The input tensor is modified in place, under the feet of whoever else uses it.",
            "原地修改了输入张量，其他还要用它的地方会受影响。",
        ),
        (
            "In y = x + bn(x), which x is added in your version?",
            "残差结构 y = x + bn(x) 里，用你的层的话加上去的 x 是哪一个？",
        ),
        *(
            {"mutates": how, "mutates_in": mode, "saves_input": saves}
            for mode, saves in (*product(("both", "training"), (True, False)), ("evaluation", False))
            for how in (
                *("input", "centre", "data", "data_first", "data_centre", "data_result"),
                *("data_output", "centre_after", "result", "output"),
            )
        ),
    ),
    named(
        "shared_state",
        ("Instances share state", "多个实例共享状态"),
        (
            "Statistics live on the class, in a cache or in a default argument, so all layers of a net write to them.",
            "统计量放在类属性、缓存或默认参数里，网络里的所有层写的是同一份。",
        ),
        (
            "A net has two such layers. Whose statistics does the second one hold after a training step?",
            "一个网络里有两个这样的层，训练一步之后，第二层里存的是谁的统计量？",
        ),
        {"shared": "by_features"},
        {"shared": "slices"},
        {"shared": "reset"},
        {"shared": "with_affine"},
        {"shared": "affine"},
    ),
    named(
        "fixed_shape",
        ("Works for one shape only", "只支持固定形状"),
        (
            "A size is written into the code or kept from the first batch, so other sizes fail or come out wrong.",
            "代码里写死了某个尺寸，或记住了第一个 batch 的尺寸，换个形状就报错或算错。",
        ),
        (
            "The last batch of an epoch is smaller than the others. What does your layer do with it?",
            "一个 epoch 的最后一个 batch 往往更小，你的层会怎么处理？",
        ),
        *(
            {"fixed_shape": count, "first_in": mode}
            for count in ("batch_size", "count")
            for mode in ("both", "training")
        ),
        {"fixed_shape": "features"},
        *(
            {"fixed_shape": size, "first_in": first, "refuses_in": refuses}
            for size in ("raises", "raises_samples")
            for first, refuses in (("both", "both"), ("both", "training"), ("training", "training"))
        ),
        steady=False,
    ),
)

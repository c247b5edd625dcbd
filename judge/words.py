"""What a report says of its verdict, of the exam or of the samples, and in place of names; in both languages."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from judge.report import CandidateError, CheckResult, CheckStatus, Text, Verdict

PROCESS_ERROR = "ProcessError"
"""The type of an error that is no exception: the process of the code ended by itself."""


def message(
    verdict: Verdict,
    checks: Sequence[CheckResult],
    error: CandidateError | None,
    line: int | None = None,
    *,
    samples: bool = False,
) -> Text:
    """The sentences of a verdict, made from what came of the checks; ``samples`` says whether those were run.

    ``line`` is where in the candidate's file a limit was passed.
    """
    if line is not None and verdict in AT_A_LINE:
        return {language: words.format(line=line) for language, words in AT_A_LINE[verdict].items()}
    raised = sum(check.status is CheckStatus.ERROR for check in checks)
    if verdict is Verdict.WRONG_ANSWER and raised:
        return _counted(RAISES_AND_DIFFERS[samples], raised, len(checks))
    if verdict is Verdict.ACCEPTED and any(check.status is CheckStatus.NOT_RUN for check in checks):
        return TOO_SLOW
    if verdict is Verdict.RUNTIME_ERROR:
        if raised:
            return _counted(RAISES[samples], raised, len(checks))
        if error is not None and error.type != PROCESS_ERROR:
            return CANNOT_BE_BUILT
    return (SAMPLE_MESSAGES if samples else VERDICT_MESSAGES)[verdict]


def only_convention(asked: Text) -> Text:
    """Of a layer that is right but for the convention it follows; ``asked`` says which one it should."""
    return {"en": f"{ONLY_CONVENTION['en']} {asked['en']}", "zh": f"{ONLY_CONVENTION['zh']}{asked['zh']}"}


def _counted(text: Text, count: int, total: int) -> Text:
    return {language: words.format(count=count, total=total) for language, words in text.items()}


VERDICT_MESSAGES: dict[Verdict, Text] = {
    Verdict.ACCEPTED: {
        "en": "Every check passed.",
        "zh": "所有检查均已通过。",
    },
    Verdict.WRONG_ANSWER: {
        "en": "Your layer runs, but it does not do everything the statement asks for. The groups below say where.",
        "zh": "代码可以运行，但与题目要求不完全一致；下面的分组说明了问题所在。",
    },
    Verdict.RUNTIME_ERROR: {
        "en": "The process of your code ended before everything was examined.",
        "zh": "还没有检查完，你的代码所在的进程就结束了。",
    },
    Verdict.TIME_LIMIT: {
        "en": "Your code did not finish in time. Look for an endless loop, or for Python loops over single elements.",
        "zh": "代码没有在时限内跑完。请检查是否有死循环，或者逐元素的 Python 循环。",
    },
    Verdict.MEMORY_LIMIT: {
        "en": "Your code needed more memory than it may use.",
        "zh": "代码使用的内存超出了限制。",
    },
    Verdict.OUTPUT_LIMIT: {
        "en": "Your code printed or wrote more than it may. Remove debugging output inside loops.",
        "zh": "代码的输出超出了限制，请删掉循环里的调试打印。",
    },
    Verdict.COMPILE_ERROR: {
        "en": "Your file could not be loaded, so nothing was examined.",
        "zh": "文件无法加载，因此没有进行任何检查。",
    },
    Verdict.RULE_VIOLATION: {
        "en": "A built-in normalisation did the work, so there are no points. The counts below still say how the layer "
        "behaves. Write the normalisation yourself and submit again.",
        "zh": "检测到内置的归一化实现在替你计算，因此不给分；下面的通过数只说明该层的行为。"
        "请自己实现归一化，再重新提交。",
    },
    Verdict.JUDGE_ERROR: {
        "en": "The judge itself failed. This does not count against you; please submit again.",
        "zh": "判题系统自身出错，不计入你的提交，请稍后重新提交。",
    },
}

SAMPLE_MESSAGES = VERDICT_MESSAGES | {
    Verdict.ACCEPTED: {
        "en": "Every sample came out as expected. The hidden exam looks at more.",
        "zh": "样例全部符合预期。正式提交时还会检查更多内容。",
    },
    Verdict.WRONG_ANSWER: {
        "en": "At least one sample came out differently. Compare expected and actual below.",
        "zh": "至少有一个样例的结果与预期不同，请对照下面的预期值与实际值。",
    },
    Verdict.RULE_VIOLATION: {
        "en": "A built-in normalisation did the work: submitted like this, the code gets no points. Write the "
        "normalisation yourself.",
        "zh": "检测到内置的归一化实现在替你计算：这样提交不会得分。请自己实现归一化。",
    },
}

AT_A_LINE: dict[Verdict, Text] = {
    Verdict.TIME_LIMIT: {
        "en": "Your code did not finish in time: when its time was over, it was at line {line}. Look for an endless "
        "loop, or for Python loops over single elements.",
        "zh": "代码没有在时限内跑完：时间用尽时正执行到第 {line} 行。请检查是否有死循环，或者逐元素的 Python 循环。",
    },
    Verdict.OUTPUT_LIMIT: {
        "en": "Your code printed or wrote more than it may, the last of it at line {line}. Remove debugging output "
        "inside loops.",
        "zh": "代码的输出超出了限制，最后停在第 {line} 行。请删掉循环里的调试打印。",
    },
}
"""Where the line is known at which a limit was passed."""

RAISES: dict[bool, Text] = {
    False: {
        "en": "Your code raised an exception in {count} of {total} checks. Mend that first.",
        "zh": "{total} 项检查中有 {count} 项抛出了异常，请先解决它。",
    },
    True: {
        "en": "Your code raised an exception in {count} of {total} samples. Mend that first.",
        "zh": "{total} 个样例中有 {count} 个抛出了异常，请先解决它。",
    },
}

RAISES_AND_DIFFERS: dict[bool, Text] = {
    False: {
        "en": "Your code raised an exception in {count} of {total} checks; where it runs, it does not do everything "
        "the statement asks for. The groups below say where.",
        "zh": "{total} 项检查中有 {count} 项抛出了异常；能够运行的部分也与题目要求不完全一致，见下面的分组。",
    },
    True: {
        "en": "Your code raised an exception in {count} of {total} samples, and at least one other came out "
        "differently. Compare expected and actual below.",
        "zh": "{total} 个样例中有 {count} 个抛出了异常，另有样例的结果与预期不同，请对照下面的预期值与实际值。",
    },
}
"""Of the samples (True) and of the hidden exam."""

TOO_SLOW: Text = {
    "en": "Every check passed that your code came to. On very large inputs it passed a limit, which costs no points.",
    "zh": "已运行的检查全部通过。代码在超大输入上超出了限制，这一项不扣分。",
}
"""Of a layer that is accepted though it is too slow, or too large, for the last of the exam."""

NAMED_BUILT_IN: dict[str, Text] = {
    "named": {
        "en": "Named, but not seen to run: the layer comes here under a condition that the exam did not meet, or "
        "never. Read that line.",
        "zh": "写到了它，但没有看到它运行：只有在考试未遇到的条件下该层才会执行到这里，也可能永远不会。请看这一行。",
    },
    "apart": {
        "en": "Named where the layer does not come, such as a comparison of the candidate's own: that is allowed.",
        "zh": "写在该层不会执行到的地方，例如候选人自己的对比代码：这是允许的。",
    },
    "barred": {
        "en": "The layer may come here, and it would leave no trace: naming it breaks the rule.",
        "zh": "该层可能执行到这里，而它运行时不留痕迹：写到它就违反了规则。",
    },
}
"""By how a built-in normalisation was seen, for staff."""

ONLY_LARGE: Text = {
    "en": "Everything is right but on large inputs: above some size the code computes something else.",
    "zh": "除大输入外全部正确：超过某个规模之后，代码算出的是别的东西。",
}
"""In place of names."""

CANNOT_BE_BUILT: Text = {
    "en": "Your layer could not be built: its constructor raised an exception, so nothing was examined.",
    "zh": "无法构造你的层：构造函数抛出了异常，因此没有进行任何检查。",
}

NAMES_LOST: Text = {
    "en": "The comparison with known misconceptions was cut short when the judge stopped, and could not be taken up "
    "again. Judge the submission again to have it done.",
    "zh": "与已知误解的比较因判题系统停止而中断，之后未能继续。重新评测这份提交即可完成比较。",
}
"""In place of names, for staff."""


ONLY_CONVENTION: Text = {
    "en": "Everything else is right; only the running variance follows another convention than the statement asks for.",
    "zh": "其余都正确，只是滑动方差采用的约定与题面要求不同。",
}

FOLLOWS: Text = {
    "en": "Follows from the above: mend that first.",
    "zh": "由上面的问题所致：请先解决上面的问题。",
}
"""Of what a cause told before explains."""

COMPLAINTS: dict[str, Text] = {
    "no_scale": {
        "en": "No learnable scale was found among the layer's parameters.",
        "zh": "在该层的参数中找不到可学习的缩放。",
    },
    "no_shift": {
        "en": "No learnable shift was found among the layer's parameters.",
        "zh": "在该层的参数中找不到可学习的平移。",
    },
    "output_is_no_tensor": {
        "en": "forward did not return a tensor.",
        "zh": "forward 的返回值不是张量。",
    },
    "another_shape": {
        "en": "forward returned a tensor of another shape than its input.",
        "zh": "forward 返回的张量与输入形状不同。",
    },
    "state_dict_does_not_load": {
        "en": "The state dict of one layer does not load into another of the same size.",
        "zh": "一个层的 state_dict 无法加载到同样大小的另一个层中。",
    },
    "cannot_be_copied": {
        "en": "The layer cannot be copied with copy.deepcopy.",
        "zh": "该层无法用 copy.deepcopy 复制。",
    },
    "backward_fails": {
        "en": "Autograd could not run the backward pass.",
        "zh": "自动求导无法完成反向传播。",
    },
}
"""What the driver may complain of."""

SIGNALLED: Text = {
    "en": "The process was ended by signal {signal} before the exam was over.",
    "zh": "检查还没有做完，进程就被信号 {signal} 终止了。",
}
ENDED: Text = {
    "en": "The process ended before the exam was over.",
    "zh": "检查还没有做完，进程就结束了。",
}
MEDDLED: Text = {
    "en": "The process wrote into the judge's channel.",
    "zh": "进程向判题系统的通道写入了数据。",
}
"""Of a process that ended without an exception."""

NOT_UTF8: Text = {
    "en": "The file is not UTF-8 text; save it as UTF-8.",
    "zh": "文件不是 UTF-8 文本，请以 UTF-8 编码保存。",
}
CANNOT_LOAD: dict[str, Text] = {
    "MissingClass": {
        "en": "No class named {name} in your file; the starter shows its signature. {classes}",
        "zh": "文件中没有名为 {name} 的类；起始代码里有它的签名。{classes}",
    },
    "NotAClass": {
        "en": "{name} is not a class. {classes}",
        "zh": "{name} 不是类。{classes}",
    },
    "NotAModule": {
        "en": "{name} is no nn.Module: write class {name}(nn.Module).",
        "zh": "{name} 不是 nn.Module，请写成 class {name}(nn.Module)。",
    },
}
NO_CLASS: Text = {"en": "It defines no class at all.", "zh": "文件中没有定义任何类。"}
CLASSES: Text = {"en": "Classes found: {names}{more}.", "zh": "文件中定义的类：{names}{more}。"}
NO_MODULE: Text = {"en": "{name} (no nn.Module)", "zh": "{name}（不是 nn.Module）"}
BETWEEN: Text = {"en": ", ", "zh": "、"}
AND_MORE: Text = {"en": " and {more} more", "zh": "，另有 {more} 个"}


def cannot_load(kind: str, facts: str) -> Text | None:
    """Of a file that is no usable answer though nothing in it raised; None for whatever else ``facts`` may be.

    They are ``judge.cell.source``'s, and so a cell's: anything may stand in them.
    """
    if kind == "UnicodeDecodeError" and not facts:
        return NOT_UTF8
    if kind not in CANNOT_LOAD:
        return None
    try:
        name, classes, count = msgspec.json.decode(facts, type=tuple[str, list[tuple[str, bool]], int])
    except msgspec.DecodeError:
        return None
    return {
        language: words.format(name=name, classes=_classes(classes, count - len(classes), language))
        for language, words in CANNOT_LOAD[kind].items()
    }


def _classes(classes: list[tuple[str, bool]], more: int, language: str) -> str:
    if not classes:
        return NO_CLASS[language]
    names = [name if is_layer else NO_MODULE[language].format(name=name) for name, is_layer in classes]
    rest = AND_MORE[language].format(more=more) if more > 0 else ""
    return CLASSES[language].format(names=BETWEEN[language].join(names), more=rest)

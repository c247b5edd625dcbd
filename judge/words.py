"""What a report says of its verdict, of the exam or of the samples, and in place of names; in both languages."""

from __future__ import annotations

from judge.report import Text, Verdict

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
        "en": "Your code raised an exception or its process ended early.",
        "zh": "你的代码抛出了异常，或者进程提前结束了。",
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
        "en": "A built-in normalisation did the work. Please write the layer by hand.",
        "zh": "检测到内置的归一化实现在替你计算。请自己动手实现这一层。",
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
}

NAMES_LOST: Text = {
    "en": "The comparison with known misconceptions was cut short when the judge stopped, and could not be taken up "
    "again. Judge the submission again to have it done.",
    "zh": "与已知误解的比较因判题系统停止而中断，之后未能继续。重新评测这份提交即可完成比较。",
}
"""In place of names, for staff."""

"""Says what kind of exception a candidate's code raised, with a question for the interviewer."""

from __future__ import annotations

import re
from dataclasses import dataclass

from judge.report import CandidateError, Raise, Text


@dataclass(frozen=True)
class Kind:
    """Exceptions that come from one sort of mistake: by type, or by what their message says."""

    id: str
    types: tuple[str, ...]
    says: str
    sentence: Text
    question: Text


def kind_of(error: CandidateError) -> Kind:
    """The first kind that fits; the last fits everything."""
    return next(kind for kind in KINDS if error.type in kind.types or re.search(kind.says, error.message))


def raised(error: CandidateError, checks: tuple[str, ...]) -> Raise:
    """The exception in words for staff; ``checks`` are the ids of those that it ended."""
    kind = kind_of(error)
    places = SOMEWHERE if error.line is None else AT_LINE
    sentence = {
        language: words.format(place=places[language].format(line=error.line, type=error.type))
        for language, words in kind.sentence.items()
    }
    return Raise(kind.id, sentence, kind.question, checks)


AT_LINE: Text = {"en": "Line {line} raises {type}", "zh": "第 {line} 行抛出 {type}"}
SOMEWHERE: Text = {"en": "The code raises {type}", "zh": "代码抛出 {type}"}

# What torch says is matched loosely; tests/judge/test_raising.py has the torch that is installed say it.
KINDS = (
    Kind(
        "in_place",
        (),
        r"in-?place operation|modified by an inplace",
        {
            "en": "{place}: a tensor that autograd still needs is changed in place.",
            "zh": "{place}：自动求导还要用到的张量被原地修改了。",
        },
        {
            "en": "Which values does autograd keep for the backward pass, and which of them does this line overwrite?",
            "zh": "反向传播要保留哪些值？这一行改写了其中的哪一个？",
        },
    ),
    Kind(
        "device",
        (),
        r"same device|the expected device|Torch not compiled with CUDA|No CUDA GPUs|found no NVIDIA driver",
        {
            "en": "{place}: tensors of different devices meet, or a device is asked for that is not there.",
            "zh": "{place}：不同设备上的张量碰到了一起，或者用到了不存在的设备。",
        },
        {
            "en": "How does a tensor that the layer makes itself come to the device of its input?",
            "zh": "层内自己新建的张量，怎样才能放到输入所在的设备上？",
        },
    ),
    Kind(
        "missing_name",
        ("AttributeError", "NameError", "UnboundLocalError", "ModuleNotFoundError"),
        r"(?!)",
        {
            "en": "{place}: it uses a name that is not there, such as one never set, misspelt or without self.",
            "zh": "{place}：用到了不存在的名字，例如从未赋值、拼错，或漏写了 self。",
        },
        {
            "en": "Where is this name given its value, and has that line run by then, in either mode?",
            "zh": "这个名字是在哪里赋值的？两种模式下，运行到这里时那一行都执行过了吗？",
        },
    ),
    Kind(
        "dtype",
        (),
        r"dtype|scalar type|data type|not implemented for '|result type",
        {
            "en": "{place}: tensors of different dtypes meet, or an operation does not take this one.",
            "zh": "{place}：不同 dtype 的张量碰到了一起，或者该运算不支持这种 dtype。",
        },
        {
            "en": "What dtype has everything on this line, and what changes after .double()?",
            "zh": "这一行里各个张量的 dtype 是什么？调用 .double() 之后哪些会变？",
        },
    ),
    Kind(
        "shape",
        (),
        r"size of tensor|shape|sizes?\b.*match|broadcast|[Dd]imension|values to unpack|out of (range|bounds)",
        {
            "en": "{place}: the shapes do not fit together, or an input has other axes than this line expects.",
            "zh": "{place}：张量形状不匹配，或者输入的维度与这一行的假设不同。",
        },
        {
            "en": "What is the shape of everything on this line, and for which inputs does that hold?",
            "zh": "这一行里每个张量的形状是什么？对哪些输入成立？",
        },
    ),
    Kind(
        "call",
        (),
        r"positional argument|keyword argument|not callable",
        {
            "en": "{place}: something is called in another way than its signature says.",
            "zh": "{place}：调用方式与函数签名不符。",
        },
        {
            "en": "Which arguments does the statement pass, and which of them does this signature take?",
            "zh": "题面规定会传入哪些参数？这个签名能接收其中的哪些？",
        },
    ),
    Kind(
        "other",
        (),
        r"",
        {"en": "{place}.", "zh": "{place}。"},
        {
            "en": "What has to be true for this line to raise, and when is it?",
            "zh": "什么情况下这一行会抛出异常？什么时候会出现这种情况？",
        },
    ),
)

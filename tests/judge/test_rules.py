"""The static look names torch's own normalisations and nothing else."""

from pathlib import Path

import pytest

from judge.cell.rules import Named, walk
from judge.cell.rules import look as look_for

CLASSES = ["MyLayer", "A"]


def look(source: str) -> list[Named]:
    return look_for(source, CLASSES)


NAMED = {
    "call": ("import torch.nn.functional as F\ny = F.batch_norm(x, m, v)", "torch.nn.functional.batch_norm", 2),
    "layer": ("import torch\nbn = torch.nn.BatchNorm1d(3)", "torch.nn.BatchNorm1d", 2),
    "nn alias": ("from torch import nn\n\nbn = nn.LayerNorm(3)", "torch.nn.LayerNorm", 3),
    "imported name": ("from torch.nn import BatchNorm2d as B", "torch.nn.BatchNorm2d", 1),
    "base class": ("from torch import nn\nclass A(nn.SyncBatchNorm): pass", "torch.nn.SyncBatchNorm", 2),
    "getattr": ("import torch\nf = getattr(torch, 'batch' + '_norm')", "torch.batch_norm", 2),
    "joined": ("import torch\nf = getattr(torch, ''.join(['batch', '_norm']))", "torch.batch_norm", 2),
    "f-string": ("import torch\nf = getattr(torch, f'{\"batch\"}_norm')", "torch.batch_norm", 2),
    "operator": ("import torch\nf = torch.ops.aten.native_batch_norm.default", "torch.ops.aten.native_batch_norm", 2),
    "importlib": (
        "import importlib\nF = importlib.import_module('torch.nn.functional')\nF.layer_norm(x, (3,))",
        "torch.nn.functional.layer_norm",
        3,
    ),
    "dunder import": ("F = __import__('torch').nn.functional\nF.group_norm(x, 2)", "torch.nn.functional.group_norm", 2),
    "kept under another name": (
        "import torch\nold = torch.native_batch_norm\ny = old(x)",
        "torch.native_batch_norm",
        2,
    ),
}


@pytest.mark.parametrize("case", NAMED)
def test_a_built_in_normalisation_is_found_with_name_and_line(case: str) -> None:
    source, name, line = NAMED[case]
    found = look(source)
    assert [(named.line, named.quiet) for named in found][:1] == [(line, False)]
    assert found[0].name.startswith(name)


def test_what_leaves_no_operator_is_marked_quiet() -> None:
    for brought_in in ("import torch._refs as r", "from torch._decomp import decomposition_table as r"):
        used = f"{brought_in}\nclass MyLayer:\n    def forward(self, x): return r(x)"
        assert look(used)[0].quiet
        assert not look(used.replace("forward", "comparison"))[0].quiet  # the layer does not come there


TAMPERING = {
    "import": "from judge.cell import norms\nnorms.note = print",
    "table of modules": "import sys\nsys.modules['judge.cell.norms'].note = print",
    "table of modules, in pieces": "import sys\nsys.modules['ju' + 'dge.cell.norms'].note = print",
    "importlib": "import importlib\nimportlib.import_module('judge.cell.norms').note = print",
}


@pytest.mark.parametrize("case", TAMPERING)
def test_a_source_that_reaches_for_the_judge_is_told_whatever_runs(case: str) -> None:
    assert [(named.name, named.quiet) for named in look(TAMPERING[case])][:1] in (
        [("judge.cell.norms", True)],
        [("judge.cell.norms.note", True)],
    )


def test_the_quick_way_past_the_tree_finds_what_the_tree_tells() -> None:
    sources = [path.read_text("utf-8", "replace") for path in Path("judge/problems").glob("*/submissions/*/*.py")]
    sources += [source for source, _, _ in NAMED.values()] + ["from torch.nn import ＢatchNorm1d as B"]
    assert len(sources) > 300
    assert [look(source) for source in sources] == [walk(source, CLASSES) for source in sources]
    assert any(not look(source) for source in sources)


INNOCENT = {
    "own package called judge": "class judge:\n    layer_norm = 1\njudge.layer_norm",
    "comment": "# nn.BatchNorm1d does this\nx = 1",
    "string": "text = 'torch.nn.functional.batch_norm'",
    "docstring": 'def f():\n    """like nn.BatchNorm1d"""',
    "own helper class": "class BatchNorm:\n    pass\nb = BatchNorm()",
    "own function": "def batch_norm(x):\n    return x\nbatch_norm(1)",
    "own method": "class A:\n    def layer_norm(self): pass\nA().layer_norm()",
    "vector norm": "import torch\ny = torch.norm(x) + torch.linalg.vector_norm(x)",
    "forbidden-sounding words": "with torch.no_grad():\n    try:\n        stream = 1\n    finally:\n        pass",
    "no Python at all": "this is (not Python",
}


@pytest.mark.parametrize("case", INNOCENT)
def test_innocent_code_names_nothing(case: str) -> None:
    assert look(INNOCENT[case]) == []


LAYER = """
import torch
from torch import nn
import torch.nn.functional as F
from torch.nn import BatchNorm1d as Reference

MODES = {"fast": F.layer_norm}


def fast(x):
    return F.batch_norm(x, None, None, training=True)


def test_against_torch():
    return Reference(3)


class Helper:
    def __call__(self, x):
        return torch.native_batch_norm(x)

    def other(self, x):
        return torch.group_norm(x, 1)


class MyLayer(nn.Module):
    def forward(self, x):
        FORWARD

    def compare(self, x):
        return F.instance_norm(x)


if __name__ == "__main__":
    nn.BatchNorm1d(3)
"""

FORWARDS = {
    "nothing": ("return x", set()),
    "a function": ("return fast(x) if len(x) > 10**9 else x", {"batch_norm"}),
    "a function by a string": ("return getattr(self, 'fast')(x)", {"batch_norm"}),
    "a table": ("return MODES['fast'](x)", {"batch_norm", "layer_norm"}),
    "a helper": ("return Helper()(x)", {"native_batch_norm"}),
    "a helper's method": ("return Helper().other(x)", {"native_batch_norm", "group_norm"}),
    "a method": ("return self.compare(x)", {"instance_norm"}),
    "an imported name": ("return Reference(3)(x)", {"BatchNorm1d"}),
    "itself": ("return x if x.dtype is torch.half else torch.layer_norm(x)", {"layer_norm"}),
    "what it cannot read": ("return eval('fa' + 'st')(x)", None),
}


@pytest.mark.parametrize("case", FORWARDS)
def test_a_name_is_reached_where_the_layer_may_come(case: str) -> None:
    forward, wanted = FORWARDS[case]
    found = look(LAYER.replace("FORWARD", forward))
    reached = {named.name.split(".")[-1] for named in found if named.reached}
    main = max(named.line for named in found)
    assert not next(named for named in found if named.line == main).reached
    everything = {named.name.split(".")[-1] for named in found if named.line != main}
    assert reached == (everything if wanted is None else wanted)


def test_a_forward_that_is_put_in_place_from_outside_is_reached() -> None:
    outside = "import torch\ndef fast(self, x):\n    return torch.layer_norm(x)\nclass MyLayer:\n    pass\n"
    for statement in (
        "MyLayer.forward = fast",
        "setattr(MyLayer, 'forward', fast)",
        "if True:\n    MyLayer.__dict__['f'] = fast",
        "def patch(cls):\n    cls.forward = fast\npatch(MyLayer)",
        "Inner = MyLayer\nclass A(Inner):\n    forward = fast",
    ):
        assert [named.reached for named in look(outside + statement)] == [True], statement
    assert [named.reached for named in look(outside + "print(MyLayer()(1) - fast(0, 1))")] == [False]


@pytest.mark.parametrize("guard", ["__name__ == '__main__'", "'__main__' == __name__"])
def test_nothing_under_a_main_guard_is_reached_or_breaks_the_rule(guard: str) -> None:
    found = look(f"import torch\nif {guard}:\n    torch.nn.BatchNorm1d(3)\n    torch._refs.norm\nelse:\n    pass")
    assert [(named.line, named.reached, named.quiet) for named in found] == [(3, False, False), (4, False, False)]

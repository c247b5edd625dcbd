"""The static look names torch's own normalisations and nothing else."""

from pathlib import Path

import pytest

from judge.cell.rules import look, walk

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
    assert look("import torch._refs as r\nr.native_layer_norm(x)")[0].quiet
    assert look("from torch._decomp import decomposition_table as t\nt[0]")[0].quiet


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
    assert [look(source) for source in sources] == [walk(source) for source in sources]
    assert any(not walk(source) for source in sources)


INNOCENT = {
    "own package called judge": "class judge:\n    layer_norm = 1\njudge.layer_norm",
    "comment": "# nn.BatchNorm1d does this\nx = 1",
    "string": "text = 'torch.nn.functional.batch_norm'",
    "docstring": 'def f():\n    """like nn.BatchNorm1d"""',
    "own helper class": "class BatchNorm:\n    pass\nb = BatchNorm()",
    "own function": "def batch_norm(x):\n    return x\nbatch_norm(1)",
    "own method": "class A:\n    def layer_norm(self): pass\nA().layer_norm()",
    "vector norm": "import torch\ny = torch.norm(x) + torch.linalg.vector_norm(x)",
    "main guard": "import torch\nif __name__ == '__main__':\n    torch.nn.BatchNorm1d(3)",
    "main guard, turned round": "import torch\nif '__main__' == __name__:\n    torch.nn.BatchNorm1d(3)",
    "forbidden-sounding words": "with torch.no_grad():\n    try:\n        stream = 1\n    finally:\n        pass",
    "no Python at all": "this is (not Python",
}


@pytest.mark.parametrize("case", INNOCENT)
def test_innocent_code_names_nothing(case: str) -> None:
    assert look(INNOCENT[case]) == []

"""Whatever road leads to a built-in normalisation, the watch sees it run; honest code it never sees."""

import json
import subprocess
import sys
import textwrap

import pytest

ROADS = {
    "nn.BatchNorm1d": "torch.nn.BatchNorm1d(4)(x)",
    "nn.BatchNorm1d in eval": "torch.nn.BatchNorm1d(4).eval()(x)",
    "F.batch_norm": "F.batch_norm(x, None, None, training=True)",
    "F.layer_norm of the transpose": "F.layer_norm(x.T, (6,)).T",
    "F.group_norm": "F.group_norm(x, 2)",
    "F.instance_norm": "F.instance_norm(x.T[None])",
    "F.rms_norm": "F.rms_norm(x, (4,))",
    "getattr": "getattr(torch, 'batch' + '_norm')(x, None, None, None, None, True, 0.1, 1e-5, False)",
    "native": "torch.native_batch_norm(x, None, None, None, None, True, 0.1, 1e-5)",
    "legit": "torch._native_batch_norm_legit(x, None, None, True, 0.1, 1e-5)",
    "ops": "torch.ops.aten.native_batch_norm.default(x, None, None, None, None, True, 0.1, 1e-5)",
    "ops decomposed": "torch.ops.aten.batch_norm.default.decompose(x, None, None, None, None, True, 0.1, 1e-5, False)",
    "jit": "torch.jit.script(torch.nn.BatchNorm1d(4))(x)",
    "vmap": "torch.vmap(lambda t: F.batch_norm(t, None, None, training=True))(x[None])",
    "refs": "torch._refs.nn.functional.layer_norm(x, (4,))",
    "decompositions": "torch._decomp.decompositions.native_batch_norm(x, None, None, None, None, True, 0.1, 1e-5)",
    "decomposition table": "torch._decomp.decomposition_table[torch.ops.aten.native_layer_norm.default]"
    "(x, (4,), None, None, 1e-5)",
    "refs at heart": "torch._refs._normalize(x, [0], 1e-5)",
    "honest": "(x - x.mean(0)) / torch.sqrt(x.var(0, unbiased=False) + 1e-5)",
    "honest forward-mode derivatives": "torch.func.jvp(lambda t: torch.sqrt(t.var(0) + 1e-5), (x,), (x,))",
    "honest norms": "x.norm(dim=0), F.normalize(x), torch.linalg.vector_norm(x), torch.cdist(x, x)",
}

SCRIPT = """
import json, sys, warnings
warnings.simplefilter("ignore")
import torch, torch._refs, torch._decomp
import torch.nn.functional as F
from judge.cell import norms
norms.install()
F.batch_norm(torch.randn(6, 4), None, None, training=True)
assert norms.findings() == [], "nothing is noted before the watch begins"
norms.watch()
x = torch.randn(6, 4)
seen = {}
for name, road in json.load(sys.stdin).items():
    norms._seen.clear()
    exec(compile("\\n\\n" + road, norms.SOURCE_NAME, "exec"))
    seen[name] = norms.findings()
print(json.dumps(seen))
"""


@pytest.fixture(scope="module")
def seen() -> dict[str, list[tuple[str, int | None]]]:
    """What the watch saw on each road; in a process of its own, since stand-ins change torch for good."""
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(SCRIPT)],
        input=json.dumps(ROADS),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    result: dict[str, list[tuple[str, int | None]]] = json.loads(done.stdout)
    return result


@pytest.mark.parametrize("road", [road for road in ROADS if not road.startswith("honest")])
def test_every_road_to_a_built_in_is_seen_with_its_line(
    road: str, seen: dict[str, list[tuple[str, int | None]]]
) -> None:
    assert seen[road], f"{road} ran unseen"
    [(name, line)] = seen[road]
    assert "norm" in name
    assert line == 3


@pytest.mark.parametrize("road", [road for road in ROADS if road.startswith("honest")])
def test_honest_arithmetic_is_not_seen(road: str, seen: dict[str, list[tuple[str, int | None]]]) -> None:
    assert seen[road] == []

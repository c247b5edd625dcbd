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

SAME = """
import json, warnings
warnings.simplefilter("ignore")
import torch, torch.nn as nn, torch.nn.functional as F
from judge.cell import norms

x = torch.randn(6, 8, 3, 3, generator=torch.Generator().manual_seed(1))

def trained(layer, dtype, mode):
    layer, given = layer.to(dtype).train(mode), x.to(dtype).clone().requires_grad_()
    out = layer(given)
    (out * torch.arange(out.numel()).reshape(out.shape).to(dtype)).sum().backward()
    return [out.detach(), given.grad, *(p.grad for p in layer.parameters()), *layer.buffers()]

def running():
    return torch.zeros(8), torch.ones(8)

CASES = {
    f"{layer} {dtype} training={mode}": lambda layer=layer, dtype=dtype, mode=mode: trained(eval(layer), dtype, mode)
    for layer in ("nn.BatchNorm2d(8)", "nn.GroupNorm(2, 8)", "nn.InstanceNorm2d(8, track_running_stats=True)")
    for dtype in (torch.float32, torch.float64, torch.bfloat16, torch.float16)
    for mode in (True, False)
} | {
    "rms_norm in half precision": lambda: F.rms_norm(x.bfloat16(), [3]),
    "rms_norm of mixed dtypes": lambda: F.rms_norm(x.bfloat16(), [3], torch.ones(3)),
    "rms_norm with a gradient": lambda: torch.func.grad(lambda t: F.rms_norm(t, [3]).pow(3).sum())(x),
    "batch_norm of mixed dtypes": lambda: F.batch_norm(x.bfloat16(), *running(), training=True),
    "layer_norm of mixed dtypes": lambda: F.layer_norm(x.bfloat16(), [3, 3], torch.ones(3, 3)),
    "batch_norm of another size": lambda: F.batch_norm(x, torch.zeros(7), torch.ones(7), training=True),
    "layer_norm of another size": lambda: F.layer_norm(x, [4]),
    "group_norm that does not divide": lambda: F.group_norm(x, 3),
    "rms_norm of another size": lambda: F.rms_norm(x, [4]),
    "one value per channel": lambda: F.batch_norm(x[:1, :, :1, :1], None, None, training=True),
    "nothing": lambda: F.batch_norm(x[:0], *running()),
    "into given tensors": lambda: torch.native_batch_norm(
        x, None, None, *running(), True, 0.1, 1e-5, out=tuple(torch.empty(0) for _ in range(3))
    ),
}

def outcome(case):
    try:
        seen = case()
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    seen = [seen] if isinstance(seen, torch.Tensor) else seen
    return [[str(t.dtype), list(t.shape), t.double().nan_to_num(nan=7e300).tolist()] for t in seen]

before = {name: outcome(case) for name, case in CASES.items()}
norms.install()
after = {name: outcome(case) for name, case in CASES.items()}
print(json.dumps({name: before[name] == after[name] for name in CASES}))
"""


def test_a_built_in_that_is_watched_computes_and_refuses_as_torch_does() -> None:
    done = subprocess.run([sys.executable, "-c", SAME], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    same = json.loads(done.stdout)
    assert len(same) == 36
    assert [name for name, equal in same.items() if not equal] == []


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

#!/bin/sh
# torch 2.13.0 on CPU (sympy comes with it, as a requirement).
# Expected: the first backward pass costs the same whether a scalar loss starts it or an output with the gradient that reaches it;
# sympy, which torch.compile needs for symbolic shapes, is not touched by eager code.
# Instead: torch.autograd.backward(output, gradient), and so output.backward(gradient), compares the two shapes with helpers from
# torch.fx.experimental.symbolic_shapes and imports sympy and mpmath for it: some 470 modules, tens of MiB and several hundred ms,
# once for each process that is not forked from one which did. A scalar loss imports none of it.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check torch==2.13.0 numpy==2.4.6
cd "$folder"
cat > seen.py << 'PYTHON'
import sys
import time

import torch


def own_mebibytes():
    with open("/proc/self/smaps_rollup") as file:
        return next(int(line.split()[1]) / 1024 for line in file if line.startswith("Pss_Anon:"))


def seen(start):
    x = torch.ones(4, requires_grad=True)
    memory, began = own_mebibytes(), time.perf_counter()
    start(x.exp())
    took, grown = time.perf_counter() - began, own_mebibytes() - memory
    print(f"sympy imported: {'sympy' in sys.modules}, {took * 1000:.0f} ms, {grown:.0f} MiB of its own more")
    return "sympy" in sys.modules


print("torch", torch.__version__)
print("a scalar loss:       ", end=" ")
first = seen(lambda output: output.sum().backward())
print("output and gradient: ", end=" ")
second = seen(lambda output: torch.autograd.backward(output, torch.ones(4)))
assert (first, second) == (False, True), "the behaviour is not as stated"
PYTHON
"$folder/venv/bin/python" seen.py
echo "as stated"

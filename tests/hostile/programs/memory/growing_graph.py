# verdicts: memory_limit, time_limit
"""An autograd graph that grows in every forward."""

import torch

kept = torch.ones(1 << 16, requires_grad=True)


def in_forward():
    global kept
    while True:
        kept = (kept * 1.0001).sin()

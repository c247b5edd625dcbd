# verdicts: accepted, runtime_error, time_limit, memory_limit
"""Asks torch for more threads than the cell may have; must neither hang nor harm."""

import torch

torch.set_num_threads(64)
a = torch.randn(600, 600)
(a @ a).sum()

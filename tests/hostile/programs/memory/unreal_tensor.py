# verdicts: memory_limit
"""A tensor no machine has room for."""

import torch

held = torch.zeros(10**13)

# verdicts: memory_limit
"""One tensor of ten times the limit, written."""

import torch

held = torch.ones(400 * 1024 * 1024)

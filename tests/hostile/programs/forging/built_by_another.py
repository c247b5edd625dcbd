# verdicts: rule_violation
"""A class whose instances are a built-in, and which says nothing of it."""

import torch


class MyBatchNorm1d(torch.nn.Module):
    def __new__(cls, *args, **kwargs):
        return getattr(torch.nn, "Batch" + "Norm1d")(*args, **kwargs)

"""The layer of this problem done right, for either convention of the running variance."""

from __future__ import annotations

from functools import partial

import torch

from judge.cell.driver import LayerFactory
from judge.problems.batchnorm_reference import CONVENTIONS, ROLES, BatchNorm

__all__ = ["CONVENTIONS", "ROLES", "build"]


def build(running_var: str = "biased", dtype: torch.dtype = torch.float64) -> LayerFactory:
    """The layer class; ``running_var`` is one of ``CONVENTIONS``, ``dtype`` what its parameters are born with."""
    return partial(BatchNorm, rank=4, running_var=running_var, dtype=dtype)

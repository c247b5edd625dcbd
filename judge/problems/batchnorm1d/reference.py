"""The layer of this problem done right, for either convention of the running variance."""

from __future__ import annotations

from functools import partial

from judge.cell.driver import LayerFactory
from judge.problems.batchnorm_reference import CONVENTIONS, ROLES, BatchNorm

__all__ = ["CONVENTIONS", "ROLES", "build"]


def build(running_var: str = "biased", *, rounding: float = 0.0) -> LayerFactory:
    """The layer class in float64; ``running_var`` is one of ``CONVENTIONS``."""
    return partial(BatchNorm, rank=2, running_var=running_var, rounding=rounding)

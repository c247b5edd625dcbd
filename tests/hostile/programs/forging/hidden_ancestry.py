# verdicts: rule_violation
"""Inherits from a built-in that was given another name, and hides its ancestors."""

import torch

built_in = getattr(torch.nn, "Batch" + "Norm1d")
built_in.__module__, built_in.__name__ = "solution", "Plain"


class Hiding(type(built_in)):
    @property
    def __mro__(cls):
        return (object,)


class MyBatchNorm1d(built_in, metaclass=Hiding):
    pass

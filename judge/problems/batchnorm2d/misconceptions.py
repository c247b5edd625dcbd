"""The mistakes one can make in BatchNorm2d, and layers that make them."""

from functools import partial

from judge.problems.batchnorm.layer import layer_with
from judge.problems.batchnorm.misconceptions import TOGETHER, of_rank

__all__ = ["MISCONCEPTIONS", "TOGETHER", "build"]

MISCONCEPTIONS = of_rank(4)
build = partial(layer_with, 4)

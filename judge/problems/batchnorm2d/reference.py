"""What a right layer of this problem observes, for either convention of the running variance."""

from __future__ import annotations

from functools import partial

from judge.problems import batchnorm_reference
from judge.problems.batchnorm import TWO_D

CONVENTIONS = batchnorm_reference.CONVENTIONS
observe = partial(batchnorm_reference.observe, rank=TWO_D)

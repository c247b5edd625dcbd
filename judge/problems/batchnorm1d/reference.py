"""What a right layer of this problem observes, for either convention of the running variance."""

from __future__ import annotations

from functools import partial

from judge.problems.batchnorm import reference
from judge.problems.batchnorm.steps import ONE_D

CONVENTIONS = reference.CONVENTIONS
observe = partial(reference.observe, rank=ONE_D)

"""The scenarios of this problem: those of every BatchNorm layer that apply to inputs of its rank."""

from judge.problems import batchnorm_forward, batchnorm_module, batchnorm_samples
from judge.problems.batchnorm import TWO_D

RANK = TWO_D
SCENARIOS = tuple(
    scenario
    for module in (batchnorm_samples, batchnorm_forward, batchnorm_module)
    for scenario in module.book.of_rank(RANK)
)

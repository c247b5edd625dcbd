"""The scenarios of this problem: those of every BatchNorm layer, on inputs of its rank."""

from judge.problems.batchnorm import ONE_D
from judge.problems.batchnorm_scenarios import book

RANK = ONE_D
SCENARIOS = book.of_rank(RANK)

"""The scenarios of this problem: those of every BatchNorm layer, on inputs of its rank."""

from judge.problems.batchnorm import TWO_D
from judge.problems.batchnorm_scenarios import book

RANK = TWO_D
SCENARIOS = book.of_rank(RANK)

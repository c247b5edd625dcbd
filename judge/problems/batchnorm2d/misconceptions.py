"""The mistakes one can make in BatchNorm2d."""

from judge.problems.batchnorm_misconceptions import of_rank

MISCONCEPTIONS = of_rank(4)

"""The scenarios of this problem: those of every BatchNorm layer that apply to inputs of its rank."""

from judge.problems.batchnorm import scenarios_forward, scenarios_large, scenarios_module, scenarios_samples
from judge.problems.batchnorm.steps import COPIES, TWO_D, split

__all__ = ["COPIES", "RANK", "SCENARIOS", "split"]

RANK = TWO_D
SCENARIOS = tuple(
    scenario
    for module in (scenarios_samples, scenarios_forward, scenarios_module, scenarios_large)
    for scenario in module.book.of_rank(RANK)
)

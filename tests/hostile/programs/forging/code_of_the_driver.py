# verdicts: runtime_error, wrong_answer
"""Gives the driver other code to run."""

import judge.cell.driver as driver


def nothing(build, roles, steps, tensors, device="cpu"):
    return None


driver.run_scenario.__code__ = nothing.__code__

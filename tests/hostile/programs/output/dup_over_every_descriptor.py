# verdicts: runtime_error, output_limit
"""Puts stdout in the place of the channel."""

import os

for descriptor in range(3, 64):
    os.dup2(1, descriptor)

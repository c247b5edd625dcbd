# verdicts: time_limit
"""A regular expression that backtracks for ever, in C."""

import re

re.match(r"(a+)+$", "a" * 64 + "b")

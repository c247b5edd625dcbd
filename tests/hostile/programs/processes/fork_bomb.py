# verdicts: time_limit, runtime_error, compile_error, memory_limit
"""Forks for ever, in every child too."""

import os

while True:
    try:
        os.fork()
    except OSError:
        pass

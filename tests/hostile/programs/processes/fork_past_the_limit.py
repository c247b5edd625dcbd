# verdicts: compile_error
"""Counts how many processes it can have at once; more than the limit is a breach."""

import os
import time

made = 0
try:
    while made < 64:
        if os.fork() == 0:
            time.sleep(30)
            os._exit(0)
        made += 1
except OSError:
    pass
if made < 16:
    raise SystemExit(f"{made} processes")

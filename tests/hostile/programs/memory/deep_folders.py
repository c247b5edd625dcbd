# verdicts: compile_error
"""Folders in folders in folders."""

import os

made = 0
try:
    for _ in range(100_000):
        os.mkdir("d")
        os.chdir("d")
        made += 1
except OSError:
    pass
if made <= 64:
    raise SystemExit(f"{made} folders")

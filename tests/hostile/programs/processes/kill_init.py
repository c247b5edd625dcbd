# verdicts: compile_error
"""Kills process 1 of the cell, then the pid its parent might have outside."""

import os
import signal

for pid in (1, os.getppid()):
    os.kill(pid, signal.SIGKILL)
raise SystemExit("still here")

# verdicts: compile_error
"""SIGSTOP to init, so that nobody reaps."""

import os
import signal

os.kill(1, signal.SIGSTOP)
raise SystemExit("sent")

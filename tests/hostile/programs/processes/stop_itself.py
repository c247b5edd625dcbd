# verdicts: time_limit
"""SIGSTOP to itself: a process that neither runs nor ends."""

import os
import signal

os.kill(os.getpid(), signal.SIGSTOP)

# verdicts: runtime_error
"""A child keeps every pipe open while its parent ends: waiting for their end would wait for ever."""

import os
import signal
import time

if os.fork() == 0:
    for number in range(1, 32):
        if number not in (signal.SIGKILL, signal.SIGSTOP):
            signal.signal(number, signal.SIG_IGN)
    time.sleep(600)
os._exit(0)

# verdicts: runtime_error
"""Leaves double-forked daemons in sessions of their own, then ends."""

import os
import time

for _ in range(4):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            for descriptor in range(3):
                os.close(descriptor)
            time.sleep(600)
        os._exit(0)
os._exit(0)

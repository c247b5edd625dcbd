# verdicts: runtime_error
"""Sends process 1 the one signal that Python handles by itself, so that it looks as if the judge had failed."""

import contextlib
import os
import signal
import time

for _ in range(3):
    with contextlib.suppress(PermissionError):  # where Landlock stands between processes, it does not even arrive
        os.kill(1, signal.SIGINT)
    time.sleep(0.05)
os._exit(0)

# verdicts: runtime_error
"""A child kills everything it can reach while the layer is being examined."""

import os
import signal
import time

parent = os.getpid()
if os.fork() == 0:
    time.sleep(0.05)
    os.kill(-1, signal.SIGKILL)
    os.kill(parent, signal.SIGKILL)
    os._exit(0)


def in_forward():
    time.sleep(5)

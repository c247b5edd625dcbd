# verdicts: time_limit
"""Waits without using any CPU."""

import time

while True:
    time.sleep(3600)

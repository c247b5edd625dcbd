# verdicts: accepted, time_limit, memory_limit, compile_error
"""Locks single bytes of one file: each lock is memory of the kernel."""

import contextlib
import fcntl

file = open("/tmp/locked", "wb")
with contextlib.suppress(OSError):
    for place in range(0, 400_000, 2):
        fcntl.lockf(file, fcntl.LOCK_EX, 1, place)

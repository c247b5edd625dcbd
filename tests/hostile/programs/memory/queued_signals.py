# verdicts: accepted, compile_error
"""Queues signals that it blocks: each is memory of the kernel."""

import ctypes
import os
import signal

signal.pthread_sigmask(signal.SIG_BLOCK, [40])
info = (ctypes.c_int * 32)(40, 0, -1)
call = ctypes.CDLL(None).syscall
queued = 0
while call(129, os.getpid(), 40, info) == 0:
    queued += 1
    if queued > 100_000:
        break
else:
    if queued > 2_000:
        raise SystemExit(f"{queued} signals are queued")

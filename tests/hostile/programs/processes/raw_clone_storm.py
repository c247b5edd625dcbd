# verdicts: time_limit, runtime_error, compile_error, memory_limit
"""Forks by raw clone(SIGCHLD), past every wrapper, children included."""

import ctypes

libc = ctypes.CDLL(None)
while True:
    libc.syscall(56, 17, 0, 0, 0, 0)

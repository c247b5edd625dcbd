# verdicts: compile_error
"""Pins memory so that the machine cannot use it otherwise."""

import ctypes

libc = ctypes.CDLL(None)
area = ctypes.create_string_buffer(1 << 20)
if libc.syscall(149, area, 1 << 20) != 0 and libc.syscall(151, 1) != 0 and libc.syscall(325, area, 4096, 1) != 0:
    raise SystemExit("refused")

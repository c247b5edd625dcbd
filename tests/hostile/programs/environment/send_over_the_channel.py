# verdicts: compile_error
"""Uses the channel as a socket: passes descriptors, asks who is on the other side."""

import ctypes

libc = ctypes.CDLL(None)
buffer, size = ctypes.create_string_buffer(128), ctypes.c_int(128)
calls = (44, 45, 46, 47, 48, 51, 52, 54, 55, 42, 43, 49, 50, 288, 299, 307)
if not any(libc.syscall(number, 3, buffer, ctypes.byref(size), 0, 0, 0) >= 0 for number in calls):
    raise SystemExit("refused")

# verdicts: compile_error
"""Every family and kind of socket, by number."""

import ctypes

libc = ctypes.CDLL(None)
made = [family for family in range(50) for kind in (1, 2, 3, 5) if libc.syscall(41, family, kind, 0) >= 0]
pair = (ctypes.c_int * 2)()
if not made and libc.syscall(53, 1, 1, 0, pair) < 0:
    raise SystemExit("refused")

# verdicts: compile_error
"""The new mount calls."""

import ctypes
import errno

libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long


def got_past(number, *arguments):
    """Whether the kernel itself looked at the call: any answer but a refusal of the filter."""
    if libc.syscall(ctypes.c_long(number), *arguments) >= 0:
        return True
    return ctypes.get_errno() not in (errno.EPERM, errno.ENOSYS, errno.EACCES)


if not (any(got_past(number, 0, 0, 0, 0, 0) for number in (428, 429, 430, 431, 432, 433, 442, 457, 458, 467))):
    raise SystemExit("refused")

# verdicts: compile_error
"""Adds, asks for and reads keys."""

import ctypes
import errno

libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long


def got_past(number, *arguments):
    """Whether the kernel itself looked at the call: any answer but a refusal of the filter."""
    if libc.syscall(ctypes.c_long(number), *arguments) >= 0:
        return True
    return ctypes.get_errno() not in (errno.EPERM, errno.ENOSYS, errno.EACCES)


if not (got_past(248, b'user', b'k', b'v', 1, -4) or got_past(249, b'user', b'k', 0, -4) or got_past(250, 0, -4, 1)):
    raise SystemExit("refused")

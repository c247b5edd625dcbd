# verdicts: compile_error
"""Calls with the bit of the x32 table set."""

import ctypes
import errno

libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long


def got_past(number, *arguments):
    """Whether the kernel itself looked at the call: any answer but a refusal of the filter."""
    if libc.syscall(ctypes.c_long(number), *arguments) >= 0:
        return True
    return ctypes.get_errno() not in (errno.EPERM, errno.ENOSYS, errno.EACCES)


if not (any(libc.syscall(ctypes.c_long(0x40000000 | number), 0, 0, 0, 0, 0) >= 0 for number in (39, 57, 59, 41, 101, 520, 521))):
    raise SystemExit("refused")

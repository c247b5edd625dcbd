# verdicts: compile_error
"""Takes a descriptor out of init."""

import ctypes
import errno

libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long


def got_past(number, *arguments):
    """Whether the kernel itself looked at the call: any answer but a refusal of the filter."""
    if libc.syscall(ctypes.c_long(number), *arguments) >= 0:
        return True
    return ctypes.get_errno() not in (errno.EPERM, errno.ENOSYS, errno.EACCES)


if not (got_past(434, 1, 0) or got_past(438, 3, 0, 0) or got_past(424, 3, 9, 0, 0)):
    raise SystemExit("refused")

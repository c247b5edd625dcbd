# verdicts: compile_error
"""POSIX message queues."""

import ctypes
import errno

libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long


def got_past(number, *arguments):
    """Whether the kernel itself looked at the call: any answer but a refusal of the filter."""
    if libc.syscall(ctypes.c_long(number), *arguments) >= 0:
        return True
    return ctypes.get_errno() not in (errno.EPERM, errno.ENOSYS, errno.EACCES)


if not (got_past(240, b'q', 0o102, 0o600, 0)):
    raise SystemExit("refused")

# verdicts: compile_error
"""Takes real-time priority and pins memory and disk."""

import ctypes
import errno

libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long


def got_past(number, *arguments):
    """Whether the kernel itself looked at the call: any answer but a refusal of the filter."""
    if libc.syscall(ctypes.c_long(number), *arguments) >= 0:
        return True
    return ctypes.get_errno() not in (errno.EPERM, errno.ENOSYS, errno.EACCES)


if not (got_past(144, 0, 1, ctypes.byref(ctypes.c_int(99))) or got_past(314, 0, ctypes.create_string_buffer(56), 0) or got_past(251, 1, 0, 1 << 13) or libc.setpriority(0, 0, -20) == 0):
    raise SystemExit("refused")

# verdicts: compile_error
"""Sets the clock."""

import ctypes
import errno

libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long


def got_past(number, *arguments):
    """Whether the kernel itself looked at the call: any answer but a refusal of the filter."""
    if libc.syscall(ctypes.c_long(number), *arguments) >= 0:
        return True
    return ctypes.get_errno() not in (errno.EPERM, errno.ENOSYS, errno.EACCES)


if not (got_past(227, 0, (ctypes.c_long * 2)(0, 0)) or got_past(164, 0, 0) or got_past(159, ctypes.create_string_buffer(208)) or got_past(305, 0, ctypes.create_string_buffer(208))):
    raise SystemExit("refused")

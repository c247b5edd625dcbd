# verdicts: compile_error
"""System V shared memory, semaphores and messages, which outlive a process."""

import ctypes
import errno

libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long


def got_past(number, *arguments):
    """Whether the kernel itself looked at the call: any answer but a refusal of the filter."""
    if libc.syscall(ctypes.c_long(number), *arguments) >= 0:
        return True
    return ctypes.get_errno() not in (errno.EPERM, errno.ENOSYS, errno.EACCES)


if not (got_past(29, 0, 4096, 0o1600) or got_past(64, 0, 1, 0o1600) or got_past(68, 0, 0o1600)):
    raise SystemExit("refused")

# verdicts: compile_error
"""Reboots, loads modules, swaps, accounts, reads the kernel's log, touches ports and segments."""

import ctypes
import errno

libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long


def got_past(number, *arguments):
    """Whether the kernel itself looked at the call: any answer but a refusal of the filter."""
    if libc.syscall(ctypes.c_long(number), *arguments) >= 0:
        return True
    return ctypes.get_errno() not in (errno.EPERM, errno.ENOSYS, errno.EACCES)


if not (any(got_past(number, 0, 0, 0, 0) for number in (169, 246, 320, 175, 313, 176, 167, 168, 163, 103, 172, 173, 154, 153, 179, 162, 306, 135))):
    raise SystemExit("refused")

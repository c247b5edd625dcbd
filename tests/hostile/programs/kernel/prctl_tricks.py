# verdicts: compile_error
"""Turns walls off by prctl: dumpable, seccomp, capabilities, ptracer, memory map."""

import ctypes
import errno

libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long


def got_past(number, *arguments):
    """Whether the kernel itself looked at the call: any answer but a refusal of the filter."""
    if libc.syscall(ctypes.c_long(number), *arguments) >= 0:
        return True
    return ctypes.get_errno() not in (errno.EPERM, errno.ENOSYS, errno.EACCES)


if not (any(got_past(157, option, value, 0, 0, 0) for option, value in ((4, 1), (22, 0), (22, 2), (24, 0), (8, 1), (28, 0), (35, 0), (36, 1), (38, 0), (47, 2), (0x59616d61, -1)))):
    raise SystemExit("refused")

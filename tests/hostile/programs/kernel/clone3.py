# verdicts: compile_error
"""Makes a user namespace with clone3, whose flags lie behind a pointer."""

import ctypes
import errno

libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long


def got_past(number, *arguments):
    """Whether the kernel itself looked at the call: any answer but a refusal of the filter."""
    if libc.syscall(ctypes.c_long(number), *arguments) >= 0:
        return True
    return ctypes.get_errno() not in (errno.EPERM, errno.ENOSYS, errno.EACCES)


import os

arguments = (ctypes.c_uint64 * 11)(0x10000000, 0, 0, 0, 17)
child = libc.syscall(ctypes.c_long(435), ctypes.byref(arguments), 88)
if child == 0:
    os._exit(0)
if child < 0:
    raise SystemExit("refused")

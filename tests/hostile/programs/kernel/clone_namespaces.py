# verdicts: compile_error
"""Makes namespaces with clone, high bits of the flags set too."""

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

flags = (0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000)
for flag in flags:
    for high in (0, 1 << 32, 1 << 63):
        child = libc.syscall(ctypes.c_long(56), ctypes.c_ulong(flag | 17 | high), 0, 0, 0, 0)
        if child == 0:
            os._exit(0)
        if child > 0:
            break
    else:
        continue
    break
else:
    raise SystemExit("refused")

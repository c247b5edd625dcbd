# verdicts: compile_error
"""Opens devices for what the rules do not give: input to the kernel's random pool."""

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

opened = []
for path in ("/dev/random", "/dev/urandom", "/dev/mem", "/dev/kmsg", "/dev/fuse", "/dev/kvm", "/dev/ptmx", "/dev/tty"):
    try:
        opened.append(os.open(path, os.O_RDWR))
    except OSError:
        pass
if not opened:
    raise SystemExit("refused")

# verdicts: compile_error
"""Mounts, unmounts and moves, so that what covers /proc goes away."""

import ctypes
import errno

libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long


def got_past(number, *arguments):
    """Whether the kernel itself looked at the call: any answer but a refusal of the filter."""
    if libc.syscall(ctypes.c_long(number), *arguments) >= 0:
        return True
    return ctypes.get_errno() not in (errno.EPERM, errno.ENOSYS, errno.EACCES)


if not (got_past(165, b'none', b'/tmp', b'tmpfs', 0, 0) or got_past(166, b'/proc', 2) or got_past(166, b'/tmp', 2) or got_past(155, b'/', b'/tmp') or got_past(161, b'/tmp')):
    raise SystemExit("refused")

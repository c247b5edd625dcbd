# verdicts: compile_error
"""Raises its own limits and changes those of init."""

import ctypes
import errno

libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long


def got_past(number, *arguments):
    """Whether the kernel itself looked at the call: any answer but a refusal of the filter."""
    if libc.syscall(ctypes.c_long(number), *arguments) >= 0:
        return True
    return ctypes.get_errno() not in (errno.EPERM, errno.ENOSYS, errno.EACCES)


import resource

raised = 0
for name in ("RLIMIT_NPROC", "RLIMIT_FSIZE", "RLIMIT_CPU", "RLIMIT_NOFILE", "RLIMIT_CORE", "RLIMIT_MEMLOCK", "RLIMIT_STACK"):
    limit = getattr(resource, name)
    _, hard = resource.getrlimit(limit)
    for pid, value in ((0, hard + 1), (1, 0), (1, hard + 1)):
        if pid == 0 and hard == resource.RLIM_INFINITY:
            continue
        try:
            resource.prlimit(pid, limit, (value, value))
            raised += 1
        except (OSError, ValueError):
            pass
if not raised:
    raise SystemExit("refused")

# verdicts: compile_error
"""Every number the table lacks, up to where numbers end; 335 and 336 belong to the kernel's own probes."""

import ctypes
import errno

libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long


def got_past(number, *arguments):
    """Whether the kernel itself looked at the call: any answer but a refusal of the filter."""
    if libc.syscall(ctypes.c_long(number), *arguments) >= 0:
        return True
    return ctypes.get_errno() not in (errno.EPERM, errno.ENOSYS, errno.EACCES)


answers = set()
for number in [*range(337, 424), *range(451, 2048), 0x3FFFFFFF, 0x7FFFFFFF]:
    libc.syscall(ctypes.c_long(number), 0, 0, 0, 0, 0, 0)
    answers.add(ctypes.get_errno())
if answers == {errno.ENOSYS}:
    raise SystemExit("unknown")

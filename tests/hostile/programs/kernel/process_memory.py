# verdicts: compile_error
"""Opens the memory of every process through /proc."""

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
for pid in ("self", "1", "2", "thread-self", str(os.getpid())):
    for name in ("mem", "environ", "maps", "root/etc/passwd", "fd/3", "cwd/..", "ns/user"):
        try:
            opened.append(os.open(f"/proc/{pid}/{name}", os.O_RDONLY))
        except OSError:
            pass
if not opened:
    raise SystemExit("refused")

# verdicts: compile_error
"""Runs other programs by every call there is."""

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
import subprocess

done = got_past(59, b"/box/python/bin/python3.11", 0, 0) or got_past(322, 3, b"", 0, 0, 0x1000)
for attempt in (
    lambda: subprocess.run(["/bin/sh", "-c", "id"], check=True),
    lambda: os.posix_spawn("/bin/ls", ["ls"], {}),
    lambda: os.execv("/usr/bin/python3", ["python3"]),
):
    try:
        attempt()
        done = True
    except (OSError, subprocess.SubprocessError):
        pass
status = os.system("true")
if not done and status != 0:
    raise SystemExit("refused")

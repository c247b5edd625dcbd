# verdicts: compile_error
"""Looks for secrets in variables, as Python and as the kernel see them."""

import ctypes
import os

libc = ctypes.CDLL(None)
made_up = {"HOME": "/tmp", "LANG": "C.UTF-8", "LOGNAME": "candidate", "PATH": "/usr/bin:/bin", "PYTHONTZPATH": "", "USER": "candidate"}
found = [name for name, value in os.environ.items() if made_up.get(name) != value]
for name in (b"HANDCODE_DATABASE_URL", b"HANDCODE_SECRET", b"LC_CTYPE", b"PWD", b"VIRTUAL_ENV"):
    libc.getenv.restype = ctypes.c_char_p
    if libc.getenv(name):
        found.append(name)
try:
    found.append(open("/proc/self/environ").read())
except OSError:
    pass
if not found:
    raise SystemExit("nothing")

# verdicts: compile_error
"""Looks for secrets in variables, as Python and as the kernel see them."""

import ctypes
import os

libc = ctypes.CDLL(None)
found = [name for name in os.environ if name not in ("LC_CTYPE",)]
for name in (b"HANDCODE_DATABASE_URL", b"HANDCODE_SECRET", b"HOME", b"PATH", b"PWD", b"USER"):
    libc.getenv.restype = ctypes.c_char_p
    if libc.getenv(name):
        found.append(name)
try:
    found.append(open("/proc/self/environ").read())
except OSError:
    pass
if not found:
    raise SystemExit("nothing")

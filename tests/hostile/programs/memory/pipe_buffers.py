# verdicts: compile_error
"""Fills pipes as large as the kernel makes them."""

import fcntl
import os

filled = 0
try:
    for _ in range(4096):
        reading, writing = os.pipe()
        try:
            fcntl.fcntl(writing, 1031, 1 << 20)
        except OSError:
            pass
        os.set_blocking(writing, False)
        try:
            while True:
                filled += os.write(writing, bytes(1 << 16))
        except BlockingIOError:
            pass
except OSError:
    pass
if filled <= 16 << 20:
    raise SystemExit(f"{filled} bytes")

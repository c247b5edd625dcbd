# verdicts: compile_error
"""Fills /tmp with files that have no name any more."""

import os

written, held = 0, []
try:
    for number in range(50):
        file = open(f"/tmp/{number}", "wb", buffering=0)
        os.unlink(f"/tmp/{number}")
        held.append(file)
        written += file.write(bytes(1 << 19))
except OSError:
    pass
if written <= 2 << 20:
    raise SystemExit(f"{written} bytes")

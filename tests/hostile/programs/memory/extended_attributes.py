# verdicts: compile_error
"""Hides data in extended attributes of files, where no size limit counts."""

import os

open("/tmp/f", "w").close()
try:
    for number in range(1000):
        os.setxattr("/tmp/f", f"user.{number}", bytes(1 << 15))
except OSError as error:
    raise SystemExit("refused") from error

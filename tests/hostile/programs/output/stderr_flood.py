# verdicts: output_limit
"""Writes to stderr without end, past Python."""

import os

while True:
    os.write(2, b"y" * 65536)

# verdicts: output_limit, time_limit
"""A child floods while the layer is honest."""

import os

if os.fork() == 0:
    while True:
        os.write(1, b"c" * 65536)


def in_forward():
    os.waitpid(-1, 0)

# verdicts: runtime_error, compile_error, memory_limit, time_limit
"""Recursion past the interpreter's own guard."""

import sys

sys.setrecursionlimit(10**9)


def down():
    return down()


down()

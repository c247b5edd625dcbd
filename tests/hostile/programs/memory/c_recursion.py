# verdicts: runtime_error, compile_error, memory_limit, time_limit
"""Recursion in C: a list nested a million deep is compared with itself."""

import sys

sys.setrecursionlimit(10**9)
left, right = [], []
for _ in range(1_000_000):
    left, right = [left], [right]
left == right
repr(left)

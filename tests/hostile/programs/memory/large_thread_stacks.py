# verdicts: compile_error, memory_limit, runtime_error
"""Threads with stacks of a gigabyte, all of it used."""

import sys
import threading

sys.setrecursionlimit(10**9)
threading.stack_size(1 << 30)


def down(depth):
    return down(depth + 1) if depth < 10**7 else 0


threads = [threading.Thread(target=down, args=(0,)) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
raise SystemExit("done")

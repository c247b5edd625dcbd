# verdicts: compile_error, runtime_error
"""Counts how many threads it can have at once; more than the limit is a breach."""

import threading
import time

made = 0
try:
    while made < 200:
        threading.Thread(target=time.sleep, args=(30,), daemon=True).start()
        made += 1
except RuntimeError:
    pass
if made < 16:
    raise SystemExit(f"{made} threads")

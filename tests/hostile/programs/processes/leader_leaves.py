# verdicts: time_limit
"""The first thread leaves by the raw call; a process without its leader is waited for all the same."""

import ctypes
import threading
import time

threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
time.sleep(0.05)
ctypes.CDLL(None).syscall(60, 0)  # exit of one thread

# verdicts: memory_limit, compile_error, runtime_error
"""Children each fill memory of their own, none of them more than the limit."""

import os
import time

for _ in range(8):
    if os.fork() == 0:
        held = bytearray(b"x") * (60 << 20)
        time.sleep(30)
        os._exit(0)
time.sleep(2)
raise SystemExit("eight children of 60 MiB were alive" if os.waitpid(-1, os.WNOHANG)[0] == 0 else "one died")

# verdicts: memory_limit
"""Children overwrite what they share with their parent: the kernel copies each page for each of them."""

import os
import time

held = bytearray(b"x") * (60 << 20)
for _ in range(6):
    if os.fork() == 0:
        for place in range(0, len(held), 4096):
            held[place] = 1
        time.sleep(3)
        os._exit(0)
time.sleep(2.5)

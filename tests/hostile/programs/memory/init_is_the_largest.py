# verdicts: memory_limit
"""Many processes smaller than process 1 fill shared memory, so that the kernel may end process 1 for it."""

import mmap
import os
import time

each = 28 << 20
area = mmap.mmap(-1, 14 * each)
for part in range(14):
    if os.fork() == 0:
        time.sleep(0.2)
        for place in range(part * each, (part + 1) * each, 4096):
            area[place] = 1
        os._exit(0)
time.sleep(2.5)

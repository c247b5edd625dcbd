# verdicts: memory_limit
"""Shared anonymous memory, which a watch over private pages would miss."""

import mmap

held = []
while True:
    area = mmap.mmap(-1, 32 << 20)
    for place in range(0, 32 << 20, 4096):
        area[place] = 1
    held.append(area)

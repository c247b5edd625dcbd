# verdicts: compile_error, memory_limit
"""Huge pages, which are counted apart."""

import mmap

try:
    area = mmap.mmap(-1, 256 << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x40000)
except (OSError, MemoryError) as error:
    raise SystemExit("refused") from error
for place in range(0, 256 << 20, 4096):
    area[place] = 1

# verdicts: memory_limit
"""Asks for a gigabyte of shared memory, filled by the kernel in one call."""

import mmap

mmap.mmap(-1, 1 << 30, flags=mmap.MAP_SHARED | mmap.MAP_ANONYMOUS | mmap.MAP_POPULATE)

# verdicts: memory_limit, runtime_error
"""Reads one byte in every 2 MiB of 16 TiB: the pages are one and the same, their tables are not."""

import ctypes

libc = ctypes.CDLL(None)
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
start = libc.mmap(None, 1 << 44, 1, 0x4022, -1, 0)  # readable; private, anonymous, without reserve
for place in range(0, 1 << 44, 2 << 20):
    ctypes.c_char.from_address(start + place).value

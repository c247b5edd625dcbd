# verdicts: runtime_error
"""Jumps into the 32-bit code segment, where the numbers of the calls are others."""

import ctypes
import mmap

area = mmap.mmap(-1, 1 << 16, flags=0x22 | 0x40, prot=7)  # below 4 GiB, executable
low = ctypes.addressof(ctypes.c_char.from_buffer(area))
area[:9] = b"\x6a\x23\x68" + (low + 64).to_bytes(4, "little") + b"\x48\xcb"  # push 0x23, push target, retfq
area[64:72] = bytes.fromhex("b814000000cd80f4")  # getpid of i386, then hlt
ctypes.CFUNCTYPE(ctypes.c_int)(low)()

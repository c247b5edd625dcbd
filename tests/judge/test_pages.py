"""Mapping pages ahead: in one call where the kernel takes it, in a call for each range where it does not."""

from __future__ import annotations

import array
import ctypes
import mmap
import os
import subprocess
import sys

import pytest

from judge.cell import kernel

PAGES = 64


def present(address: int) -> list[bool]:
    """Of each page from there on, whether this process has it mapped."""
    descriptor = os.open("/proc/self/pagemap", os.O_RDONLY)
    try:
        entries = array.array("Q", os.pread(descriptor, PAGES * 8, address // mmap.PAGESIZE * 8))
    finally:
        os.close(descriptor)
    return [bool(entry & kernel.PRESENT) for entry in entries]


@pytest.mark.parametrize("number", [440, 100_000], ids=["in one call", "one by one"])
def test_ranges_are_mapped_and_nothing_else(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    monkeypatch.setattr(kernel, "_PROCESS_MADVISE", ctypes.c_long(number))
    with mmap.mmap(-1, PAGES * mmap.PAGESIZE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) as area:
        area.madvise(mmap.MADV_NOHUGEPAGE)
        held = ctypes.c_char.from_buffer(area)
        address = ctypes.addressof(held)
        wanted = [(0, 1), (5, 3), (40, 8)]
        ranges = b"".join(kernel.RANGE.pack(address + at * mmap.PAGESIZE, n * mmap.PAGESIZE) for at, n in wanted)
        assert not any(present(address))
        kernel.populate(ranges, sum(n for _, n in wanted) * mmap.PAGESIZE)
        assert [place for place, there in enumerate(present(address)) if there] == [
            place for at, n in wanted for place in range(at, at + n)
        ]
        del held


def test_a_range_the_kernel_refuses_keeps_no_other_from_being_mapped() -> None:
    with mmap.mmap(-1, PAGES * mmap.PAGESIZE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) as area:
        held = ctypes.c_char.from_buffer(area)
        address = ctypes.addressof(held)
        places = (mmap.PAGESIZE, address + mmap.PAGESIZE)  # nothing is ever mapped so low
        kernel.populate(b"".join(kernel.RANGE.pack(at, mmap.PAGESIZE) for at in places), 2 * mmap.PAGESIZE)
        assert present(address)[:2] == [False, True]
        del held


SPREAD = """
import ctypes, sys
from judge.cell import pages

library = ctypes.CDLL(None)
allocators = (ctypes.pythonapi.PyObject_Malloc, ctypes.pythonapi.PyObject_Free), (library.malloc, library.free)
for allocate, free in allocators:
    allocate.argtypes, allocate.restype, free.argtypes = [ctypes.c_size_t], ctypes.c_void_p, [ctypes.c_void_p]
    for size in (48, 480, 2000):
        kept = [allocate(size) for _ in range(4000)]
        for place in range(0, len(kept), 20):  # gaps on as many pages
            free(kept[place])
if sys.argv[1] == "closed":
    pages.close_gaps()
for allocate, _ in allocators:
    for size in (48, 480, 2000):
        print(len({allocate(size) // 4096 for _ in range(100)}), -(-100 * (size + 16) // 4096))
"""


@pytest.mark.parametrize("gaps", ["open", "closed"])
def test_what_is_allocated_lies_together_once_the_gaps_are_closed(gaps: str) -> None:
    done = subprocess.run([sys.executable, "-c", SPREAD, gaps], capture_output=True, text=True, check=True)
    for line in done.stdout.splitlines():
        spread, needed = map(int, line.split())
        assert (spread <= needed + 2) == (gaps == "closed"), done.stdout

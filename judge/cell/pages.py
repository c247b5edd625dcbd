"""Which pages of memory a job writes, learnt once by the zygote and copied ahead in every cell.

A fork shares its parent's pages and copies each when it is first written, at the price of a fault: 2,500 of them are a
third of an exam. What a rehearsal in one child wrote, every other child will write too, at the same addresses; each
later child begins with having the kernel copy them all, while nobody waits.
"""

from __future__ import annotations

import array
import os
from collections.abc import Callable, Iterator

from judge.cell import kernel

_PAGE = 4096
_PRESENT, _OF_A_FILE, _ONLY_OURS = 1 << 63, 1 << 61, 1 << 56
"""Bits of an entry in ``/proc/PID/pagemap``: 8 bytes for each page."""

_written: list[tuple[bytes, int]] = []
"""What ``kernel.populate`` takes, a thousand ranges each."""


def copy_after_forks() -> None:
    """From now on a child first copies what this process has learnt by then; a child's own children copy nothing.

    Called before any other module asks to run in a child: even their few lines would copy hundreds of pages one by one.
    """
    os.register_at_fork(after_in_child=_copy)


def _copy() -> None:
    for ranges, size in _written:
        kernel.populate(ranges, size)
    _written.clear()


def learn(rehearse: Callable[[], None]) -> None:
    """Learns what a child of this process has written when it has rehearsed; nothing where the kernel does not tell."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            rehearse()
            found = b"".join(kernel.RANGE.pack(*each) for each in _written_ranges())
            with os.fdopen(write, "wb") as file:
                file.write(found)
        finally:
            os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as file:
        found = file.read()
    os.waitpid(child, 0)
    step = kernel.RANGE.size * kernel.MOST_RANGES
    for some in (found[start : start + step] for start in range(0, len(found), step)):
        _written.append((some, sum(size for _, size in kernel.RANGE.iter_unpack(some))))


def _written_ranges() -> list[tuple[int, int]]:
    """First address and length of the private writable memory that no other process has any more."""
    ranges: list[tuple[int, int]] = []
    for page in _own_pages():
        start, size = ranges[-1] if ranges else (0, 0)
        if page == start + size:
            ranges[-1] = (start, size + _PAGE)
        else:
            ranges.append((page, _PAGE))
    return ranges


def _own_pages() -> Iterator[int]:
    pagemap = os.open("/proc/self/pagemap", os.O_RDONLY)
    for start, end in kernel.private_writable_mappings():
        entries = array.array("Q", os.pread(pagemap, (end - start) // _PAGE * 8, start // _PAGE * 8))
        for place, entry in enumerate(entries):
            if entry & _PRESENT and entry & _ONLY_OURS and not entry & _OF_A_FILE:
                yield start + place * _PAGE
    os.close(pagemap)

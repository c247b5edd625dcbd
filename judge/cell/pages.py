"""Which pages of memory a job writes: kept few, learnt once by the zygote and copied ahead in every cell.

A fork shares its parent's pages and copies each when it is first written, one fault each: 2,500 of them were a third of
an exam. What a rehearsal in one child wrote, every other child will write too, at the same addresses; each later child
begins with having the kernel copy them all at once, while nobody waits.

What a job allocates would lie in the gaps that importing torch has left all over the memory, a page to be copied for
every few objects. With no gap left, it lies together.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from judge.cell import kernel

_SMALL_SIZES = range(512, 0, -16)
"""Of Python's own allocator, one pool each."""
_LARGE_SIZES = (*(1 << power for power in range(16, 10, -1)), *range(1024, 0, -16))
"""Of the C library: the larger gaps first, so that no row of smaller pieces fits into one of them."""
_IN_A_ROW = 16
_MOST_OF_A_SIZE = 4096
_M_TRIM_THRESHOLD = -1
_FREE_BYTES = 1 << 20

_learnt: list[tuple[bytes, int]] = []
"""What ``kernel.populate`` takes, a thousand ranges each."""


def map_after_forks() -> None:
    """From now on a child first maps what this process has learnt by then; a child's own children do not.

    Called before any other module asks to run in a child: even their few lines would copy hundreds of pages one by one.
    """
    os.register_at_fork(after_in_child=_map)


def _map() -> None:
    for ranges, size in _learnt:
        kernel.populate(ranges, size)
    _learnt.clear()


def close_gaps() -> None:
    """Takes every free piece of memory between what is in use, for good: what is allocated from now on lies together.

    Of Python's allocator and of the C library's. Each then holds a MiB of free memory in one piece, so that a child
    need not ask the kernel for addresses that no other child has.
    """
    python, library = ctypes.pythonapi, ctypes.CDLL(None)
    library.mallopt(_M_TRIM_THRESHOLD, 2 * _FREE_BYTES)
    for allocate, free, sizes in (
        (python.PyObject_Malloc, python.PyObject_Free, _SMALL_SIZES),
        (library.malloc, library.free, _LARGE_SIZES),
    ):
        allocate.argtypes, allocate.restype = [ctypes.c_size_t], ctypes.c_void_p
        free.argtypes, free.restype = [ctypes.c_void_p], None
        _use_up(allocate, sizes)
        pieces = [allocate(sizes[0]) for _ in range(_FREE_BYTES // sizes[0])]
        for piece in pieces[:-1]:  # an arena of Python's goes back to the kernel when nothing in it is in use
            free(piece)


def _use_up(allocate: Callable[[int], int | None], sizes: Sequence[int]) -> None:
    """Allocates pieces of each size until they come one after the other, as from fresh memory."""
    for size in sizes:
        last, row = 0, 0
        for _ in range(_MOST_OF_A_SIZE):
            address = allocate(size) or 0
            row = row + 1 if 0 < address - last < size + 32 else 0
            if row == _IN_A_ROW:
                break
            last = address


def learn(rehearse: Callable[[], None]) -> None:
    """Learns what a child of this process has written when it has rehearsed; nothing where the kernel does not tell.

    A second child does nothing. It shares every page, so that what this process writes meanwhile, and so has a copy of,
    does not look like a page that the first has to itself.
    """
    with _held_child(lambda: None), _held_child(rehearse) as proc:
        try:
            ranges = _written(proc)
        except OSError:
            return
    for start in range(0, len(ranges), kernel.MOST_RANGES):
        some = ranges[start : start + kernel.MOST_RANGES]
        _learnt.append((b"".join(kernel.RANGE.pack(*each) for each in some), sum(size for _, size in some)))


@contextmanager
def _held_child(work: Callable[[], None]) -> Iterator[str]:
    """The ``/proc`` folder of a child that has done the work and ends with the block; raises when it could not."""
    done, tell = os.pipe()
    wait, release = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            work()
            os.close(release)
            os.write(tell, kernel.own_proc().encode())
            os.read(wait, 1)
        finally:
            os._exit(0)
    os.close(tell)
    os.close(wait)
    try:
        if not (proc := os.read(done, 64).decode()):
            raise RuntimeError("a rehearsal ended early")
        yield proc
    finally:
        os.close(done)
        os.close(release)
        os.waitpid(child, 0)


def _written(proc: str) -> list[tuple[int, int]]:
    """First address and length of the memory that no other process has."""
    pagemap = os.open(f"{proc}/pagemap", os.O_RDONLY)
    try:
        return kernel.runs(_own_pages(proc, pagemap))
    finally:
        os.close(pagemap)


def _own_pages(proc: str, pagemap: int) -> Iterator[int]:
    bits = kernel.PRESENT | kernel.OF_A_FILE | kernel.NOT_SHARED
    for mapping in kernel.private_mappings(proc):
        if "w" in mapping.rights:
            for place, entry in enumerate(kernel.page_entries(pagemap, mapping)):
                if entry & bits == kernel.PRESENT | kernel.NOT_SHARED:
                    yield mapping.start + place * kernel.PAGE

"""Moving a process's memory onto a file: everything stays as it was, forks share it, and nobody writes to it."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from judge.cell.moving import MAPPED_AS
from judge.cells import Cells
from judge.sandbox.meter import _sizes_of_the_zygotes_file

PROGRAM = """
import hashlib, os, sys, threading
from judge.cell import kernel, moving

held = {number: os.urandom(3000) for number in range(20_000)}
sparse = bytearray(64 << 20)
sparse[40 << 20] = 7
def told(): return hashlib.sha256(b"".join(held[number] for number in sorted(held)) + sparse).hexdigest()
before = told()
match sys.argv[1]:
    case "on another architecture": moving._ARCHITECTURE = "aarch64"
    case "refused": moving._SEIZE = 0x7777
    case "in small pages": moving._HugeFile = moving._File
    case "short of memory": os.pwrite = lambda file, piece, at: len(piece) - 1
    case "beside a thread": threading.Thread(target=threading.Event().wait, daemon=True).start()
moved = moving.move()
print(moved, before == told())
names = [mapping.name for mapping in kernel.private_mappings() if "w" in mapping.rights]
print(sum(name.removesuffix(" (deleted)") in moving.MAPPED_AS for name in names), "[stack]" in names)
child = os.fork()
if child == 0:
    held[5], sparse[40 << 20] = b"changed", 8
    os._exit(told() == before)
print(os.waitpid(child, 0)[1], before == told())
held[7], sparse[1] = b"changed", 9
print(before != told(), len(held))
"""


def outcome(case: str) -> list[list[str]]:
    done = subprocess.run([sys.executable, "-c", PROGRAM, case], capture_output=True, text=True, check=True)
    return [line.split() for line in done.stdout.splitlines()]


@pytest.mark.parametrize("case", ["moved", "in small pages"])
def test_what_was_moved_is_what_was_there(case: str) -> None:
    (moved, same), (mappings, stack), (child, still_same), last = outcome(case)
    assert int(moved) > 120 << 20
    assert int(mappings) > 5
    assert (same, stack, child, still_same, last) == ("True", "True", "0", "True", ["True", "20000"])


@pytest.mark.parametrize("case", ["refused", "on another architecture", "short of memory", "beside a thread"])
def test_where_it_may_not_be_moved_nothing_is_and_all_goes_on(case: str) -> None:
    assert outcome(case) == [["0", "True"], ["0", "True"], ["0", "True"], ["True", "20000"]]


def write_into(folder: Path) -> None:
    mapped_as = [f"{name} (deleted)" for name in MAPPED_AS]
    file = next(entry for entry in folder.iterdir() if str(entry.readlink()) in mapped_as)
    with file.open("r+b", buffering=0) as opened:
        opened.write(b"x")


@pytest.mark.usefixtures("jail")
def test_a_standby_cell_maps_little_of_the_zygote_and_cannot_change_it() -> None:
    cells = Cells(standby=1)
    try:
        box, [cell] = cells._box, cells._waiting
        assert box is not None
        assert box.moved_bytes > 100 << 20
        sizes = _sizes_of_the_zygotes_file(cell.candidate_pid)
        assert 0 < sizes["Rss:"] * 1024 < box.moved_bytes / 4
        with pytest.raises(OSError) as refused:  # noqa: PT011 - which, below
            write_into(Path(f"/proc/{cell.candidate_pid}/map_files"))
        # In a file system that is read-only; or sealed; and only root may even look.
        assert refused.value.errno in ((errno.EPERM, errno.EROFS) if os.geteuid() == 0 else (errno.EACCES,))
    finally:
        cells.close()

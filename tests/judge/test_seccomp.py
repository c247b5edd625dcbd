"""The system call table against the kernel: every number is tried raw in a real cell."""

from __future__ import annotations

import errno
import json
from collections.abc import Iterator

import pytest
from cell_jobs import run

from judge.cell.seccomp import Answer, answer
from judge.cell.syscalls import HIGHEST, NAMES, NUMBERS
from judge.cells import Cells, Ended

PAST_THE_KERNEL = 520
"""Linux 6.18 ends at 469; whatever a newer one adds must be unknown here too."""

TRY_ALL = """
import ctypes, errno, json, os, sys

libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
BAD = ctypes.c_long(-1)  # a pointer, size, descriptor or flag that no call accepts
skipped = {skipped!r}
found = {{}}
for number in range({end}):
    if number in skipped:
        continue
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        # Each in its own process: some close, stop or end things. The answer is 2 bytes on a pipe.
        ctypes.set_errno(0)
        result = libc.syscall(ctypes.c_long(number), BAD, BAD, BAD, BAD, BAD, BAD)
        os.write(writing, (ctypes.get_errno() if result < 0 else 0).to_bytes(2, 'little'))
        os._exit(0)
    os.close(writing)
    import select
    ready = select.select([reading], [], [], 2)[0]
    data = os.read(reading, 2) if ready else b''
    os.close(reading)
    if not data:
        try:
            os.kill(child, 9)
        except ProcessLookupError:
            pass
    os.waitpid(child, 0)
    found[number] = int.from_bytes(data, 'little') if data else None
print(json.dumps(found), flush=True)
"""

_NEVER_ANSWERS = {"exit", "exit_group", "pause", "rt_sigreturn", "vfork", "rt_sigsuspend", "fork", "clone"}
"""Calls after which nobody is left to tell, or two are."""


@pytest.fixture(scope="module")
def cells() -> Iterator[Cells]:
    made = Cells(standby=1)
    yield made
    made.close()


def test_every_number_is_answered_as_the_table_says(cells: Cells) -> None:
    skipped = sorted(NUMBERS[name] for name in _NEVER_ANSWERS)
    source = TRY_ALL.format(skipped=set(skipped), end=PAST_THE_KERNEL)
    outcome = run(cells, source, wall_seconds=120.0, cpu_seconds=100.0)
    assert outcome.ended is Ended.FINISHED, outcome
    found = {int(number): error for number, error in json.loads(outcome.stdout).items()}
    assert len(found) == PAST_THE_KERNEL - len(skipped)
    wrong = {NAMES.get(number, number): error for number, error in found.items() if not _agrees(number, error)}
    assert wrong == {}


_PAST_EVERY_FILTER = {335: None, 336: errno.ENXIO}
"""``uretprobe`` (Linux 6.11) and ``uprobe`` (6.18): the kernel lets no filter see them. Called from anywhere but a
probe's own trampoline, the first ends the caller with SIGILL and the second is refused."""


def _agrees(number: int, error: int | None) -> bool:
    expected = answer(number)
    if number in _PAST_EVERY_FILTER and error == _PAST_EVERY_FILTER[number]:
        return True
    if expected is Answer.REFUSE:
        return error == errno.EPERM
    if expected is Answer.UNKNOWN:
        return error == errno.ENOSYS
    if expected is Answer.BY_ARGUMENT:
        return error is not None
    # Allowed: the kernel itself answers, and may itself lack the call or refuse arguments like these.
    return NAMES[number] in _REFUSED_BY_THE_KERNEL or error != errno.EPERM


_REFUSED_BY_THE_KERNEL = {"kill", "tkill", "tgkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo", "setpgid", "chmod"}


def test_the_table_knows_every_number_it_has_no_gap_in() -> None:
    assert HIGHEST == 450
    assert {number for number in range(HIGHEST + 1) if number not in NAMES} == set(range(335, 424))
    assert answer(HIGHEST + 1) is Answer.UNKNOWN
    assert answer(1 << 30) is Answer.UNKNOWN


@pytest.mark.parametrize(
    ("call", "refused"),
    [
        ("libc.syscall(56, 0x10000011, 0, 0, 0, 0)", True),  # clone with a user namespace
        ("libc.syscall(56, 0x8011, 0, 0, 0, 0)", True),  # clone of a sibling, a child of the zygote
        ("libc.prctl(4, 1, 0, 0, 0)", True),  # dumpable again
        ("libc.prctl(15, b'name', 0, 0, 0)", False),
        ("libc.syscall(16, 1, 0x5412, b'x')", True),  # TIOCSTI
        ("libc.syscall(72, 1, 1031, 1 << 20)", True),  # F_SETPIPE_SZ
        ("libc.syscall(72, 1, 3, 0)", False),  # F_GETFL
        ("libc.syscall(157, 4 | 1 << 40, 1, 0, 0, 0)", True),  # the kernel looks at the low word only, and so do we
    ],
)
def test_a_call_decided_by_its_argument(cells: Cells, call: str, refused: bool) -> None:
    source = f"import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\nprint({call}, ctypes.get_errno(), flush=True)"
    result, error = run(cells, source).stdout.split()
    assert (int(result) < 0 and int(error) == errno.EPERM) is refused

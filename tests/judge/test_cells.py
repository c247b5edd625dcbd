"""Cells on this machine's real kernel: what they see, how they end, what is left of them."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from cell_jobs import LIMITS, MIB, descendants, descriptors, job, run

from judge.cell import ordinary, wire
from judge.cells import CellFault, CellOutcome, Cells, Ended, NoCell
from judge.problem import Limits
from judge.sandbox.box import Box
from judge.sandbox.cgroups import Mode
from judge.sandbox.standby import Cell, Shape

pytestmark = pytest.mark.usefixtures("jail")


@pytest.fixture(scope="module")
def cells() -> Iterator[Cells]:
    made = Cells(standby=2)
    yield made
    made.close()


def eventually(is_true: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 30
    while not is_true() and time.monotonic() < deadline:
        time.sleep(0.01)
    return is_true()


def at_rest(cells: Cells) -> bool:
    with cells._changed:
        return len(cells._waiting) == cells.standby and not cells._used and not cells._running


def settled(cells: Cells) -> bool:
    """Nothing but bubblewrap, zygote, mason, and init and candidate of each standby cell."""
    return at_rest(cells) and len(descendants()) == 3 + 2 * cells.standby


def printed(cells: Cells, source: str) -> str:
    outcome = run(cells, source)
    assert outcome.ended is Ended.FINISHED, outcome
    return outcome.stdout.decode().strip()


def test_a_job_ends_with_its_frames_in_order(cells: Cells) -> None:
    outcome = run(cells, "import torch\nprint('hello', flush=True)\n")
    assert outcome.ended is Ended.FINISHED
    assert [kind for kind, _, _ in outcome.frames] == [wire.Kind.LOOKED, wire.Kind.FATAL, wire.Kind.END]
    assert outcome.stdout == b"hello\n"
    assert outcome.stderr == b""
    assert outcome.cpu_ms > 0
    assert outcome.wall_ms > 0


def test_a_cell_is_never_used_twice(cells: Cells) -> None:
    mark = """
import builtins, os
print(hasattr(builtins, 'mark'), os.listdir('/tmp'))
builtins.mark = 1
open('/tmp/left', 'w').close()
"""
    assert {printed(cells, mark) for _ in range(4)} == {"False []"}


def test_the_box_shows_only_interpreter_packages_and_the_cell_folder(cells: Cells) -> None:
    assert printed(cells, "import os; print(*sorted(os.listdir('/')))") == "box dev lib lib64 proc tmp usr"
    assert printed(cells, "import os; print(*sorted(os.listdir('/box')))").split() in (
        ["code", "packages", "python"],
        ["code", "packages"],
    )
    assert printed(cells, "import os; print(*os.listdir('/box/code/judge'))") == "cell"
    assert printed(cells, "import os; print(os.listdir('/proc'), os.listdir('/tmp'))") == "[] []"
    packages = printed(cells, "import os; print(*os.listdir('/box/packages'))").split()
    assert {"torch", "numpy"} <= set(packages)
    assert not {"fastapi", "sqlalchemy", "pytest", "psycopg", "pyseccomp"} & set(packages)
    assert not [name for name in packages if name.endswith((".pth", ".dist-info"))]


def test_a_cell_has_a_made_up_environment_no_identity_and_only_its_descriptors(cells: Cells) -> None:
    assert printed(cells, "import os; print(dict(os.environ))") == str(ordinary.VARIABLES)
    assert printed(cells, "import os; print(os.uname().nodename, os.getuid(), os.getgroups())") == "cell 1000 []"
    assert printed(cells, "import os; print(os.getpid(), os.getcwd())") == "2 /tmp"
    look = """
import os
found = []
for descriptor in range(1024):
    try:
        os.fstat(descriptor)
        found.append(descriptor)
    except OSError:
        pass
print(found)
"""
    assert printed(cells, look) == "[0, 1, 2, 3]"


def test_a_cell_has_no_capability_and_cannot_gain_one(cells: Cells) -> None:
    look = """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
header = (ctypes.c_uint32 * 2)(0x20080522, 0)
data = (ctypes.c_uint32 * 6)()
assert libc.capget(header, data) == 0
bounding = sum(libc.prctl(23, number, 0, 0, 0) == 1 for number in range(41))
print(list(data), bounding, libc.prctl(39, 0, 0, 0, 0), libc.prctl(3, 0, 0, 0, 0))
"""
    assert printed(cells, look) == "[0, 0, 0, 0, 0, 0] 0 1 0"


def test_random_numbers_begin_where_the_job_says(cells: Cells) -> None:
    """Every fork has the zygote's random state: left alone, all cells of all exams would draw the same."""
    draw = "import random, torch, numpy\nprint(random.random(), torch.rand(1).item(), numpy.random.rand())"
    drawn = [cells.run(job(draw, random), LIMITS).stdout.split() for random in (1, 2, 3, 1)]
    assert all(len({sample[place] for sample in drawn[:3]}) == 3 for place in range(3))
    assert drawn[0] == drawn[3]


def test_an_early_exit_is_told_with_its_code(cells: Cells) -> None:
    outcome = run(cells, "import os; os._exit(7)")
    assert (outcome.ended, outcome.exit_code, outcome.signal) == (Ended.EXITED, 7, None)


def test_a_crash_is_told_with_its_signal(cells: Cells) -> None:
    for number in (signal.SIGSEGV, signal.SIGABRT, signal.SIGTERM, signal.SIGKILL):
        outcome = run(cells, f"import os; os.kill(os.getpid(), {int(number)})")
        assert (outcome.ended, outcome.signal) == (Ended.KILLED, number)


def test_a_forged_frame_ends_the_cell(cells: Cells) -> None:
    outcome = run(cells, "import os, time; os.write(3, b'HCf1' + b'\\x09' * 12); time.sleep(5)")
    assert outcome.ended is Ended.KILLED
    assert [kind for kind, _, _ in outcome.frames] == [wire.Kind.LOOKED]


def test_the_first_frame_of_a_kind_and_index_wins(cells: Cells) -> None:
    forge = """
import os, struct
for payload in (b'one', b'two'):
    os.write(3, struct.pack('<4sB3xII', b'HCf1', 2, 5, 3) + payload)
"""
    outcome = run(cells, forge)
    assert (2, 5, b"one") in outcome.frames
    assert [frame for frame in outcome.frames if frame[:2] == (2, 5)] == [(2, 5, b"one")]


def test_a_cell_that_closes_its_channel_is_over_when_it_ends(cells: Cells) -> None:
    outcome = run(cells, "import os; os.close(3); os.close(1); os.close(2); os._exit(0)")
    assert (outcome.ended, outcome.exit_code) == (Ended.EXITED, 0)


def test_a_job_larger_than_the_socket_buffer_arrives(cells: Cells) -> None:
    assert run(cells, "x = 1\n" + "# " + "x" * (4 * MIB) + "\nprint('all')").stdout == b"all\n"


def test_a_slow_cell_delays_no_other(cells: Cells) -> None:
    slow: list[Ended] = []
    stuck = threading.Thread(target=lambda: slow.append(run(cells, "while True: pass", wall_seconds=3.0).ended))
    stuck.start()
    done = 0
    while not slow:
        assert run(cells, "pass").ended is Ended.FINISHED
        done += 1
    stuck.join()
    assert slow == [Ended.WALL_LIMIT]
    assert done > 1


def test_many_callers_each_get_their_own_cell(cells: Cells) -> None:
    found: list[str] = []

    def call(number: int) -> None:
        found.append(printed(cells, f"print({number})"))

    callers = [threading.Thread(target=call, args=(number,)) for number in range(12)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert sorted(map(int, found)) == list(range(12))


def test_a_job_of_another_shape_gets_a_cell_of_its_shape(cells: Cells) -> None:
    size = "import os; s = os.statvfs('/tmp'); print(s.f_blocks * s.f_frsize, s.f_files)"
    outcome = run(cells, size, file_bytes=2 * MIB, files=9)
    assert outcome.stdout.split() == [str(2 * MIB).encode(), b"10"]
    assert printed(cells, size).split() == [str(LIMITS.file_bytes), str(LIMITS.files + 1)]


def test_callers_who_want_different_shapes_all_get_theirs(cells: Cells) -> None:
    size = "import os; s = os.statvfs('/tmp'); print(s.f_files)"
    found: list[tuple[int, bytes]] = []

    def call(files: int) -> None:
        found.append((files, run(cells, size, files=files).stdout))

    callers = [threading.Thread(target=call, args=(10 + number % 3,)) for number in range(9)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert len(found) == 9
    assert all(int(printed) == files + 1 for files, printed in found)


def test_waiting_callers_do_not_wake_each_other(cells: Cells, monkeypatch: pytest.MonkeyPatch) -> None:
    looks = [0]
    find = cells._find

    def counted(shape: Shape) -> Cell | None:
        looks[0] += 1
        return find(shape)

    monkeypatch.setattr(cells, "_find", counted)
    callers = [threading.Thread(target=lambda: [run(cells, "pass") for _ in range(3)]) for _ in range(8)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert looks[0] < 24 * 8 * 8  # a handful of changes for each of 24 jobs, each seen by the eight who wait


def test_nothing_is_left_of_a_cell(cells: Cells) -> None:
    spawn = """
import os, time
for _ in range(5):
    if os.fork() == 0:
        os.setsid()
        time.sleep(60)
"""
    run(cells, spawn)
    assert eventually(lambda: settled(cells)), descendants()
    before = descriptors()
    for _ in range(10):
        run(cells, spawn)
    assert eventually(lambda: settled(cells))
    assert descriptors() == before


def test_a_cell_begins_with_its_pages_mapped_and_its_children_do_not(cells: Cells) -> None:
    look = """
import os, resource
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt > 1500, flush=True)
if os.fork() == 0:
    print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt < 1500, flush=True)
    os._exit(0)
os.wait()
"""
    assert printed(cells, look).split() == ["True", "True"]


def test_a_used_cell_counts_until_nothing_of_it_is_left(cells: Cells, monkeypatch: pytest.MonkeyPatch) -> None:
    assert eventually(lambda: settled(cells))
    before, gone, close = descriptors(), Cell.gone, Cell.close

    def slowly(cell: Cell) -> None:
        time.sleep(0.2)
        close(cell)

    monkeypatch.setattr(Cell, "gone", lambda cell: len(cells._waiting) == cells.standby and gone(cell))
    monkeypatch.setattr(Cell, "close", slowly)
    run(cells, "print(1)")
    assert eventually(lambda: settled(cells))
    assert descriptors() == before


@contextmanager
def running(cells: Cells, count: int, over: list[CellOutcome | CellFault]) -> Iterator[list[Cell]]:
    """So many cells in which endless code runs by now; ``over`` gets what becomes of each."""
    taken: list[Cell] = []
    find = cells._find

    def noted(shape: Shape) -> Cell | None:
        cell = find(shape)
        taken.extend([cell] if cell else [])
        return cell

    def judge() -> None:
        try:
            over.append(run(cells, "open('/tmp/running', 'w').close()\nwhile True: pass", wall_seconds=60.0))
        except CellFault as fault:
            over.append(fault)

    def runs(cell: Cell) -> bool:  # before that, a dead cell is replaced and nobody hears of it
        folder = os.statvfs(cell.tmp)
        return folder.f_files - folder.f_ffree == 2

    threads = [threading.Thread(target=judge) for _ in range(count)]
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(cells, "_find", noted)
        for thread in threads:
            thread.start()
        assert eventually(lambda: len(taken) == count and all(map(runs, taken)))
    yield taken
    for thread in threads:
        thread.join()


def test_a_dead_zygote_is_a_fault_for_every_cell_it_takes_along_and_is_replaced() -> None:
    with_zygote = Cells(standby=1)
    try:
        for _ in range(3):
            box = with_zygote._box
            assert box is not None
            over: list[CellOutcome | CellFault] = []
            with running(with_zygote, 10, over):
                [zygote] = Path(f"/proc/{box.process.pid}/task/{box.process.pid}/children").read_text().split()
                os.kill(int(zygote), signal.SIGKILL)
            assert [type(one) for one in over] == [CellFault] * 10
            # Until the keeper has noticed, a waiting cell of the dead box may still be handed out, and is a fault too.
            assert eventually(lambda: with_zygote._box not in (box, None))  # noqa: B023 - called at once
            assert run(with_zygote, "pass").ended is Ended.FINISHED
    finally:
        with_zygote.close()


def zygote_and_mason(cells: Cells) -> tuple[int, int]:
    """The zygote is what bubblewrap runs; the mason is its first child."""
    assert cells._box is not None
    [zygote] = children(cells._box.process.pid)
    return zygote, children(zygote)[0]


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_a_dead_mason_takes_every_room_along_and_is_replaced() -> None:
    with_mason = Cells(standby=1)
    try:
        box, (zygote, mason) = with_mason._box, zygote_and_mason(with_mason)
        over: list[CellOutcome | CellFault] = []
        with running(with_mason, 3, over) as taken:
            below = {zygote, mason, *(pid for cell in taken for pid in (cell.init_pid, cell.candidate_pid))}
            os.kill(mason, signal.SIGKILL)
        assert [type(one) for one in over] == [CellFault] * 3
        assert eventually(lambda: not below & set(descendants()))
        assert eventually(lambda: with_mason._box not in (box, None))
        assert run(with_mason, "pass").ended is Ended.FINISHED
        assert zygote_and_mason(with_mason)[1] != mason
    finally:
        with_mason.close()


def test_a_mason_that_dies_while_the_zygote_warms_up_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """It ended before anybody waited for its end, and every order to it was in vain, for ever."""
    waiting = Box._await_zygote

    def kill_the_mason_first(box: Box) -> None:
        assert eventually(lambda: bool(masons(box)))
        os.kill(masons(box)[0], signal.SIGKILL)
        waiting(box)

    monkeypatch.setattr(Box, "_await_zygote", kill_the_mason_first)
    box = Box("cpu", move_memory=True)
    try:
        assert eventually(lambda: not box.alive())
        assert box.last_words() == "The mason ended."
    finally:
        box.close()


def masons(box: Box) -> list[int]:
    """The children of what bubblewrap runs, which may not have got as far."""
    with suppress(FileNotFoundError):
        return [pid for zygote in children(box.process.pid) for pid in children(zygote)]
    return []


def test_a_zygote_killed_while_it_starts_is_no_cell_now_and_a_cell_later() -> None:
    deaths = iter([True])
    waiting = Box._await_zygote

    def killed_once(box: Box) -> None:
        if next(deaths, False):
            box.process.kill()
        waiting(box)

    cells = Cells(standby=1)
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Box, "_await_zygote", killed_once)
            first = cells._box
            cells.replace_box()
            assert eventually(lambda: cells._box not in (first, None))
            assert run(cells, "pass").ended is Ended.FINISHED
        assert next(deaths, False) is False, "it did happen"
    finally:
        cells.close()


def test_a_box_in_which_no_cell_can_be_made_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    cells = Cells(standby=1)
    try:
        bad = cells._box
        assert bad is not None
        order = Box.order_room

        def refused(box: Box, *arguments: int) -> None:
            if box is bad:
                raise CellFault("The mason forks no more.")
            order(box, *arguments)

        monkeypatch.setattr(Box, "order_room", refused)
        monkeypatch.setattr("judge.cells._BACK_OFF_SECONDS", 0.01)
        with pytest.raises(NoCell, match="forks no more"):
            run(cells, "pass")
        assert eventually(lambda: cells._box not in (bad, None))
        assert run(cells, "pass").ended is Ended.FINISHED
    finally:
        cells.close()


def our_groups() -> set[str]:
    return {folder for folder, _, _ in os.walk("/sys/fs/cgroup") if f"/handcode-{os.getpid()}-" in folder}


def test_groups_that_somebody_removed_are_made_again() -> None:
    """As a second Handcode did that could not see the first one's processes: it took what was empty."""
    before = our_groups()
    cells = Cells(standby=2)
    try:
        if cells.mode is Mode.NONE:
            pytest.skip("no control group can be written here")
        for _ in range(3):
            for folder in sorted(our_groups() - before, reverse=True):
                with suppress(OSError):  # somebody is in it
                    Path(folder).rmdir()
            for _ in range(4):
                assert run(cells, "pass").ended is Ended.FINISHED
        assert cells.mode is not Mode.NONE
    finally:
        cells.close()
    assert our_groups() <= before


def test_process_1_of_a_cell_ends_with_the_mason_even_if_the_zygote_does_not() -> None:
    """As long as the zygote is stopped it ends nothing, and process 1 waits for it to reap the candidate's."""
    own = Cells(standby=1)
    try:
        zygote, mason = zygote_and_mason(own)
        assert eventually(lambda: at_rest(own))
        [waiting] = own._waiting
        os.kill(zygote, signal.SIGSTOP)
        os.kill(mason, signal.SIGKILL)
        assert eventually(waiting.ending)
        os.kill(zygote, signal.SIGCONT)
    finally:
        own.close()


def test_a_process_1_that_ended_is_reaped_by_the_mason_before_the_next_is_ordered(cells: Cells) -> None:
    assert eventually(lambda: settled(cells))
    _, mason = zygote_and_mason(cells)
    for _ in range(3):
        with cells._changed:
            cell = cells._waiting[0]
            assert cell.init_pid in children(mason)
            cell.kill()
            assert eventually(lambda: cell.init_pid not in children(mason))  # noqa: B023 - called at once
        assert run(cells, "pass").ended is Ended.FINISHED
        assert eventually(lambda: settled(cells))
    assert sorted(children(mason)) == sorted(cell.init_pid for cell in cells._waiting)


def test_a_zygote_that_dies_while_a_cell_is_made_is_noticed_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The keeper waited half a minute for one that was gone, since it held the other end of the gate."""
    made = Cells(standby=1)
    box = made._box
    assert box is not None
    order, faults = box.order_room, []

    def die_first(uid: int, tmp_bytes: int, tmp_files: int, gate_end: int) -> None:
        [zygote] = Path(f"/proc/{box.process.pid}/task/{box.process.pid}/children").read_text().split()
        order(uid, tmp_bytes, tmp_files, gate_end)
        os.kill(int(zygote), signal.SIGKILL)

    try:
        monkeypatch.setattr(box, "order_room", die_first)
        monkeypatch.setattr("judge.sandbox.standby.MAKE_SECONDS", 3600.0)
        with pytest.raises(CellFault):
            faults.append(Cell(box, None, Shape(1 << 20, 64), 4000))
        assert faults == []
    finally:
        made.close()


def test_a_cell_ended_from_outside_is_a_fault(cells: Cells) -> None:
    for _ in range(3):
        over: list[CellOutcome | CellFault] = []
        with running(cells, 10, over) as taken:
            for cell in taken:
                signal.pidfd_send_signal(cell.init_pidfd, signal.SIGKILL)
        assert [type(one) for one in over] == [CellFault] * 10
    assert eventually(lambda: at_rest(cells))


def test_process_1_of_a_cell_takes_no_signal_from_inside(cells: Cells) -> None:
    send = """
import ctypes, os, time
call = ctypes.CDLL(None).syscall
info = (ctypes.c_int * 32)(0, 0, -1)
for number in range(1, 65):
    info[0] = number
    call(62, 1, number), call(200, 1, number), call(234, 1, 1, number)  # kill, tkill, tgkill
    call(129, 1, number, info), call(297, 1, 1, number, info)  # rt_sigqueueinfo, rt_tgsigqueueinfo
time.sleep(0.2)
"""
    assert run(cells, send).ended is Ended.FINISHED
    outcome = run(cells, send + "os.kill(os.getpid(), 9)")
    assert (outcome.ended, outcome.signal) == (Ended.KILLED, signal.SIGKILL)


def test_closing_leaves_no_process_descriptor_or_group(cells: Cells) -> None:
    assert eventually(lambda: settled(cells))
    processes, open_before, groups = set(descendants()), descriptors(), _groups()
    made = Cells(standby=2)
    run(made, "print(1)")
    assert set(descendants()) > processes
    made.close()
    assert set(descendants()) <= processes
    assert descriptors() == open_before
    assert _groups() == groups


def _groups() -> set[Path]:
    return {Path(folder) for folder, _, _ in os.walk("/sys/fs/cgroup") if f"handcode-{os.getpid()}-" in folder}


@pytest.mark.parametrize("who", ["init_pid", "candidate_pid"])
def test_a_standby_cell_in_which_a_process_died_is_replaced_before_the_job(cells: Cells, who: str) -> None:
    assert eventually(lambda: len(cells._waiting) == cells.standby)
    for cell in list(cells._waiting):
        os.kill(getattr(cell, who), signal.SIGKILL)
    assert eventually(lambda: all(cell.spoilt() for cell in cells._waiting))
    assert run(cells, "pass").ended is Ended.FINISHED
    assert eventually(lambda: at_rest(cells))


def test_a_candidates_process_that_dies_before_its_code_is_no_ones_verdict(
    cells: Cells, monkeypatch: pytest.MonkeyPatch
) -> None:
    start, killed = Cell.start, list[int]()

    def started(cell: Cell, limits: Limits, address_bytes: int) -> bool:
        if len(killed) < 2:
            os.kill(cell.candidate_pid, signal.SIGKILL)
            killed.append(cell.candidate_pid)
            assert eventually(cell.spoilt)
            monkeypatch.setattr(cell, "spoilt", lambda: False)  # as if it had died a moment later
        return start(cell, limits, address_bytes)

    monkeypatch.setattr(Cell, "start", started)
    assert run(cells, "pass").ended is Ended.FINISHED
    assert len(killed) == 2
    assert eventually(lambda: at_rest(cells))


def test_required_control_groups_are_a_fault_where_there_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("judge.sandbox.cgroups._version_1", _refuse)
    monkeypatch.setattr("judge.sandbox.cgroups._version_2", _refuse)
    with pytest.raises(CellFault, match="Control groups are required"):
        Cells(require_cgroups=True)


def _refuse() -> None:
    raise LookupError


def test_a_wall_that_cannot_be_put_up_is_a_fault_and_no_judging(cells: Cells) -> None:
    assert eventually(lambda: settled(cells))
    before = zygote_and_mason(cells)
    with pytest.raises(CellFault, match="mounts"):
        run(cells, "print('judged all the same')", files=2**60)
    assert run(cells, "pass").ended is Ended.FINISHED
    assert eventually(lambda: settled(cells))
    assert zygote_and_mason(cells) == before
    assert len(children(before[1])) == cells.standby, "half a room, or a second mason"


def test_forward_mode_differentiation_works_beside_the_watch_over_norms(cells: Cells) -> None:
    source = """
import torch
x, v = torch.arange(6.0).reshape(3, 2), torch.ones(3, 2)
_, tangent = torch.func.jvp(lambda x: (x - x.mean(0)) * torch.rsqrt(x.var(0, unbiased=False) + 1), (x,), (v,))
print(float(tangent.abs().max()) < 1e-6)
"""
    assert printed(cells, source) == "True"

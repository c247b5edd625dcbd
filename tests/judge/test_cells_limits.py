"""Each limit of a cell: just inside it a program finishes, just outside it ends by that limit and no other."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest
from cell_jobs import MIB, run

from judge.cells import CellFault, Cells, Ended
from judge.sandbox.cgroups import Mode
from judge.sandbox.collect import Collector
from judge.sandbox.meter import _ProcessMeter

pytestmark = pytest.mark.usefixtures("jail")


@pytest.fixture(scope="module")
def cells() -> Iterator[Cells]:
    made = Cells(standby=1)
    yield made
    made.close()


def _burn(seconds: float) -> str:
    return f"import time\nwhile time.process_time() < {seconds}: pass\n"


_BURN_IN_CHILDREN = """
import os
for _ in range(4):
    if os.fork() == 0:
        import time
        while time.process_time() < {each}: pass
        os._exit(0)
    os.wait()
"""
_BURN_IN_THREADS = """
import hashlib, threading, time
data = bytes(1 << 20)
def burn():
    while time.process_time() < {seconds}: hashlib.sha256(data).digest()
threads = [threading.Thread(target=burn) for _ in range(3)]
for thread in threads: thread.start()
for thread in threads: thread.join()
"""
_HOLD = "held = bytearray(b'x') * ({mib} << 20)\n"
_HOLD_SHARED = """
import mmap
area = mmap.mmap(-1, {mib} << 20)
for place in range(0, {mib} << 20, 4096): area[place] = 1
import time; time.sleep({seconds})
"""
_HOLD_IN_TMP = """
with open('/tmp/held', 'wb') as file:
    for _ in range({mib}): file.write(b'x' * (1 << 20))
import time; time.sleep({seconds})
"""
# Each holds its own until all four do; one that is killed ends the wait.
_HOLD_IN_CHILDREN = """
import os, signal, time
signal.signal(signal.SIGCHLD, lambda *_: os._exit(1))
held, holds = os.pipe()
let_go, keep = os.pipe()
for _ in range(4):
    if os.fork() == 0:
        os.close(keep)
        own = bytearray(b'x') * ({mib} << 20)
        os.write(holds, b'x')
        os.read(let_go, 1)
        os._exit(0)
for _ in range(4): os.read(held, 1)
time.sleep({seconds})
signal.signal(signal.SIGCHLD, signal.SIG_DFL)
os.close(keep)
for _ in range(4): os.wait()
"""


@pytest.mark.parametrize(
    ("name", "inside", "outside", "ended"),
    [
        ("wall_seconds=1.5", "import time; time.sleep(0.3)", "import time; time.sleep(2)", Ended.WALL_LIMIT),
        ("cpu_seconds=0.8", _burn(0.5), _burn(1.5), Ended.CPU_LIMIT),
        ("cpu_seconds=0.8", _BURN_IN_CHILDREN.format(each=0.1), _BURN_IN_CHILDREN.format(each=0.5), Ended.CPU_LIMIT),
        ("cpu_seconds=0.9", _BURN_IN_THREADS.format(seconds=0.5), _BURN_IN_THREADS.format(seconds=2), Ended.CPU_LIMIT),
        ("memory_bytes=100", _HOLD.format(mib=85), _HOLD.format(mib=110), Ended.MEMORY_LIMIT),
        (
            "memory_bytes=100",
            _HOLD_SHARED.format(mib=85, seconds=0),
            _HOLD_SHARED.format(mib=110, seconds=9),
            Ended.MEMORY_LIMIT,
        ),
        (
            "memory_bytes=30",
            _HOLD_IN_TMP.format(mib=20, seconds=0),
            _HOLD_IN_TMP.format(mib=45, seconds=9),
            Ended.MEMORY_LIMIT,
        ),
        (
            "memory_bytes=100",
            _HOLD_IN_CHILDREN.format(mib=15, seconds=0),
            _HOLD_IN_CHILDREN.format(mib=40, seconds=9),
            Ended.MEMORY_LIMIT,
        ),
        ("output_bytes=50000", "print('x' * 49_000)", "print('x' * 51_000)", Ended.OUTPUT_LIMIT),
        (
            "output_bytes=50000",
            "import os; os.write(1, b'x' * 24_000); os.write(2, b'x' * 24_000)",
            "import os; os.write(1, b'x' * 26_000); os.write(2, b'x' * 26_000)",
            Ended.OUTPUT_LIMIT,
        ),
    ],
)
def test_a_limit_ends_what_passes_it_and_nothing_else(
    cells: Cells, name: str, inside: str, outside: str, ended: Ended
) -> None:
    key, number = name.split("=")
    value = float(number) * (MIB if key == "memory_bytes" else 1)
    changed = {key: value if key.endswith("seconds") else int(value), "file_bytes": 64 * MIB}
    assert run(cells, inside, **changed).ended is Ended.FINISHED
    assert run(cells, outside, **changed).ended is ended


def _counted(cells: Cells, source: str, **changed: float) -> int:
    outcome = run(cells, source, **changed)
    assert outcome.ended is Ended.FINISHED, outcome
    return int(outcome.stdout)


def test_as_many_processes_as_the_limit_and_not_one_more(cells: Cells) -> None:
    source = """
import os, time
made = 1
try:
    while made < 100:
        if os.fork() == 0:
            time.sleep(30)
            os._exit(0)
        made += 1
except OSError:
    pass
print(made, flush=True)
"""
    assert _counted(cells, source, processes=9) == 9


def test_threads_count_as_processes(cells: Cells) -> None:
    source = """
import threading, time
made = 1
try:
    while made < 100:
        threading.Thread(target=time.sleep, args=(30,), daemon=True).start()
        made += 1
except RuntimeError:
    pass
print(made, flush=True)
"""
    assert _counted(cells, source, processes=9) == 9


def test_a_file_as_large_as_the_limit_and_not_a_byte_more(cells: Cells) -> None:
    source = """
written = 0
try:
    with open('/tmp/f', 'wb', buffering=0) as file:
        while written < 10_000_000:
            written += file.write(bytes(1000))
except OSError:
    pass
print(written, flush=True)
"""
    assert _counted(cells, source, file_bytes=MIB) == MIB


def test_as_many_files_as_the_limit_and_not_one_more(cells: Cells) -> None:
    source = """
made = 0
try:
    while made < 1000:
        open(f'/tmp/{made}', 'w').close()
        made += 1
except OSError:
    pass
print(made, flush=True)
"""
    assert _counted(cells, source, files=20) == 20


def test_as_many_open_files_as_the_limit_and_not_one_more(cells: Cells) -> None:
    source = """
import os
made = 0
try:
    while made < 1000:
        os.open('/dev/null', os.O_RDONLY)
        made += 1
except OSError:
    pass
print(made)
"""
    assert _counted(cells, source, files=20) == 20


def test_want_of_memory_above_the_cells_is_a_fault_of_ours(cells: Cells) -> None:
    if cells.mode is not Mode.V1:
        pytest.skip("a limit above the cells is set here through version 1 of control groups")
    above = cells._groups._owned[0].path
    used = int((above / "memory.usage_in_bytes").read_text())
    (above / "memory.limit_in_bytes").write_text(str(used + 40 * MIB))
    try:
        with pytest.raises(CellFault, match="The machine ran out of memory"):
            run(cells, _HOLD.format(mib=100))
    finally:
        (above / "memory.limit_in_bytes").write_text("-1")
    assert run(cells, _HOLD.format(mib=100)).ended is Ended.FINISHED


def test_without_groups_a_kill_by_the_machine_is_no_suicide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("judge.sandbox.cgroups._find", lambda: (Mode.NONE, ()))
    monkeypatch.setattr("judge.sandbox.meter._kills_on_this_machine", lambda: 0)  # other tests' cells die of it too
    kills = iter(range(10_000))
    die = "import os; os.kill(os.getpid(), 9)"
    watched = Cells(standby=1)
    try:
        assert run(watched, die).ended is Ended.KILLED
        monkeypatch.setattr("judge.sandbox.meter._kills_on_this_machine", lambda: next(kills))
        with pytest.raises(CellFault, match="The machine ran out of memory"):
            run(watched, die)
        assert run(watched, "import os; os._exit(3)").ended is Ended.EXITED
    finally:
        watched.close()


def test_a_watch_that_takes_longer_than_its_pause_starves_no_cell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("judge.sandbox.cgroups._find", lambda: (Mode.NONE, ()))
    monkeypatch.setattr("judge.sandbox.meter._kills_on_this_machine", lambda: 0)
    watched = Cells(standby=1)
    memory = _ProcessMeter._memory

    def slow(meter: _ProcessMeter) -> int:
        time.sleep(5 * meter.seconds_between)
        return memory(meter)

    monkeypatch.setattr(_ProcessMeter, "_memory", slow)
    try:
        assert run(watched, "import time; time.sleep(0.5)", wall_seconds=8.0).ended is Ended.FINISHED
        assert run(watched, "import time; time.sleep(60)", wall_seconds=1.0).ended is Ended.WALL_LIMIT
        assert run(watched, _HOLD.format(mib=300) + "import time; time.sleep(9)").ended is Ended.MEMORY_LIMIT
    finally:
        watched.close()


@pytest.fixture
def crowded() -> Iterator[None]:
    """Three programs for each processor, each in a session of its own, since some kernels divide by sessions."""
    spin = [sys.executable, "-c", "while True: pass"]
    crowd = [subprocess.Popen(spin, start_new_session=True) for _ in range(3 * (os.cpu_count() or 1))]
    yield
    for each in crowd:
        each.kill()
        each.wait()


@pytest.mark.usefixtures("crowded")
def test_waiting_for_a_processor_is_no_time_of_the_candidates(cells: Cells, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Collector, "_longest_wait", 120.0)
    outcome = run(cells, _burn(0.8), wall_seconds=1.0)
    assert outcome.ended is Ended.FINISHED
    assert outcome.wall_ms > 1000, "the machine was not crowded enough to tell"


@pytest.mark.usefixtures("crowded")
def test_sleeping_is_the_candidates_time_on_a_crowded_machine_too(cells: Cells) -> None:
    assert run(cells, "import time\ntime.sleep(60)", wall_seconds=1.0).ended is Ended.WALL_LIMIT


@pytest.mark.usefixtures("crowded")
def test_a_cell_that_waits_without_end_is_a_fault_of_ours(cells: Cells, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Collector, "_longest_wait", 0.05)
    with pytest.raises(CellFault, match="too busy"):
        run(cells, _burn(1.0), wall_seconds=0.2)


def test_what_was_used_is_reported(cells: Cells) -> None:
    outcome = run(cells, _HOLD.format(mib=60) + _burn(0.3))
    assert outcome.ended is Ended.FINISHED
    assert 55 * MIB < outcome.peak_memory_bytes < 90 * MIB
    assert 200 < outcome.cpu_ms < 3000
    assert outcome.wall_ms > 200


def test_what_a_cell_used_before_its_job_is_not_counted(cells: Cells) -> None:
    outcome = run(cells, "pass")
    assert outcome.peak_memory_bytes < 16 * MIB
    assert outcome.cpu_ms < 1000


def test_output_is_kept_up_to_its_cap(cells: Cells) -> None:
    outcome = run(cells, "while True: print('x' * 1000)", output_bytes=5000)
    assert outcome.ended is Ended.OUTPUT_LIMIT
    assert len(outcome.stdout) == 5000


LOOP = """
import time
print("begun")
print("no line end", end="")
def spin():
    while True:
        time.sleep(0.01)
spin()
"""


def test_what_was_printed_before_a_limit_is_kept_and_the_line_that_ran_is_told(
    cells: Cells, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("judge.sandbox.collect._ANSWER_SECONDS", 60.0)  # on a busy machine it answers late
    outcome = run(cells, LOOP, wall_seconds=1.0)
    assert (outcome.ended, outcome.stdout) == (Ended.WALL_LIMIT, b"begun\nno line end")
    assert outcome.line in (6, 7)
    burning = run(cells, LOOP.replace("time.sleep(0.01)", "pass"), cpu_seconds=0.5)
    assert (burning.ended, burning.stdout) == (Ended.CPU_LIMIT, b"begun\nno line end")
    assert burning.line in (6, 7)
    flooding = run(cells, LOOP.replace("time.sleep(0.01)", "print('x' * 1000)"), output_bytes=5000)
    assert (flooding.ended, len(flooding.stdout)) == (Ended.OUTPUT_LIMIT, 5000)
    assert flooding.line in (6, 7)


def test_a_line_that_was_printed_survives_a_process_that_is_killed(cells: Cells) -> None:
    outcome = run(cells, "import os, signal\nprint('begun')\nos.kill(os.getpid(), signal.SIGKILL)")
    assert (outcome.ended, outcome.stdout) == (Ended.KILLED, b"begun\n")


@pytest.mark.parametrize(
    "source",
    [
        "import signal\nsignal.signal(signal.SIGUSR1, signal.SIG_IGN)\nwhile True: pass",
        "import os\nos.close(3)\nwhile True: pass",
        "import os, signal\nsignal.signal(signal.SIGUSR1, lambda *_: os.write(3, b'x' * 100))\nwhile True: pass",
    ],
)
def test_a_candidate_that_does_not_tell_where_it_is_ends_all_the_same(cells: Cells, source: str) -> None:
    outcome = run(cells, source, wall_seconds=1.0)
    assert (outcome.ended, outcome.line) == (Ended.WALL_LIMIT, None)


def test_a_line_that_nobody_asked_for_or_that_no_file_has_is_not_believed(cells: Cells) -> None:
    frame = "HCf1\\x05\\0\\0\\0\\0\\0\\0\\0\\x04\\0\\0\\0"
    forged = f"import os, signal\nos.write(3, b'{frame}\\x09\\0\\0\\0')\n"
    assert run(cells, forged).line is None
    lying = f"signal.signal(signal.SIGUSR1, lambda *_: os.write(3, b'{frame}\\xff\\xff\\xff\\x7f'))\nwhile True: pass"
    outcome = run(cells, forged + lying, wall_seconds=1.0)
    assert (outcome.ended, outcome.line) == (Ended.WALL_LIMIT, None)

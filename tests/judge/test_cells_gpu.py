"""CUDA cells: the same walls with the device in them, one candidate at a time, and the memory back afterwards."""

from __future__ import annotations

import shutil
import socket
import tempfile
import textwrap
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from cell_jobs import LIMITS, job

from judge import doctor
from judge.cells import CellFault, Cells, Ended
from judge.doctor_program import is_the_drivers
from judge.sandbox import box, gpu

pytestmark = pytest.mark.usefixtures("jail")


@pytest.fixture(scope="module")
def cells() -> Iterator[Cells]:
    made = Cells(device="cuda")
    yield made
    made.close()


@pytest.mark.gpu
def test_a_cell_computes_on_the_gpu(cells: Cells) -> None:
    source = "import torch\nprint((torch.ones(3, device='cuda') * 2).sum().item(), flush=True)\n"
    outcome = cells.run(job(source), LIMITS)
    assert (outcome.ended, outcome.stdout) == (Ended.FINISHED, b"6.0\n")


@pytest.mark.gpu
def test_the_walls_hold_with_the_device_in_the_cell(cells: Cells) -> None:
    assert doctor.complaint(doctor.probe_walls(cells)) is None


@pytest.mark.gpu
def test_the_memory_is_back_before_the_next_candidate(cells: Cells) -> None:
    hog = "import os, torch\nheld = torch.ones(1 << 28, device='cuda')\ntorch.cuda.synchronize()\nos._exit(0)\n"
    for _ in range(3):
        cells.run(job(hog), LIMITS)
    free = "import torch\nprint(torch.cuda.memory_allocated(), flush=True)\n"
    assert cells.run(job(free), LIMITS).ended is Ended.FINISHED


@pytest.fixture
def without_device(monkeypatch: pytest.MonkeyPatch) -> Iterator[Cells]:
    """The same box, mounts and filter as on a GPU; only the rehearsal in the candidate's process is one on the CPU."""
    ours = Path(doctor.__file__).parent
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:  # a user of the box must be able to read it
        Path(folder).chmod(0o755)
        copy = Path(folder, "judge")
        shutil.copytree(ours, copy, ignore=shutil.ignore_patterns("__pycache__", "problems"))
        jail = copy / "cell/jail.py"
        rehearses = "warmup.run(device)"
        assert rehearses in jail.read_text()
        jail.write_text(jail.read_text().replace(rehearses, 'warmup.run("cpu")'))
        monkeypatch.setattr(box, "_CELL_FOLDER", copy / "cell")
        monkeypatch.setattr(gpu, "used_bytes", lambda: 0)
        made = Cells(device="cuda")
        try:
            yield made
        finally:
            made.close()


def test_the_walls_of_a_cuda_cell_hold_where_there_is_no_device(without_device: Cells) -> None:
    probes = doctor.probe_walls(without_device)
    assert [probe.line() for probe in probes if probe.required and not probe.held] == []


def test_a_driver_may_name_its_threads_and_write_nothing_else_of_a_process(without_device: Cells) -> None:
    source = """
        import os, threading
        def opens(path):
            try:
                os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC))
            except OSError as error:
                return error.strerror
            return "opens"
        one = threading.Thread(target=lambda: print(opens(f"/proc/self/task/{threading.get_native_id()}/comm")))
        one.start()
        one.join()
        for path in ("/proc/self/comm", "/proc/self/oom_score_adj", "/proc/self/task/2/oom_score_adj"):
            print(opens(path), flush=True)
        """
    outcome = without_device.run(job(textwrap.dedent(source)), LIMITS)
    assert sorted(outcome.stdout.decode().splitlines()) == ["Permission denied"] * 3 + ["opens"]


def test_what_the_driver_opened_is_told_from_what_a_cell_was_given() -> None:
    inside, also_inside = socket.socketpair()
    with inside, also_inside, socket.socket(socket.AF_UNIX) as alone, Path(__file__).open() as file:
        theirs = [is_the_drivers(one.fileno()) for one in (inside, alone, file)]
    assert theirs == [True, True, False]


def test_a_layer_has_more_time_on_a_gpu() -> None:
    on_gpu = LIMITS.on("cuda")
    assert (on_gpu.wall_seconds, on_gpu.cpu_seconds) > (LIMITS.wall_seconds, LIMITS.cpu_seconds)
    assert on_gpu == replace(LIMITS, wall_seconds=on_gpu.wall_seconds, cpu_seconds=on_gpu.cpu_seconds)
    assert LIMITS.on("cpu") == LIMITS


def test_memory_that_does_not_come_back_quarantines_the_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpu, "_SECONDS_TO_FREE", 0.0)
    monkeypatch.setattr(gpu, "used_bytes", lambda: 0)
    watched = gpu.Gpu()
    watched.await_baseline()
    monkeypatch.setattr(gpu, "used_bytes", lambda: 1 << 40)
    for _ in range(2):
        with pytest.raises(CellFault, match="quarantined"):
            watched.await_baseline()

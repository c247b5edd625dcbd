"""CUDA cells: the same walls with the device in them, one candidate at a time, and the memory back afterwards."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from cell_jobs import LIMITS, job

from judge import doctor
from judge.cells import CellFault, Cells, Ended
from judge.sandbox import box, gpu


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


def test_the_walls_of_a_cuda_cell_hold_where_there_is_no_device(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same box, mounts and filter as on a GPU; only the candidate's process does not touch one."""
    ours = Path(doctor.__file__).parent
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:  # a user of the box must be able to read it
        Path(folder).chmod(0o755)
        copy = Path(folder, "judge")
        shutil.copytree(ours, copy, ignore=shutil.ignore_patterns("__pycache__", "problems"))
        jail = copy / "cell/jail.py"
        touches = "torch.zeros(1, device=walls.device).add_(1).item()"
        assert touches in jail.read_text()
        jail.write_text(jail.read_text().replace(touches, "pass"))
        monkeypatch.setattr(box, "_CELL_FOLDER", copy / "cell")
        monkeypatch.setattr(gpu, "used_bytes", lambda: 0)
        without_device = Cells(device="cuda")
        try:
            probes = doctor.probe_walls(without_device)
        finally:
            without_device.close()
    assert [probe.line() for probe in probes if probe.required and not probe.held] == []


def test_memory_that_does_not_come_back_quarantines_the_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpu, "_SECONDS_TO_FREE", 0.0)
    monkeypatch.setattr(gpu, "used_bytes", lambda: 0)
    watched = gpu.Gpu()
    watched.await_baseline()
    monkeypatch.setattr(gpu, "used_bytes", lambda: 1 << 40)
    for _ in range(2):
        with pytest.raises(CellFault, match="quarantined"):
            watched.await_baseline()

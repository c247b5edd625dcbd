"""A worker that is killed leaves no process, and what the kernel cannot clear away is cleared by the next worker."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from cell_jobs import descendants

from judge.cells import Cells

pytestmark = pytest.mark.usefixtures("jail")

ROOT = Path(__file__).parents[2]
WORKER = """
import sys, threading, time
sys.path.insert(0, {tests!r})
from cell_jobs import LIMITS, job
from judge.cells import Cells
cells = Cells(standby=1)
if {judging}:
    threading.Thread(target=lambda: cells.run(job("import time; time.sleep(60)"), LIMITS), daemon=True).start()
    while not cells._running:
        time.sleep(0.01)
print("ready", flush=True)
time.sleep(600)
"""


def _groups_of(pid: int) -> list[str]:
    return [folder for folder, _, _ in os.walk("/sys/fs/cgroup") if f"/handcode-{pid}-" in folder]


@pytest.mark.parametrize("judging", [False, True])
def test_a_killed_worker_leaves_no_process_and_its_groups_are_swept(judging: bool) -> None:
    source = WORKER.format(tests=str(Path(__file__).parent), judging=judging)
    worker = subprocess.Popen([sys.executable, "-c", source], cwd=ROOT, stdout=subprocess.PIPE)
    assert worker.stdout is not None
    assert worker.stdout.readline() == b"ready\n"
    below = {pid for pid in descendants() if pid != worker.pid}
    assert len(below) >= 4
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    worker.stdout.close()
    deadline = time.monotonic() + 30
    while any(Path("/proc", str(pid)).exists() for pid in below) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not [pid for pid in below if Path("/proc", str(pid)).exists()]
    Cells(standby=1).close()
    assert _groups_of(worker.pid) == []

"""Control groups: what is made is removed, what a dead worker left is swept, and version 2 as far as files tell."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from judge.sandbox import cgroups
from judge.sandbox.cgroups import Group, Groups, Mode


def test_what_is_made_is_removed() -> None:
    groups = Groups()
    if groups.mode is Mode.NONE:
        pytest.skip("no control group can be written here")
    taken = groups.take()
    assert taken is not None
    assert taken.empty()
    groups.close()
    left = [folder for folder, _, _ in os.walk("/sys/fs/cgroup") if f"/handcode-{os.getpid()}-" in folder]
    assert not [folder for folder in left if not folder.endswith("-worker")]  # this process itself is in that one


def test_a_group_counts_anew_for_each_cell() -> None:
    groups = Groups()
    if groups.mode is not Mode.V1:
        pytest.skip("only groups of version 1 are used again")
    first = groups.take()
    assert first is not None
    groups.give_back(first)
    assert groups.take() is first
    groups.close()


OTHER = """
from judge.sandbox.cgroups import Groups
Groups().close()
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes a pid namespace that shows nobody else's processes")
def test_another_worker_that_cannot_see_us_leaves_our_groups_alone() -> None:
    groups = Groups()
    try:
        if groups.mode is Mode.NONE:
            pytest.skip("no control group can be written here")
        group = groups.take()
        assert group is not None
        elsewhere = ["unshare", "--pid", "--fork", "--mount-proc", sys.executable, "-c", OTHER]
        subprocess.run(elsewhere, check=True, cwd=Path(__file__).parents[2])
        assert group.exists(), "swept by somebody to whom our process number means nothing"
    finally:
        groups.close()


def test_a_group_of_nobody_is_swept_and_one_of_somebody_is_not(tmp_path: Path) -> None:
    left, owned = tmp_path / "handcode-1-0", cgroups._Owned(tmp_path / "handcode-1-1")
    left.mkdir()
    ours = cgroups._fresh(tmp_path)
    assert not left.exists(), "though a process with its number is running"
    assert owned.path.is_dir()
    for each in (owned, ours):
        each.leave()
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def unified(tmp_path: Path) -> Path:
    """The files of a group of version 2, as the kernel's documentation gives them: no such hierarchy is here."""
    folder = tmp_path / "cell-0"
    folder.mkdir()
    for name, text in {
        "cgroup.procs": "",
        "memory.max": "max\n",
        "memory.current": "1048576\n",
        "memory.peak": "3145728\n",
        "memory.swap.max": "max\n",
        "memory.events": "low 0\nhigh 0\nmax 4\noom 1\noom_kill 1\noom_group_kill 0\n",
        "pids.max": "max\n",
        "cpu.stat": "usage_usec 1500\nuser_usec 1000\nsystem_usec 500\n",
    }.items():
        (folder / name).write_text(text)
    return folder


def test_a_group_of_version_2_reads_and_writes_its_files(unified: Path) -> None:
    group = Group(unified, unified, unified, unified=True)
    group.set_processes(17)
    assert group.set_memory(2048) == 1048576
    group.join(4242)
    assert (unified / "pids.max").read_text().startswith("17")
    assert (unified / "memory.max").read_text().startswith("1050624")
    assert (unified / "memory.swap.max").read_text().startswith("0")
    assert (unified / "cgroup.procs").read_text() == "4242"
    assert group.usage() == cgroups.Usage(1_500_000, 3145728, kills=1, times_at_limit=4)
    assert not group.empty()


HIERARCHY = Path("/sys/fs/cgroup")
SERVICE = """
import os
from judge.sandbox.cgroups import Groups
groups = Groups()
group = groups.take()
bounded, bound = os.pipe()
child = os.fork()
if child == 0:
    os.read(bounded, 1)
    held = bytearray(b"x") * (64 << 20)
    os._exit(0)
group.set_processes(3)
group.join(child)
group.set_memory(16 << 20)
os.write(bound, b"x")
os.waitpid(child, 0)
used = group.usage()
print(groups.mode, used.kills, used.times_at_limit > 0, used.peak_bytes > 10 << 20, group.empty())
groups.close()
"""


@pytest.mark.skipif(
    not (HIERARCHY / "cgroup.controllers").exists()
    or "memory" not in (HIERARCHY / "cgroup.controllers").read_text()
    or os.geteuid() != 0,
    reason="needs root and a hierarchy of version 2 with controllers",
)
def test_a_service_of_several_processes_divides_the_group_delegated_to_it() -> None:
    service, user = HIERARCHY / "service.test", 61_234
    (HIERARCHY / "cgroup.subtree_control").write_text("+memory +pids")
    service.mkdir()
    for name in ("", "cgroup.procs", "cgroup.subtree_control", "cgroup.threads"):
        os.chown(service / name, user, user)

    def join() -> None:
        (service / "cgroup.procs").write_text(str(os.getpid()))
        os.setgid(user)
        os.setuid(user)

    try:
        done = subprocess.run(
            ["sh", "-c", '"$0" -c "$1"; exit $?', sys.executable, SERVICE],
            preexec_fn=join,
            capture_output=True,
            text=True,
            env={"PYTHONPATH": str(Path(__file__).parents[2])},
        )
        assert done.stdout.split() == ["cgroup", "v2", "1", "True", "True", "True"], done.stderr
    finally:
        for folder in [*service.glob("*/"), service]:
            folder.rmdir()

"""The worker's container has the rights it needs and no other: the judge runs, the walls hold, the rest is refused."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from container import ROOT, profile, seccomp_filter, worker

pytestmark = pytest.mark.usefixtures("jail")

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can stand in for a container engine")


def in_container(*command: str) -> subprocess.CompletedProcess[str]:
    namespaces = ["--mount", "--pid", "--fork", "--kill-child", "--ipc", "--uts", "--cgroup"]
    engine = [sys.executable, "-B", str(ROOT / "tests/judge/container.py")]
    return subprocess.run(
        ["unshare", "--propagation", "private", *namespaces, *engine, *command],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@as_root
def test_it_has_three_capabilities_and_gets_no_more() -> None:
    status = in_container("cat", "/proc/self/status").stdout
    assert "CapPrm:\t00000000000000e0" in status  # KILL is 5, SETGID 6, SETUID 7
    assert "CapBnd:\t00000000000000e0" in status
    assert "NoNewPrivs:\t1" in status
    assert "Seccomp:\t2" in status


@as_root
@pytest.mark.parametrize("attempt", ["touch /etc/x", "mount -t tmpfs tmpfs /tmp", "dmesg", "unshare --net true"])
def test_what_needs_more_rights_is_refused(attempt: str) -> None:
    assert in_container("sh", "-c", attempt).returncode != 0


@as_root
def test_the_judge_runs_in_it() -> None:
    solution = "judge/problems/batchnorm1d/submissions/accepted/einsum.py"
    finished = in_container(sys.executable, "-B", "-m", "judge", "run", "batchnorm1d", solution)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    assert "accepted" in finished.stdout


@as_root
def test_every_required_wall_holds_in_it() -> None:
    finished = in_container(sys.executable, "-B", "-m", "judge", "doctor")
    assert finished.returncode == 0, finished.stdout + finished.stderr


def allowed() -> set[str]:
    rules = profile(worker())["syscalls"]
    return {name for rule in rules if rule["action"] == "SCMP_ACT_ALLOW" for name in rule["names"]}


def test_its_system_calls_compile_to_a_filter() -> None:
    seccomp_filter(profile(worker()))


def test_its_system_calls_build_walls_and_open_none() -> None:
    assert {
        "clone",
        "mount",
        "pivot_root",
        "prctl",
        "seccomp",
        "sethostname",
        "setns",
        "umount2",
        "unshare",
    } <= allowed()
    assert not allowed() & {
        "ptrace", "process_vm_readv", "process_vm_writev", "pidfd_getfd", "keyctl", "add_key", "request_key", "bpf",
        "perf_event_open", "io_uring_setup", "userfaultfd", "open_by_handle_at", "init_module", "finit_module",
        "kexec_load", "reboot", "swapon", "clock_settime", "settimeofday", "iopl", "ioperm", "acct",
    }  # fmt: skip


def test_programs_of_other_word_sizes_are_refused() -> None:
    assert all(entry["subArchitectures"] == [] for entry in profile(worker())["archMap"])

"""Stands in for a container engine: gives a command the rights and the view that the compose file gives the worker.

``python container.py COMMAND…`` as root, in fresh mount, pid, ipc, uts and cgroup namespaces. What it copies of an
engine: capabilities, the seccomp profile, no new privileges, a read-only root with the service's tmpfs, and the masked
parts of ``/proc`` that forbid a fresh one inside. What it cannot: AppArmor, and the image.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyseccomp
import yaml

ROOT = Path(__file__).parent.parent.parent
STAGE = Path("/mnt")

_MASKED_FILES = ("kcore", "keys", "latency_stats", "sched_debug", "timer_list")
_MASKED_FOLDERS = ("acpi", "scsi")
_READ_ONLY = ("bus", "fs", "irq", "sys", "sysrq-trigger")
_EMPTY_IN_AN_IMAGE = ("/home", "/root", "/run")


def main() -> None:
    """Never returns: the process becomes the command."""
    service = worker()
    _mask_proc()
    _make_root(service["tmpfs"])
    os.chdir(ROOT)
    seccomp_filter(profile(service)).load()
    kept = ",".join(f"+{capability.lower()}" for capability in service["cap_add"])
    rights = [f"--bounding-set=-all,{kept}", "--inh-caps=-all", "--no-new-privs"]
    os.execvp("setpriv", ["setpriv", *rights, *sys.argv[1:]])  # noqa: S606 - no shell is meant


def worker() -> dict[str, Any]:
    """The worker's entry in the compose file."""
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))["services"]["worker"]
    return loaded


def profile(service: dict[str, Any]) -> dict[str, Any]:
    """The system calls that a service of the compose file may make."""
    [path] = [option.partition("=")[2] for option in service["security_opt"] if option.startswith("seccomp=")]
    loaded: dict[str, Any] = json.loads((ROOT / path).read_text("utf-8"))
    return loaded


def seccomp_filter(profile: dict[str, Any]) -> pyseccomp.SyscallFilter:
    """The filter an engine makes of a profile, for this machine's own word size."""
    built = pyseccomp.SyscallFilter(pyseccomp.ERRNO(profile["defaultErrnoRet"]))
    comparisons = {"SCMP_CMP_NE": pyseccomp.NE, "SCMP_CMP_EQ": pyseccomp.EQ}
    for rule in profile["syscalls"]:
        action = pyseccomp.ALLOW if rule["action"] == "SCMP_ACT_ALLOW" else pyseccomp.ERRNO(rule["errnoRet"])
        conditions = [
            pyseccomp.Arg(entry["index"], comparisons[entry["op"]], entry["value"]) for entry in rule.get("args", [])
        ]
        for name in rule["names"]:
            # An older libseccomp does not know the newest calls; nothing here needs them.
            if pyseccomp.resolve_syscall(pyseccomp.Arch.NATIVE, name) >= 0:
                built.add_rule(action, name, *conditions)
    return built


def _mount(*arguments: object) -> None:
    subprocess.run(["mount", *map(str, arguments)], check=True)


def _mask_proc() -> None:
    _mount("-t", "proc", "proc", "/proc")
    for path in (Path("/proc", name) for name in _MASKED_FILES):
        if path.exists():
            _mount("--bind", "/dev/null", path)
    for path in (Path("/proc", name) for name in _MASKED_FOLDERS):
        if path.exists():
            _mount("-t", "tmpfs", "-o", "ro", "tmpfs", path)
    for path in (Path("/proc", name) for name in _READ_ONLY):
        if path.exists():
            _mount("--bind", path, path)
            _mount("-o", "remount,bind,ro", path)


def _make_root(tmpfs: list[str]) -> None:
    """A root of its own, since a process under a mere chroot may not make namespaces; read-only, with what runs bound
    in where an image has nothing."""
    _mount("-t", "tmpfs", "tmpfs", STAGE)
    root, old = STAGE / "root", STAGE / "root/mnt"
    root.mkdir()
    _mount("--rbind", "/", root)
    _mount("-t", "tmpfs", "tmpfs", old)
    subprocess.run(["pivot_root", root, old], check=True)
    os.chdir("/")
    for path in _EMPTY_IN_AN_IMAGE:
        _mount("-t", "tmpfs", "-o", "mode=755", "tmpfs", path)
    for path, _, options in (entry.partition(":") for entry in tmpfs):
        if Path(path).is_dir():
            _mount("-t", "tmpfs", "-o", options, "tmpfs", path)
    for path in sorted({ROOT, Path(sys.prefix), Path(sys.base_prefix)}):  # a folder before what lies in it
        if not path.exists():
            path.mkdir(parents=True)
            _mount("--rbind", f"{STAGE}{path}", path)
    subprocess.run(["umount", "--lazy", STAGE], check=True)
    _mount("-o", "remount,bind,ro", "/sys")
    _mount("-o", "remount,bind,ro", "/")


if __name__ == "__main__":
    main()

"""Small facts about processes of this machine: who is alive, and who dies with whom."""

from __future__ import annotations

import ctypes
import functools
import os
import signal
from pathlib import Path

_PR_SET_PDEATHSIG = 1


def is_alive(pid: int) -> bool:
    """Whether a process of that number runs here, ours or another user's."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def is_gone(host: str, pid: int) -> bool:
    """Whether a process that said this of itself has ended, as far as can be told from here: its namespace is ours, and
    nobody has its number."""
    return host == pid_namespace() and not is_alive(pid)


@functools.cache
def pid_namespace() -> str:
    """Where a process number means something: this boot of this kernel, and this container. A host name will not do:
    containers and cloned machines share theirs."""
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return f"{boot}/{Path('/proc/self/ns/pid').stat().st_ino}"


def die_with_parent(parent: int) -> None:
    """The kernel sends this process SIGTERM when ``parent`` is gone, however it went."""
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:  # it went before we asked
        os.kill(os.getpid(), signal.SIGTERM)

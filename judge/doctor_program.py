"""What the doctor runs inside a cell, sent there as a candidate's file: each function tries to break one wall.

A function returns what it could do, or nothing when the wall held. System calls are made by number, so that no wrapper
of Python or libc stands before the wall.
"""

from __future__ import annotations

import ctypes
import errno
import json
import os

libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long

HARMLESS_ERRORS = (errno.EPERM, errno.ENOSYS, errno.EACCES)


def succeeds(number: int, *arguments: object) -> bool:
    """Whether the call gets past the filter; an error of its own, such as EINVAL, means that it did."""
    values = [ctypes.c_long(a) if isinstance(a, int) else a for a in arguments]
    return libc.syscall(ctypes.c_long(number), *values) >= 0 or ctypes.get_errno() not in HARMLESS_ERRORS


def network() -> str | None:
    families = [2, 10, 16, 17, 40]  # IPv4, IPv6, netlink, packet, vsock
    for family in families if DEVICE == "cuda" else [1, *families]:  # unix, of which the driver makes one
        for kind in (1, 2, 3):
            if succeeds(41, family, kind, 0):
                return f"a socket of family {family} was made"
    return None


def namespaces() -> str | None:
    for flag in (0x10000000, 0x00020000, 0x20000000, 0x40000000, 0x08000000, 0x04000000, 0x02000000):
        if succeeds(272, flag):
            return f"unshare({flag:#x}) was allowed"
        if succeeds(56, flag | 17, 0, 0, 0, 0):
            return f"clone({flag:#x}) was allowed"
    if succeeds(56, 0x8011, 0, 0, 0, 0):
        return "a sibling, which is a child of the zygote, was allowed"
    return "clone3 was allowed" if succeeds(435, 0, 0) else None


def host_files() -> str | None:
    covered = [] if DEVICE == "cuda" else ["/sys", "/proc/1", "/proc/self"]  # the driver wants these
    for path in ["/etc/passwd", "/root", "/home", "/var", "/run", *covered, *HOST_PATHS]:
        if os.path.lexists(path):
            return f"{path} is visible"
    for path in ("/", "/box", "/box/code/judge/cell", "/dev", "/proc", "/usr/lib"):
        try:
            os.close(os.open(f"{path}/probe", os.O_CREAT | os.O_WRONLY))
        except OSError:
            continue
        return f"{path} can be written"
    return None


def other_processes() -> str | None:
    if os.getpid() != 2 or os.getppid() != 0:  # its parent, the zygote, is outside
        return f"this is process {os.getpid()} below {os.getppid()}, not 2 of its own namespace"
    threads = {entry.name for entry in os.scandir("/proc/self/task")} if DEVICE == "cuda" else ()  # the driver's
    for pid in range(3, 3000):
        if str(pid) not in threads and libc.kill(pid, 0) == 0:
            return f"process {pid} can be reached"
    return "process 1 can be traced" if succeeds(101, 16, 1, 0, 0) else None


def environment() -> str | None:
    if strange := {name: value for name, value in os.environ.items() if VARIABLES.get(name) != value}:
        return f"variables: {sorted(strange)}"
    for descriptor in range(4, 4096):
        try:
            os.fstat(descriptor)
        except OSError:
            continue
        if DEVICE == "cuda" and is_the_drivers(descriptor):
            continue
        return f"descriptor {descriptor} was inherited"
    return None if os.uname().nodename == "cell" else "the host's name is visible"


def is_the_drivers(descriptor: int) -> bool:
    """Whether the driver opened it in here: a socket from outside would be connected to a process unknown here."""
    name = os.readlink(f"/proc/self/fd/{descriptor}")  # noqa: PTH115
    if not name.startswith("socket:"):
        return name.startswith(("/dev/nvidia", "anon_inode:[event", "pipe:"))
    peer, size = (ctypes.c_int32 * 32)(), ctypes.c_uint32(128)
    if libc.getpeername(descriptor, peer, ctypes.byref(size)) != 0:
        return True
    size.value = 12
    return libc.getsockopt(descriptor, 1, 17, peer, ctypes.byref(size)) == 0 and peer[0] != 0  # SO_PEERCRED


def rights() -> str | None:
    header, data = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
    libc.capget(header, data)
    if any(data):
        return f"capabilities {list(data)}"
    if libc.prctl(39, 0, 0, 0, 0) != 1:
        return "new privileges can be gained"
    return root_of_something(os.getuid(), os.getgid(), os.getgroups())


def root_of_something(user: int, group: int, groups: list[int]) -> str | None:
    """Nobody but root may leave a group. An ordinary user's cell therefore keeps their own, and shows the others,
    which are not mapped into it, as the overflow group; they open nothing, since no file of the host is there."""
    kept = {group, OVERFLOW_GROUP} if KEEPS_GROUPS else set()
    return "root of something" if user == 0 or group == 0 or set(groups) - kept else None


def kernel_calls() -> str | None:
    calls = {
        "ptrace": 101, "process_vm_readv": 310, "pidfd_getfd": 438, "keyctl": 250, "bpf": 321, "perf_event_open": 298,
        "io_uring_setup": 425, "userfaultfd": 323, "mount": 165, "fsopen": 430, "open_by_handle_at": 304,
        "execve": 59, "execveat": 322, "memfd_create": 319, "shmget": 29, "setns": 308, "chroot": 161,
        "init_module": 175, "kexec_load": 246, "clock_settime": 227, "seccomp": 317, "number 999": 999,
    }  # fmt: skip
    for name, number in calls.items():
        if DEVICE == "cuda" and name == "memfd_create":
            continue
        if succeeds(number, 0, 0, 0, 0, 0):
            return f"{name} was allowed"
    return None


def landlock() -> str | None:
    try:
        os.close(os.open("/dev/random", os.O_WRONLY))  # every other wall would allow this one
    except PermissionError:
        return None
    return "a device outside the rules could be opened for writing"


def left_behind() -> str | None:
    found = os.listdir("/tmp")  # noqa: S108, PTH208 - the cell's own
    with open("/tmp/left", "w") as file:  # noqa: S108, PTH123
        file.write("for the next one")
    return f"the last cell left {found}" if found else None


HOST_PATHS: list[str] = []
VARIABLES: dict[str, str] = {}
KEEPS_GROUPS = False
OVERFLOW_GROUP = 65534
DEVICE = "cpu"
PROBES = (network, namespaces, host_files, other_processes, environment, rights, kernel_calls, landlock, left_behind)


def main() -> None:
    """Tries every wall and prints one JSON object: name of the probe to what it could do, or null."""
    found: dict[str, str | None] = {}
    for probe in PROBES:
        try:
            found[probe.__name__] = probe()
        except Exception as error:  # a probe that stumbles has not shown that its wall holds
            found[probe.__name__] = f"the probe stumbled: {error!r}"
    print(json.dumps(found))

"""The last wall of a cell: which system calls it may make, as a table, and the BPF program made from it.

Assembled here and not by libseccomp: a cell sees only the standard library and torch, and so the program, a test and
a reader go by the same table. A number the table lacks answers ENOSYS, so a newer kernel's calls stay shut.
"""

from __future__ import annotations

import errno
import platform
import struct
from dataclasses import dataclass
from enum import StrEnum

from judge.cell.syscalls import HIGHEST, NAMES, NUMBERS


class Answer(StrEnum):
    """What the filter does with a call."""

    ALLOW = "allow"
    REFUSE = "refuse"  # EPERM
    UNKNOWN = "unknown"  # ENOSYS: as if the kernel had no such call
    BY_ARGUMENT = "by_argument"


REFUSED: dict[str, str] = {
    "run another program": "execve execveat uselib",
    "network": "socket socketpair connect accept accept4 bind listen sendto recvfrom sendmsg recvmsg sendmmsg recvmmsg "
    "shutdown getsockname getpeername setsockopt getsockopt",
    "namespaces and mounts": "unshare setns mount umount2 pivot_root chroot open_tree move_mount fsopen fsconfig "
    "fsmount fspick mount_setattr sethostname setdomainname",
    "other processes": "ptrace process_vm_readv process_vm_writev process_madvise process_mrelease kcmp pidfd_open "
    "pidfd_getfd pidfd_send_signal",
    "parts of the kernel with a history": "bpf perf_event_open userfaultfd io_uring_setup io_uring_enter "
    "io_uring_register io_setup io_destroy io_getevents io_submit io_cancel io_pgetevents keyctl add_key request_key "
    "modify_ldt splice tee vmsplice remap_file_pages seccomp landlock_create_ruleset landlock_add_rule "
    "landlock_restrict_self",
    "memory outside the account": "memfd_create memfd_secret shmget shmat shmctl shmdt semget semop semctl semtimedop "
    "msgget msgsnd msgrcv msgctl mq_open mq_unlink mq_timedsend mq_timedreceive mq_notify mq_getsetattr mlock mlock2 "
    "mlockall munlock munlockall setxattr lsetxattr fsetxattr removexattr lremovexattr fremovexattr",
    "placement of memory": "mbind set_mempolicy get_mempolicy set_mempolicy_home_node migrate_pages move_pages mincore",
    "files past their path": "name_to_handle_at open_by_handle_at lookup_dcookie",
    "watching files": "inotify_init inotify_init1 inotify_add_watch inotify_rm_watch fanotify_init fanotify_mark",
    "the machine": "reboot kexec_load kexec_file_load init_module finit_module delete_module swapon swapoff acct iopl "
    "ioperm syslog vhangup quotactl quotactl_fd sync syncfs personality",
    "clocks": "settimeofday clock_settime adjtimex clock_adjtime",
    "identity": "setuid setgid setreuid setregid setresuid setresgid setgroups setfsuid setfsgid capset",
    "priority": "sched_setscheduler sched_setparam sched_setattr ioprio_set",
    "gone or never there": "create_module get_kernel_syms query_module nfsservctl getpmsg putpmsg afs_syscall tuxcall "
    "security vserver _sysctl sysfs ustat epoll_ctl_old epoll_wait_old set_thread_area get_thread_area",
}
"""Why, and which. A call named here is refused whatever its arguments."""

UNKNOWN = frozenset({"clone3"})
"""``clone3`` hides its flags behind a pointer; glibc takes ENOSYS as "use clone", whose flags a filter can read."""

_NAMESPACE_FLAGS = 0x7E020000
_CLONE_PARENT = 0x8000
"""A process made with it would be the zygote's child, as the candidate's own is: no watch over the candidate's family
would find it."""
_HARMLESS_PRCTL = (1, 2, 3, 15, 16, 21, 23, 29, 30, 39)
"""Parent-death signal, names, timer slack and questions; everything that changes what a process may do is left out."""
_HARMLESS_IOCTL = (0x5401, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451)
"""Is it a terminal, its size, bytes waiting, non-blocking, close on exec."""
_GROWING_FCNTL = (1024, 1026, 1031)
"""Leases, directory notes, larger pipes: kernel memory that no limit of ours counts."""

_CUDA_NEEDS = frozenset(
    {"memfd_create", "connect", "bind", "listen", "accept4", "shutdown", "getsockname"}
    | {"getpeername", "getsockopt", "setsockopt", "sendmsg", "recvmsg", "sendto", "recvfrom"}
    | {"mbind", "get_mempolicy", "set_mempolicy", "mlock", "munlock"}
)
"""The driver makes an abstract socket and memory files; the network namespace still has no interface, but a family such
as vsock, which reaches a virtual machine's host, knows nothing of namespaces: sockets are of family unix alone."""

_REFUSED_NUMBERS = frozenset(NUMBERS[name] for names in REFUSED.values() for name in names.split())


def answer(number: int, device: str = "cpu") -> Answer:
    """What the filter says to a system call number of x86-64."""
    name = NAMES.get(number)
    if name is None or name in UNKNOWN:
        return Answer.UNKNOWN
    if device == "cuda" and name in _CUDA_NEEDS | {"ioctl"}:
        return Answer.ALLOW
    if name in _rules(device):
        return Answer.BY_ARGUMENT
    return Answer.REFUSE if number in _REFUSED_NUMBERS else Answer.ALLOW


@dataclass(frozen=True)
class _Rule:
    """One argument of one call: refused (or allowed only) when its low word is one of ``values`` or has ``bits``."""

    argument: int
    values: tuple[int, ...] = ()
    bits: int = 0
    allowed_when_matching: bool = False


_BY_ARGUMENT = {
    "clone": _Rule(0, bits=_NAMESPACE_FLAGS | _CLONE_PARENT),
    "prctl": _Rule(0, values=_HARMLESS_PRCTL, allowed_when_matching=True),
    "ioctl": _Rule(1, values=_HARMLESS_IOCTL, allowed_when_matching=True),
    "fcntl": _Rule(1, values=_GROWING_FCNTL),
    "prlimit64": _Rule(0, values=(0,), allowed_when_matching=True),  # itself; init has the same user
}

_AF_UNIX = 1
_CUDA_BY_ARGUMENT = {
    "socket": _Rule(0, values=(_AF_UNIX,), allowed_when_matching=True),
    "socketpair": _Rule(0, values=(_AF_UNIX,), allowed_when_matching=True),
}


def _rules(device: str) -> dict[str, _Rule]:
    return _BY_ARGUMENT | _CUDA_BY_ARGUMENT if device == "cuda" else _BY_ARGUMENT


_AUDIT_ARCH_X86_64 = 0xC000003E
_KILL, _ERRNO, _ALLOW = 0x80000000, 0x00050000, 0x7FFF0000
_LOAD, _RETURN, _EQUAL, _GREATER, _ANY_BITS = 0x20, 0x06, 0x15, 0x25, 0x45
_NUMBER_AT, _ARCH_AT, _ARGUMENTS_AT = 0, 4, 16

_RESULT = {
    Answer.ALLOW: _ALLOW,
    Answer.REFUSE: _ERRNO | errno.EPERM,
    Answer.UNKNOWN: _ERRNO | errno.ENOSYS,
}


def program(device: str = "cpu") -> bytes:
    """The filter for this machine; raises ``OSError`` where no table is known for its processor."""
    if platform.machine() != "x86_64":
        raise OSError(errno.ENOSYS, f"no system call table for {platform.machine()} processors, only for x86_64")
    code = [
        _step(_LOAD, _ARCH_AT),
        _step(_EQUAL, _AUDIT_ARCH_X86_64, 1, 0),
        _step(_RETURN, _KILL),  # the i386 table has other numbers: none of this holds there
        _step(_LOAD, _NUMBER_AT),
    ]
    for name, rule in _rules(device).items():
        if answer(NUMBERS[name], device) is Answer.BY_ARGUMENT:
            block = _argument_block(rule)
            code += [_step(_EQUAL, NUMBERS[name], 0, len(block)), *block]
    for last, result in _spans(device):
        code += [_step(_GREATER, last, 1, 0), _step(_RETURN, _RESULT[result])]
    code.append(_step(_RETURN, _RESULT[Answer.UNKNOWN]))
    return b"".join(code)


def _spans(device: str) -> list[tuple[int, Answer]]:
    """Neighbouring numbers with one answer: ``(last number, answer)`` from 0 to the highest the table knows."""
    spans: list[tuple[int, Answer]] = []
    for number in range(HIGHEST + 1):
        found = answer(number, device)
        if spans and (spans[-1][1] is found or found is Answer.BY_ARGUMENT):
            spans[-1] = (number, spans[-1][1])  # one decided by its argument never gets here
        else:
            spans.append((number, found if found is not Answer.BY_ARGUMENT else Answer.REFUSE))
    return spans


def _argument_block(rule: _Rule) -> list[bytes]:
    """Loads the argument and returns; no path leaves the block."""
    matching = _ALLOW if rule.allowed_when_matching else _ERRNO | errno.EPERM
    otherwise = _ERRNO | errno.EPERM if rule.allowed_when_matching else _ALLOW
    tests = [(_EQUAL, value) for value in rule.values] + ([(_ANY_BITS, rule.bits)] if rule.bits else [])
    jumps = [_step(kind, value, len(tests) - place, 0) for place, (kind, value) in enumerate(tests)]
    return [
        _step(_LOAD, _ARGUMENTS_AT + 8 * rule.argument),
        *jumps,
        _step(_RETURN, otherwise),
        _step(_RETURN, matching),
    ]


def _step(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("<HBBI", code, if_true, if_false, value)

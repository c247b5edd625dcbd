"""The few kernel calls a jail needs and Python lacks, each raising ``OSError`` when the kernel refuses."""

from __future__ import annotations

import array
import ctypes
import os
import struct
from collections.abc import Iterable, Iterator
from typing import NamedTuple

CLONE_NEWNS = 0x00020000
CLONE_NEWCGROUP = 0x02000000
CLONE_NEWUTS = 0x04000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000

MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC = 1, 2, 4, 8
MS_BIND, MS_REC, MS_PRIVATE = 0x1000, 0x4000, 0x40000

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_SET_SECCOMP = 22
PR_CAPBSET_READ = 23
PR_CAPBSET_DROP = 24
PR_SET_NO_NEW_PRIVS = 38
PR_CAP_AMBIENT = 47
PR_SET_PTRACER = 0x59616D61
ANY_PTRACER = 2**64 - 1
PR_CAP_AMBIENT_CLEAR_ALL = 4

PAGE = 4096
PRESENT, SWAPPED, OF_A_FILE, NOT_SHARED = 1 << 63, 1 << 62, 1 << 61, 1 << 56
"""Bits of an entry in ``/proc/PID/pagemap``, 8 bytes for each page."""

_CAPABILITY_VERSION_3 = 0x20080522
_MADV_POPULATE_WRITE = 23
_MADV_COLLAPSE = 25
_PROCESS_MADVISE = ctypes.c_long(440)
_PIDFD_SELF = ctypes.c_int(-10000)
RANGE = struct.Struct("=QQ")  # struct iovec
MOST_RANGES = 1024

_libc = ctypes.CDLL(None, use_errno=True)
_libc.mount.argtypes = [ctypes.c_char_p, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_ulong, ctypes.c_char_p]
_libc.prctl.argtypes = [ctypes.c_int] + [ctypes.c_ulong] * 4
_libc.madvise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
_libc.syscall.restype = ctypes.c_long
# Not only for their types: a call that is first named in a fork is looked up there, in every cell anew.
_libc.close_range.argtypes = [ctypes.c_uint, ctypes.c_uint, ctypes.c_int]
_libc.unshare.argtypes = [ctypes.c_int]
_libc.setns.argtypes = [ctypes.c_int, ctypes.c_int]
_libc.sethostname.argtypes = [ctypes.c_char_p, ctypes.c_size_t]
_libc.capset.argtypes = [ctypes.c_char_p, ctypes.c_char_p]


def _checked(result: int, what: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result


def unshare(flags: int) -> None:
    """New namespaces for this process (a new pid namespace: for its next child)."""
    _checked(_libc.unshare(flags), "unshare")


def setns(descriptor: int) -> None:
    """Enters the namespace of an open ``/proc/PID/ns`` file (a pid namespace: for this process's next child)."""
    _checked(_libc.setns(descriptor, 0), "setns")


def mount(source: str | None, target: str, kind: str | None, flags: int, options: str = "") -> None:
    """mount(2)."""
    encoded = [None if text is None else text.encode() for text in (source, target, kind)]
    _checked(_libc.mount(*encoded, flags, options.encode()), f"mount {target}")


def prctl(option: int, value: int = 0, third: int = 0) -> None:
    """prctl(2) with up to three arguments."""
    _checked(_libc.prctl(option, value, third, 0, 0), f"prctl {option}")


def sethostname(name: str) -> None:
    """The host name of this UTS namespace."""
    encoded = name.encode()
    _checked(_libc.sethostname(encoded, len(encoded)), "sethostname")


def close_descriptors_from(first: int) -> None:
    """Closes every descriptor from ``first`` on; PEP 446 alone would leave them open over a fork."""
    _checked(_libc.close_range(first, 0xFFFFFFFF, 0), "close_range")


def drop_capabilities(last: int) -> None:
    """No capability left in any set, and none that could come back; ``last`` is the highest there is."""
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL)
    for capability in range(last + 1):  # forty of them: a call of prctl() for each takes twice as long
        if _libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) < 0:
            _checked(-1, f"prctl {PR_CAPBSET_DROP}")
    header = struct.pack("<Ii", _CAPABILITY_VERSION_3, 0)
    _checked(_libc.capset(header, bytes(24)), "capset")


def last_capability() -> int:
    """The highest capability this kernel knows: PR_CAPBSET_READ refuses the one after it."""
    last = 0
    while _libc.prctl(PR_CAPBSET_READ, last + 1, 0, 0, 0) >= 0:
        last += 1
    return last


def install_seccomp(program: bytes) -> None:
    """Installs a BPF program (8 bytes an instruction) as this thread's filter; needs NO_NEW_PRIVS."""
    code = array.array("B", program)
    holder = array.array("B", struct.pack("<H6xQ", len(program) // 8, code.buffer_info()[0]))
    prctl(PR_SET_SECCOMP, 2, holder.buffer_info()[0])


def raw_syscall(number: int, *arguments: int | bytes | None) -> int:
    """A system call by number; raises ``OSError``."""
    values = [ctypes.c_long(a) if isinstance(a, int) else ctypes.c_char_p(a) for a in arguments]
    return _checked(_libc.syscall(ctypes.c_long(number), *values), f"syscall {number}")


class Mapping(NamedTuple):
    """A line of ``/proc/PID/maps``: first and end address, rights such as ``rw-p``, what is mapped there."""

    start: int
    end: int
    rights: str
    name: str


def own_proc() -> str:
    """This process's folder below ``/proc``, for others too: of a container's own it has another number than here."""
    return f"/proc/{os.readlink('/proc/self')}"  # noqa: PTH115 - no pathlib: its import would cost every cell memory


def private_mappings(proc: str = "/proc/self") -> Iterator[Mapping]:
    """Every readable mapping that a fork of a process has of its own; ``proc`` is its folder below ``/proc``."""
    with open(f"{proc}/maps") as maps:  # noqa: PTH123 - no pathlib: its import would cost every cell memory
        lines = maps.readlines()
    for line in lines:
        addresses, rights, _, _, _, *name = line.split(maxsplit=5)
        if rights.startswith("r") and rights.endswith("p") and "[v" not in line:  # vvar, vdso, vsyscall: the kernel's
            start, end = (int(part, 16) for part in addresses.split("-"))
            yield Mapping(start, end, rights, name[0].rstrip() if name else "")


def page_entries(pagemap: int, mapping: Mapping) -> array.array[int]:
    """What ``/proc/PID/pagemap``, an open descriptor, says of each page of a mapping."""
    size = (mapping.end - mapping.start) // PAGE * 8
    return array.array("Q", os.pread(pagemap, size, mapping.start // PAGE * 8))


def runs(pages: Iterable[int]) -> list[tuple[int, int]]:
    """Pages, given by their addresses in order, as first address and length of those that lie together."""
    found: list[tuple[int, int]] = []
    for page in pages:
        start, size = found.pop() if found and sum(found[-1]) == page else (page, 0)
        found.append((start, size + PAGE))
    return found


def use_huge_pages() -> None:
    """Gathers this process's private writable memory into huge pages, where the kernel can.

    A fork then copies one entry for 2 MiB instead of 512: measured 6.5 ms a fork before, 2.5 ms after. What cannot
    be gathered stays as it is, so refusals are not errors.
    """
    size = 2 * 1024 * 1024
    for mapping in private_mappings():
        if "w" in mapping.rights:
            for address in range(-(-mapping.start // size) * size, mapping.end - size + 1, size):
                _libc.madvise(address, size, _MADV_COLLAPSE)


def populate(ranges: bytes, size: int) -> None:
    """Has the kernel map pages now, as writing each of them would; what it refuses stays as it is.

    ``ranges`` are at most ``MOST_RANGES`` such as ``RANGE``: first address and length of each, ``size`` bytes in all.
    Linux 6.14 takes them in one call and stops at the first it refuses; otherwise each is a call of its own.
    """
    count = len(ranges) // RANGE.size
    if _libc.syscall(_PROCESS_MADVISE, _PIDFD_SELF, ranges, count, _MADV_POPULATE_WRITE, 0) != size:
        for address, length in RANGE.iter_unpack(ranges):
            _libc.madvise(address, length, _MADV_POPULATE_WRITE)

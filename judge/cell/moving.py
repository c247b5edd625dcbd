"""Moves the zygote's memory onto a file in memory, so that a fork neither copies its page tables nor takes them down.

A fork has tables of all 187 MB of its parent's own memory, used or not. Of a file's pages it has nothing until it
touches one; what it writes is its own, as before. Nobody can write to the file once it is in place. Where the kernel
has huge pages for it, those around a touched one are mapped along as one piece.

Measured with torch 2.13 and 197 MiB moved: a waiting cell maps 24 MB rather than 196, with 376 KB of page tables rather
than 508. It is written for x86-64; elsewhere, where the kernel forbids it and where the setting
``HANDCODE_MOVE_MEMORY`` is off, the zygote forks as it is.

A process cannot exchange the memory it runs in. A child of it does that: it stops its parent, copies what is there
and has the stopped parent map the copy in place of the original, as a debugger would.
"""

from __future__ import annotations

import array
import ctypes
import fcntl
import os
import signal
import struct
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

from judge.cell import kernel

_NAME = "zygote"
MAPPED_AS = (f"/{_NAME}", f"/memfd:{_NAME}")
"""What mappings of the file are called in ``/proc/PID/maps``, with ``(deleted)`` behind it."""

_THERE = kernel.PRESENT | kernel.SWAPPED
_HUGE = 1 << 21
_COPIED_AT_ONCE = _HUGE  # what a write does not fill of a huge page, the kernel fills with zeros first
_LOOKS_AT_THREADS = 50

_GETREGS, _SETREGS, _SINGLESTEP, _DETACH, _SEIZE, _INTERRUPT = 12, 13, 9, 17, 0x4206, 0x4207
_WALL = 0x40000000
_ARCHITECTURE = "x86_64"
_REGISTERS = struct.Struct("27Q")  # struct user_regs_struct of x86-64
_RAX, _ORIG_RAX, _RIP = 10, 15, 16
_ARGUMENTS = (14, 13, 12, 7, 9, 8)  # rdi, rsi, rdx, r10, r8, r9
_SYSCALL = b"\x0f\x05"
_MMAP = 9
_MAP_PRIVATE, _MAP_FIXED = 0x02, 0x10
_F_ADD_SEALS, _EVERY_SEAL = 1033, 0x01 | 0x02 | 0x04 | 0x08
_FSOPEN, _FSCONFIG, _FSMOUNT, _MOUNT_SETATTR = 430, 431, 432, 442
_CLOEXEC, _SET_STRING, _CREATE = 1, 1, 6
_READ_ONLY, _NO_SUID_DEVICE_OR_EXECUTION, _EMPTY_PATH = 1, 2 | 4 | 8, 0x1000

_libc = ctypes.CDLL(None, use_errno=True)
_libc.ptrace.restype = ctypes.c_long
_libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]


def move() -> int:
    """Moves this process's private memory and returns how many bytes; 0 where the kernel lets no child trace it, and on
    another architecture, whose registers and calls have other names and numbers.

    Nothing is moved while there is another thread. OpenBLAS ends its own at a fork, and this begins with one. The
    stack stays where it is.
    """
    if os.uname().machine != _ARCHITECTURE:
        return 0
    try:
        file: _File = _HugeFile()
    except OSError:
        file = _File()
    proc = kernel.own_proc()
    read, write = os.pipe()
    with suppress(OSError):  # a kernel without Yama has no such thing, and needs none
        kernel.prctl(kernel.PR_SET_PTRACER, kernel.ANY_PTRACER)
    tracer = os.fork()
    if tracer == 0:
        try:
            os.close(read)
            for moved in _moved(os.getppid(), proc, file):
                os.write(write, moved.to_bytes(8, "little"))
        finally:
            os._exit(0)  # without a word: not to be allowed this is no error
    os.close(write)
    moved = 0
    while piece := os.read(read, 8):
        moved += int.from_bytes(piece, "little")
    os.waitpid(tracer, 0)
    with suppress(OSError):
        kernel.prctl(kernel.PR_SET_PTRACER, 0)
    os.close(read)
    file.seal()
    return moved


class _File:
    """A file in memory without a name, open for writing and, where it is to be mapped, for reading."""

    def __init__(self) -> None:
        self.writable = os.memfd_create(_NAME, os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        self.readable = os.dup(self.writable)

    def seal(self) -> None:
        """Nobody can write to it from here on; what is mapped stays."""
        fcntl.fcntl(self.writable, _F_ADD_SEALS, _EVERY_SEAL)
        os.close(self.writable)
        os.close(self.readable)


class _HugeFile(_File):
    """One in huge pages, as long as the machine has some: in a file system of its own, mounted nowhere.

    Raises ``OSError`` where this process may not have one.
    """

    def __init__(self) -> None:
        system = kernel.raw_syscall(_FSOPEN, b"tmpfs", _CLOEXEC)
        try:
            kernel.raw_syscall(_FSCONFIG, system, _SET_STRING, b"huge", b"always", 0)
            kernel.raw_syscall(_FSCONFIG, system, _CREATE, None, None, 0)
            self._mount = kernel.raw_syscall(_FSMOUNT, system, _CLOEXEC, _NO_SUID_DEVICE_OR_EXECUTION)
        finally:
            os.close(system)
        try:
            self._set(0)  # whether that can be done at all
            self.writable = os.open(_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600, dir_fd=self._mount)
        except OSError:
            os.close(self._mount)
            raise
        self.readable = os.open(_NAME, os.O_RDONLY | os.O_CLOEXEC, dir_fd=self._mount)
        os.unlink(_NAME, dir_fd=self._mount)

    def seal(self) -> None:
        os.close(self.writable)
        self._set(_READ_ONLY)
        os.close(self._mount)
        os.close(self.readable)

    def _set(self, attributes: int) -> None:
        packed = struct.pack("<4Q", attributes, 0, 0, 0)
        kernel.raw_syscall(_MOUNT_SETATTR, self._mount, b"", _EMPTY_PATH, packed, len(packed))


def _moved(process: int, proc: str, file: _File) -> Iterator[int]:
    """Moves one mapping after the other; yields the size of each."""
    if not _has_one_thread(proc):
        return  # another, which runs on, would write to what is being copied
    end = 0
    with _stopped(process) as stopped:
        memory, pagemap = (os.open(f"{proc}/{name}", os.O_RDONLY) for name in ("mem", "pagemap"))
        for mapping in list(kernel.private_mappings(proc)):
            if "x" in mapping.rights or mapping.name == "[stack]":
                continue
            runs = _runs(mapping, kernel.page_entries(pagemap, mapping))
            if not runs:
                continue
            size = mapping.end - mapping.start
            if size >= _HUGE:
                end += -end % _HUGE
            os.ftruncate(file.writable, end + size)
            for start, length in runs:
                for at in range(start, start + length, _COPIED_AT_ONCE):
                    wanted = min(start + length - at, _COPIED_AT_ONCE)
                    if os.pwrite(file.writable, os.pread(memory, wanted, at), end + at - mapping.start) < wanted:
                        raise OSError("a piece of memory could not be copied whole")
            protection = sum(bit for bit, right in ((1, "r"), (2, "w")) if right in mapping.rights)
            stopped.call(_MMAP, mapping.start, size, protection, _MAP_PRIVATE | _MAP_FIXED, file.readable, end)
            end += size
            yield size


def _has_one_thread(proc: str) -> bool:
    """Whether there is but one, in the end: one that was joined is on the list for a moment longer."""
    for _ in range(_LOOKS_AT_THREADS):
        if len(os.listdir(f"{proc}/task")) == 1:  # noqa: PTH208 - no pathlib: its import would cost every cell memory
            return True
        time.sleep(0.01)
    return False


def _runs(mapping: kernel.Mapping, entries: array.array[int]) -> list[tuple[int, int]]:
    """What of a mapping must be copied, as first addresses and lengths; nothing of one that has no pages of its own.

    Of a mapped library everything is, since pages that were never touched come from its own file.
    """
    if not any(entry & _THERE and not entry & kernel.OF_A_FILE for entry in entries):
        return []
    if mapping.name.startswith("/"):
        return [(mapping.start, mapping.end - mapping.start)]
    pages = range(mapping.start, mapping.end, kernel.PAGE)
    return kernel.runs(page for page, entry in zip(pages, entries, strict=True) if entry & _THERE)


class _Stopped:
    """A traced process that stands still inside a system call."""

    def __init__(self, process: int, registers: tuple[int, ...]) -> None:
        self._process, self._registers = process, registers

    def call(self, number: int, *arguments: int) -> None:
        """Has the process make a system call; raises ``OSError``."""
        registers = list(self._registers)
        registers[_RIP] -= len(_SYSCALL)  # once more the instruction that brought it there
        registers[_RAX], registers[_ORIG_RAX] = number, 2**64 - 1  # the call it was stopped in is begun anew later
        for place, argument in zip(_ARGUMENTS, arguments, strict=False):
            registers[place] = argument
        _write_registers(self._process, registers)
        _ptrace(_SINGLESTEP, self._process)
        _await_trap(self._process)
        result = ctypes.c_long(_read_registers(self._process)[_RAX]).value
        if -4096 < result < 0:
            raise OSError(-result, os.strerror(-result))


@contextmanager
def _stopped(process: int) -> Iterator[_Stopped]:
    """Stops a process that waits in a system call, and lets it go on as if nothing had been."""
    _ptrace(_SEIZE, process)
    try:
        _ptrace(_INTERRUPT, process)
        _await_trap(process)
        registers = _read_registers(process)
        try:
            yield _Stopped(process, registers)
        finally:
            _write_registers(process, registers)
    finally:
        _ptrace(_DETACH, process)


def _await_trap(process: int) -> None:
    _, status = os.waitpid(process, _WALL)
    if not os.WIFSTOPPED(status) or os.WSTOPSIG(status) != signal.SIGTRAP:
        raise OSError("the process did not stop where it was told to")


def _ptrace(request: int, process: int, data: ctypes.Array[ctypes.c_char] | None = None) -> None:
    if _libc.ptrace(request, process, None, data) < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"ptrace {request}: {os.strerror(number)}")


def _read_registers(process: int) -> tuple[int, ...]:
    buffer = ctypes.create_string_buffer(_REGISTERS.size)
    _ptrace(_GETREGS, process, buffer)
    return _REGISTERS.unpack(buffer.raw)


def _write_registers(process: int, registers: Sequence[int]) -> None:
    _ptrace(_SETREGS, process, ctypes.create_string_buffer(_REGISTERS.pack(*registers), _REGISTERS.size))

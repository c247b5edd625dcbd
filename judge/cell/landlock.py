"""Landlock for a cell: read the box, write only to ``/tmp`` and the devices, no TCP, nothing sent outward."""

from __future__ import annotations

import os
import struct

from judge.cell.kernel import raw_syscall

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_VERSION = 1
_PATH_BENEATH = 1

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1, 2, 4, 8
_ALL_BY_ABI = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 4: (1 << 15) - 1, 5: (1 << 16) - 1}
_NET = 0b11  # bind and connect TCP, from ABI 4
_SCOPED = 0b11  # abstract sockets and signals, from ABI 6
_MAKE_DEVICES = (1 << 6) | (1 << 11)  # character and block devices


def abi() -> int:
    """The Landlock version of this kernel; 0 where there is none."""
    try:
        return raw_syscall(_CREATE_RULESET, None, 0, _VERSION)
    except OSError:
        return 0


def restrict(version: int, devices: tuple[str, ...]) -> None:
    """Confines this process and its children; needs NO_NEW_PRIVS. ``devices`` may be read and written."""
    everything = _ALL_BY_ABI[min(version, 5)]
    attributes = struct.pack("<Q", everything)
    if version >= 4:
        attributes += struct.pack("<Q", _NET)
    if version >= 6:
        attributes += struct.pack("<Q", _SCOPED)
    ruleset = raw_syscall(_CREATE_RULESET, attributes, len(attributes), 0)
    _allow(ruleset, "/", _READ_FILE | _READ_DIR)
    _allow(ruleset, "/tmp", everything & ~(_EXECUTE | _MAKE_DEVICES))  # noqa: S108 - the cell's own tmpfs
    for device in devices:
        on_files = _READ_FILE | _WRITE_FILE | (1 << 14 if version >= 3 else 0) | (1 << 15 if version >= 5 else 0)
        _allow(ruleset, device, on_files)
    raw_syscall(_RESTRICT_SELF, ruleset, 0)
    os.close(ruleset)


def _allow(ruleset: int, path: str, rights: int) -> None:
    opened = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        raw_syscall(_ADD_RULE, ruleset, _PATH_BENEATH, struct.pack("<Qi", rights, opened), 0)
    finally:
        os.close(opened)

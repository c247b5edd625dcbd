"""What the trusted side and a cell say to each other over the gate, a socket closed before a candidate's code runs."""

from __future__ import annotations

import struct

HELLO = b"hello"
"""Init, and later the candidate's process, once it may be put into the cell's control group."""
JOINED = b"joined"
"""The trusted side: it has been."""
ROOM_BUILT = b"room"
"""Init, with descriptors: a pidfd of itself, the cell's ``/tmp``, and its ``NAMESPACES``."""
INIT = b"init"
"""Init: it has given up every right."""
READY = b"ready"
"""The candidate's process: every wall is up, it waits for its limits."""
LIMITS = b"limits"
"""The trusted side, with ``LIMITS_TAIL``: go."""
EXIT = b"exit"
"""The zygote, with ``EXIT_TAIL``: the candidate's process ended."""
FAULT = b"fault"
"""Any of them, with a sentence: a wall could not be put up."""

LIMITS_TAIL = struct.Struct("<5Q")
"""CPU seconds, bytes a file may have, processes with init, open files, bytes of address space (0: no bound)."""
EXIT_TAIL = struct.Struct("<iQ")
"""Wait status, CPU microseconds."""

NAMESPACES = ("user", "mnt", "ipc", "uts", "net", "cgroup", "pid")
"""Their files below ``/proc/PID/ns``, in the order in which they are entered; the last is the zygote's business."""

ROOM = struct.Struct("<IQQ")
"""To the mason, with the gate: user in the box, bytes and files of ``/tmp``."""
SPAWN = struct.Struct("<I")
"""To the zygote, with gate, channel, stdout, stderr and ``NAMESPACES``: user in the box."""
SPAWN_DESCRIPTORS = 4 + len(NAMESPACES)
ZYGOTE_READY = struct.Struct("<5sB?Q")
"""From the zygote, once: ``b"ready"``, the Landlock version (0: none), whether nested namespaces are counted out, bytes
of its memory that it moved onto a file."""

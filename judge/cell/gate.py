"""What the trusted side and a cell say to each other over the gate, a socket closed before a candidate's code runs."""

from __future__ import annotations

import struct

HELLO = b"hello"
"""The builder, once it may be put into its control group."""
JOINED = b"joined"
"""The trusted side: it has been."""
INIT = b"init"
"""The builder, with two descriptors: a pidfd of init and the cell's ``/tmp``."""
READY = b"ready"
"""The candidate's process: every wall is up, it waits for its limits."""
LIMITS = b"limits"
"""The trusted side, with ``LIMITS_TAIL``: go."""
EXIT = b"exit"
"""Init, with ``EXIT_TAIL``: the candidate's process ended."""
FAULT = b"fault"
"""Any of them, with a sentence: a wall could not be put up."""

LIMITS_TAIL = struct.Struct("<5Q")
"""CPU seconds, bytes a file may have, processes with init, open files, bytes of address space (0: no bound)."""
EXIT_TAIL = struct.Struct("<iQ")
"""Wait status, CPU microseconds."""

SPAWN = struct.Struct("<IQQ")
"""To the zygote, with gate, channel, stdout and stderr: user in the box, bytes and files of ``/tmp``."""
SPAWN_DESCRIPTORS = 4
ZYGOTE_READY = struct.Struct("<5sB?")
"""From the zygote, once: ``b"ready"``, the Landlock version (0: none), whether nested namespaces are counted out."""

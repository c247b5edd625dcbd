# verdicts: runtime_error
"""Scenarios that end in exceptions with names and messages of 64 KiB, full of signs that act."""

import os
import struct

def write_frame(kind, index, payload=b""):
    """One frame, as the driver would write it."""
    data = memoryview(struct.pack("<4sB3xII", b"HCf1", kind, index, len(payload)) + payload)
    while data:
        data = data[os.write(3, data) :]


words = struct.pack("<H", 65535) + b"\x00" * 65535 + struct.pack("<H", 65535) + b"\xff" * 65535
for index in range(30):
    write_frame(2, index, struct.pack("<BHiH", 1, 0, 2**31 - 1, 65535) + words)
write_frame(9, 0)

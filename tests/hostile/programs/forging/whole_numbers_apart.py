# verdicts: wrong_answer, runtime_error
"""Whole numbers whose difference to any small one overflows to the smallest number there is."""

import os
import struct

def write_frame(kind, index, payload=b""):
    """One frame, as the driver would write it."""
    data = memoryview(struct.pack("<4sB3xII", b"HCf1", kind, index, len(payload)) + payload)
    while data:
        data = data[os.write(3, data) :]


form, number = struct.pack("<BBI", 4, 1, 1), struct.pack("<q", 1 - 2**63)
for index in range(64):
    write_frame(2, index, struct.pack("<BH", 0, 3) + form * 3 + number * 3)
write_frame(3, 0, b"[]")
write_frame(9, 0)

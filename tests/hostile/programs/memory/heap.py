# verdicts: memory_limit
"""Fills the heap with bytes that are really written."""

held = []
while True:
    held.append(bytearray(b"x") * (8 << 20))

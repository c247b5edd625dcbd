# verdicts: output_limit
"""Prints without end."""

while True:
    print("x" * 8192)

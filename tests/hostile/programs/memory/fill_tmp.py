# verdicts: compile_error
"""Fills /tmp; more than the limit is a breach."""

written = 0
try:
    for number in range(1000):
        with open(f"/tmp/{number}", "wb", buffering=0) as file:
            written += file.write(bytes(1 << 20))
except OSError:
    pass
if written <= 2 << 20:
    raise SystemExit(f"{written} bytes")

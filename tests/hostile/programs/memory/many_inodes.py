# verdicts: compile_error
"""Empty files without end: they cost the kernel memory all the same."""

made = 0
try:
    for number in range(100_000):
        open(f"/tmp/{number}", "w").close()
        made += 1
except OSError:
    pass
if made <= 64:
    raise SystemExit(f"{made} files")

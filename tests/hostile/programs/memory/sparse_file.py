# verdicts: compile_error
"""A sparse file of a terabyte, mapped."""

try:
    with open("/tmp/sparse", "wb") as file:
        file.truncate(1 << 40)
except OSError as error:
    raise SystemExit("refused") from error

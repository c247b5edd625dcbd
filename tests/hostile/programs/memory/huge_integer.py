# verdicts: time_limit, memory_limit
"""One operation in C that holds the interpreter lock for minutes."""

number = 7 ** (10**8)

# verdicts: compile_error, memory_limit, runtime_error
"""Source code nested so deeply that compiling it might break the compiler."""

exec("(" * 100_000 + ")" * 100_000)

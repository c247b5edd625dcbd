# verdicts: output_limit
"""Prints through the interpreter itself, which reports exceptions of destructors."""

class Noisy:
    def __del__(self):
        raise ValueError("x" * 500)


while True:
    Noisy()

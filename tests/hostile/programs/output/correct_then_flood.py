# verdicts: output_limit
"""Right answers, and too much text with each of them."""


def in_forward():
    print("x" * 20_000, flush=True)

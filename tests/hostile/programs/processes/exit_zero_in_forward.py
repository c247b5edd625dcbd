# verdicts: runtime_error
"""Ends with success in the middle of the exam."""

import os


def in_forward():
    os._exit(0)

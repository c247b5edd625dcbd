# verdicts: time_limit
"""Waits for a signal that never comes, in the middle of the exam."""

import signal


def in_forward():
    signal.pause()

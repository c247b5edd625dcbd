# verdicts: time_limit
"""Catches the kernel's CPU warning and goes on."""

import signal

signal.signal(signal.SIGXCPU, lambda *_: None)
while True:
    sum(range(1000))

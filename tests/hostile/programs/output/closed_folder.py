# verdicts: accepted, compile_error
"""Leaves its only folder closed and its working folder removed."""

import os

os.mkdir("/tmp/inner")
os.chdir("/tmp/inner")
os.rmdir("/tmp/inner")
os.chmod("/tmp", 0)

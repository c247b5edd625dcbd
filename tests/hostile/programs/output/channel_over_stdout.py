# verdicts: runtime_error
"""Puts the channel in the place of stdout: what is printed lands among the frames."""

import os

os.dup2(3, 1)
print("not a frame", flush=True)

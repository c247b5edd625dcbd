# verdicts: accepted
"""Leaves something everywhere it can for the next submission; the layer is honest."""

import builtins
import os

builtins.left_behind = True
for path in ("/tmp/left", "/dev/shm/left", "/var/tmp/left", "/dev/left", "/box/left"):
    try:
        with open(path, "w") as file:
            file.write("for the next one")
    except OSError:
        pass
os.environ["LEFT"] = "1"

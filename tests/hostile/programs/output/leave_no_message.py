# verdicts: compile_error
"""Looks for what the submission before it (leave_a_message) left."""

import builtins
import os

paths = ("/tmp/left", "/dev/shm/left", "/var/tmp/left", "/dev/left", "/box/left")
if not (hasattr(builtins, "left_behind") or "LEFT" in os.environ or any(map(os.path.exists, paths))):
    raise SystemExit("nothing was left")

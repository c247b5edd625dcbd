# verdicts: runtime_error
"""Kills its whole process group, which must not reach beyond the cell."""

import os
import signal

os.killpg(0, signal.SIGKILL)

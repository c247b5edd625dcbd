# verdicts: accepted, compile_error
"""kill(-1): ends what it may reach, which is nobody; the layer behind it is honest."""

import os
import signal

try:
    os.kill(-1, signal.SIGKILL)
except OSError as error:
    raise SystemExit("nobody to kill") from error

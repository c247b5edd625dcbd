# verdicts: runtime_error
"""The process that is being judged leaves at once, and its child goes on as if it were it."""

import os

if os.fork():
    os._exit(0)

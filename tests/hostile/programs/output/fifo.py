# verdicts: time_limit
"""Opens a fifo that nobody will ever write to."""

import os

os.mkfifo("/tmp/fifo")
open("/tmp/fifo").read()

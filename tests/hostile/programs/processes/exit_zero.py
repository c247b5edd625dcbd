# verdicts: runtime_error
"""Ends at once with success."""

import os

os._exit(0)

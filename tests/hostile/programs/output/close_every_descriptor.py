# verdicts: runtime_error
"""Closes everything, so that no answer can leave."""

import os

os.closerange(0, 1024)

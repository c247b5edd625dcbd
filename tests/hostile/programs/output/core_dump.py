# verdicts: runtime_error
"""Asks for a core file as large as may be and crashes."""

import os
import resource

try:
    resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
except (ValueError, OSError):
    pass
os.abort()

# verdicts: compile_error
"""Makes the disk's device node and reads the disk."""

import os
import stat

for mode, major, minor in ((stat.S_IFBLK, 254, 0), (stat.S_IFBLK, 8, 0), (stat.S_IFCHR, 1, 1)):
    try:
        os.mknod(f"/tmp/node{major}", mode | 0o600, os.makedev(major, minor))
        os.open(f"/tmp/node{major}", os.O_RDONLY)
        break
    except OSError:
        pass
else:
    raise SystemExit("refused")

# verdicts: output_limit
"""Two threads flood both streams."""

import os
import threading


def flood(descriptor):
    while True:
        os.write(descriptor, b"z" * 4096)


threading.Thread(target=flood, args=(1,), daemon=True).start()
flood(2)

# verdicts: time_limit
"""Burns CPU in children that each end soon, so that no one of them ever used much."""

import os

while True:
    if os.fork() == 0:
        sum(range(300_000))
        os._exit(0)
    os.wait()

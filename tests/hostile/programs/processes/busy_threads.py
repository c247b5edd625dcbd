# verdicts: time_limit
"""Burns CPU in several threads without holding the interpreter lock."""

import hashlib
import threading

data = bytes(1 << 22)


def burn():
    while True:
        hashlib.sha256(data).digest()


for _ in range(4):
    threading.Thread(target=burn, daemon=True).start()
burn()

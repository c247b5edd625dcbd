# verdicts: runtime_error
"""Says that the exam is over and goes on with ten busy processes that ignore every signal they can."""

import os
import signal
import struct

for number in range(1, 65):
    if number not in (signal.SIGKILL, signal.SIGSTOP, 32, 33):
        signal.signal(number, signal.SIG_IGN)
for _ in range(10):
    if os.fork() == 0:
        break
os.write(3, struct.pack("<4sB3xII", b"HCf1", 9, 0, 0))
while True:
    pass

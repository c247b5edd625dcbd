# verdicts: accepted
"""Sends process 1 every signal by every call there is; a dead init would take this process along."""

import ctypes
import time

call = ctypes.CDLL(None).syscall
info = (ctypes.c_int * 32)(0, 0, -1)
for number in range(1, 65):
    info[0] = number
    call(62, 1, number)  # kill
    call(200, 1, number)  # tkill
    call(234, 1, 1, number)  # tgkill
    call(129, 1, number, info)  # rt_sigqueueinfo
    call(297, 1, 1, number, info)  # rt_tgsigqueueinfo
time.sleep(0.1)

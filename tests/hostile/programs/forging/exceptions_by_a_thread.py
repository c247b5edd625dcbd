# verdicts: accepted, wrong_answer, runtime_error, compile_error, time_limit
"""A thread throws exceptions into the driver wherever it happens to be."""

import ctypes
import threading
import time

main = ctypes.c_ulong(threading.main_thread().ident)


def throw():
    while True:
        time.sleep(0.004)
        ctypes.pythonapi.PyThreadState_SetAsyncExc(main, ctypes.py_object(SystemExit))


threading.Thread(target=throw, daemon=True).start()

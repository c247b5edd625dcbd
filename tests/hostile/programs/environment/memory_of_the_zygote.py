# verdicts: compile_error
"""Searches every object and frame for sockets, job data of others, paths of the host."""

import gc
import socket
import sys

found = []
for thing in gc.get_objects():
    if isinstance(thing, socket.socket) and thing.fileno() not in (-1, 3, 4):
        found.append(thing)
frame = sys._getframe()
while frame is not None:
    for name, value in frame.f_locals.items():
        if isinstance(value, str) and value.startswith(("/root", "/home", "/work", "/opt")):
            found.append((name, value))
    frame = frame.f_back
for path in sys.path + [str(getattr(module, "__file__", "")) for module in list(sys.modules.values())]:
    if path.startswith(("/root", "/home", "/work", "/opt")):
        found.append(path)
if not found:
    raise SystemExit("nothing")

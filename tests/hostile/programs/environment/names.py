# verdicts: compile_error
"""Asks for names of hosts and users."""

import os
import pwd
import socket

known = []
for ask in (
    lambda: socket.getaddrinfo("localhost", 80),
    lambda: socket.gethostbyname("example.org"),
    lambda: pwd.getpwuid(0),
    lambda: pwd.getpwall()[0],
    lambda: os.getlogin(),
):
    try:
        known.append(ask())
    except (OSError, KeyError, IndexError):
        pass
if os.uname().nodename not in ("cell", "box"):
    known.append(os.uname().nodename)
if not known:
    raise SystemExit("nothing is known")

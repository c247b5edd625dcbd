# verdicts: compile_error
"""Calls our own service."""

import socket

reached = []
for family, kind, address in (
    (socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 8000)),
    (socket.AF_INET6, socket.SOCK_STREAM, ("::1", 8000)),
    (socket.AF_INET, socket.SOCK_STREAM, ("0.0.0.0", 8000)),
):
    try:
        with socket.socket(family, kind) as connection:
            connection.settimeout(0.2)
            connection.connect(address)
            reached.append(address)
    except OSError:
        pass
if not reached:
    raise SystemExit("nobody answers")

# verdicts: compile_error
"""Calls the address where clouds keep credentials; a datagram needs no answer."""

import socket

reached = []
for family, kind, address in (
    (socket.AF_INET, socket.SOCK_STREAM, ("169.254.169.254", 80)),
    (socket.AF_INET, socket.SOCK_DGRAM, ("169.254.169.254", 53)),
    (socket.AF_INET, socket.SOCK_DGRAM, ("8.8.8.8", 53)),
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

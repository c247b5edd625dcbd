# verdicts: compile_error
"""Calls the database."""

import socket

reached = []
for family, kind, address in (
    (socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 5432)),
    (socket.AF_UNIX, socket.SOCK_STREAM, "/var/run/postgresql/.s.PGSQL.5432"),
    (socket.AF_UNIX, socket.SOCK_STREAM, "/tmp/.s.PGSQL.5432"),
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

# verdicts: compile_error
"""Speaks over abstract sockets, which no file system guards."""

import socket

try:
    server = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    server.bind(b"\0meet")
except OSError as error:
    raise SystemExit("refused") from error

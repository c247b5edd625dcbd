"""Log lines as ``time level logger message key=value``: read by people, split by machines."""

from __future__ import annotations

import logging
import sys

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}


class KeyValueFormatter(logging.Formatter):
    """Whatever was given as ``extra`` follows the message."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the name is logging's
        extras = "".join(f" {key}={value}" for key, value in vars(record).items() if key not in _STANDARD)
        return super().formatMessage(record) + extras


def start_logging(level: str) -> None:
    """To standard error: standard output is for what a person started the program to read."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(KeyValueFormatter())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    # Alembic names each of its plug-ins at INFO.
    logging.getLogger("alembic.runtime.plugins").setLevel(logging.WARNING)

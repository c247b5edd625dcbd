"""Log lines: ``time level logger message key=value`` for people, or one JSON object a line for machines."""

from __future__ import annotations

import json
import logging
import sys
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}

REQUEST_ID: ContextVar[str | None] = ContextVar("request_id", default=None)
"""Of the request that is being answered: in each of its lines, in its answer and in its errors."""


def _extras(record: logging.LogRecord) -> dict[str, Any]:
    """Whatever was given as ``extra``, and whose request it is."""
    extras = {key: value for key, value in vars(record).items() if key not in _STANDARD}
    request_id = REQUEST_ID.get()
    return extras | ({"request_id": request_id} if request_id else {})


class KeyValueFormatter(logging.Formatter):
    """The extras follow the message."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the name is logging's
        return super().formatMessage(record) + "".join(f" {key}={value}" for key, value in _extras(record).items())


class JsonFormatter(logging.Formatter):
    """The extras are members beside ``time``, ``level``, ``logger`` and ``message``, and a traceback is one too."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            **_extras(record),
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


def start_logging(level: str, form: str) -> None:
    """To standard error: standard output is for what a person started the program to read."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter() if form == "json" else KeyValueFormatter())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    # Alembic names each of its plug-ins at INFO.
    logging.getLogger("alembic.runtime.plugins").setLevel(logging.WARNING)

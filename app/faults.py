"""What keeps a command from its work, as a sentence that says what to do next."""

from __future__ import annotations

import sqlite3

from app.config import Settings


class CannotStart(Exception):  # noqa: N818 - said to a person, in a sentence
    """Why a command cannot do its work, and what to do."""


DAMAGED = (
    "is damaged, or no database of Handcode. Put a backup in its place, or move it away, with the files beside it that "
    "begin with its name, to start with an empty one."
)
_SQLITE = {
    sqlite3.SQLITE_NOTADB: DAMAGED,
    sqlite3.SQLITE_CORRUPT: DAMAGED,
    sqlite3.SQLITE_CANTOPEN: "cannot be opened. HANDCODE_DATA has to be a folder that the user who runs this may "
    "write to; it is made by `python -m app.cli migrate`.",
    sqlite3.SQLITE_READONLY: "may only be read. Give the file and its folder to the user who runs Handcode.",
    sqlite3.SQLITE_FULL: "cannot grow: its disk is full. Make room and start again.",
    sqlite3.SQLITE_IOERR: "cannot be read or written: its disk reports a fault. Look after the disk and start again.",
    sqlite3.SQLITE_BUSY: "is being written to by another program, for longer than this waits. End that program, or "
    "let it finish, and start again.",
}


def prepare_data_folder(settings: Settings) -> None:
    """Makes it; raises ``CannotStart`` where that cannot be."""
    try:
        settings.prepare_data_folder()
    except OSError as error:
        raise CannotStart(
            f"The data folder {settings.data} cannot be used ({error.strerror}): set HANDCODE_DATA to another."
        ) from error


def explain(error: Exception, settings: Settings) -> str | None:
    """The sentence for a fault of the database's surroundings; None for what can only be a fault of ours."""
    from psycopg import OperationalError
    from psycopg.errors import InsufficientPrivilege
    from sqlalchemy import make_url
    from sqlalchemy.exc import DBAPIError

    original: BaseException | None = error.orig if isinstance(error, DBAPIError) else error
    url = make_url(settings.database)
    if isinstance(original, sqlite3.Error):
        fault = _SQLITE.get(getattr(original, "sqlite_errorcode", 0) & 0xFF)  # what is above only says more exactly
        return fault and f"The database file {url.database} {fault}"
    if isinstance(original, (OperationalError, InsufficientPrivilege)):
        return (
            f"The database {url.render_as_string(hide_password=True)} cannot be used: {_said(original)}. "
            "Look whether PostgreSQL runs there and whether HANDCODE_DATABASE_URL is right."
        )
    return None


def _said(error: BaseException) -> str:
    """The first line of what the database said, without the full stop."""
    lines = str(error).strip().splitlines()
    return (lines[0] if lines else type(error).__name__).rstrip(".")

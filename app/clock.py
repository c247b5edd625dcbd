"""The database's own clock: what leases and workers' silence are measured by, since two machines rarely agree."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Float, literal
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.functions import FunctionElement

from app.models import Moment


class database_now(FunctionElement[Any]):  # noqa: N801 - reads like the SQL function it stands for
    """The database's time when the statement began, and so many seconds on (or back)."""

    type = Moment()
    name = "database_now"
    inherit_cache = True

    def __init__(self, seconds: ColumnElement[float] | float = 0.0) -> None:
        super().__init__(literal(seconds, Float) if isinstance(seconds, float | int) else seconds)


@compiles(database_now, "sqlite")
def _on_sqlite(element: database_now, compiler: SQLCompiler, **options: Any) -> str:
    """As ``Moment`` is stored there: text with six digits of a second, of which SQLite knows three."""
    seconds = compiler.process(element.clauses, **options)
    return f"strftime('%Y-%m-%d %H:%M:%f000', 'now', {seconds} || ' seconds')"


@compiles(database_now, "postgresql")
def _on_postgresql(element: database_now, compiler: SQLCompiler, **options: Any) -> str:
    """Not ``now()``, which is when the transaction began and may be older than its wait for a lock."""
    return f"(statement_timestamp() + make_interval(secs => {compiler.process(element.clauses, **options)}))"


class database_milliseconds(FunctionElement[Any]):  # noqa: N801 - as above
    """The database's time when the statement began, in whole milliseconds since 1970."""

    type = BigInteger()
    name = "database_milliseconds"
    inherit_cache = True


@compiles(database_milliseconds, "sqlite")
def _milliseconds_on_sqlite(_element: database_milliseconds, _compiler: SQLCompiler, **_options: Any) -> str:
    return "CAST((julianday('now') - 2440587.5) * 86400000.0 AS INTEGER)"


@compiles(database_milliseconds, "postgresql")
def _milliseconds_on_postgresql(_element: database_milliseconds, _compiler: SQLCompiler, **_options: Any) -> str:
    return "CAST(extract(epoch FROM statement_timestamp()) * 1000 AS bigint)"

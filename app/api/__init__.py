"""What CI sees: the same rules as the pages, as JSON under ``/api/v1``."""

from __future__ import annotations

from fastapi import FastAPI

from app.api import docs, health, problems, submissions

VERSION = "1"
DESCRIPTION = """Hand in code for a problem and read the report.

Send `Authorization: Bearer hc_…`. A token with the `staff` scope reads every submission and the whole report; any other
token reads its own, as a candidate sees them. A candidate's runs of the samples are read by nobody else. Errors are
`application/problem+json` (RFC 9457) with a stable `code`.
"""


def add_routes(app: FastAPI) -> None:
    """One by one and the busiest first: behind a router of routers each request is matched anew at every level."""
    app.include_router(submissions.router, prefix="/api/v1/submissions", tags=["submissions"])
    app.include_router(problems.router, prefix="/api/v1/problems", tags=["problems"])
    app.include_router(health.router, include_in_schema=False)
    app.include_router(docs.router, include_in_schema=False)

"""What a browser sees: each route ends in a template or a redirect."""

from __future__ import annotations

from fastapi import Depends, FastAPI

from app.auth import find_candidate, require_interviewer, require_still_signed_in
from app.pages import (
    arrival,
    candidates,
    dashboard,
    interviewers,
    invitations,
    leaving,
    preferences,
    review,
    signing_in,
    tokens,
    workspace,
)
from app.pages.failures import render_error

__all__ = ["add_routes", "render_error"]

CANDIDATES = (workspace, arrival, leaving)
STAFF = (dashboard, review, invitations, candidates, tokens, interviewers)


def add_routes(app: FastAPI) -> None:
    """One by one and the busiest first: behind a router of routers each request is matched anew at every level.

    Who is asking is found before a route's own parameters, among them its transaction: a stranger does not come as far
    as the write lock.
    """
    for part in CANDIDATES:
        app.include_router(part.router, include_in_schema=False, dependencies=[Depends(find_candidate)])
    signed_in = [Depends(require_interviewer), Depends(require_still_signed_in)]
    for part in STAFF:
        app.include_router(part.router, include_in_schema=False, dependencies=signed_in)
    for part in (preferences, signing_in):
        app.include_router(part.router, include_in_schema=False)

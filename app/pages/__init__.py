"""What a browser sees: each route ends in a template or a redirect."""

from __future__ import annotations

from fastapi import APIRouter

from app.pages import (
    arrival,
    candidates,
    dashboard,
    invitations,
    preferences,
    review,
    signing_in,
    tokens,
    workspace,
)
from app.pages.failures import render_error

__all__ = ["render_error", "router"]

router = APIRouter()
for part in (arrival, workspace, preferences, signing_in, dashboard, review, invitations, candidates, tokens):
    router.include_router(part.router)

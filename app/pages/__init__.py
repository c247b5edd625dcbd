"""What a browser sees: each route ends in a template or a redirect."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from app.errors import AppError, problem_response

router = APIRouter()


def render_error(request: Request, error: AppError) -> Response:
    """An error as a page; until there is a template for it, as problem+json."""
    return problem_response(error)

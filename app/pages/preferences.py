"""Remembers a reader's language and colours, and leads back to where they were."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from app.pages import languages
from app.pages.shell import THEME_COOKIE, THEMES, remember, safe_return

router = APIRouter()


@router.post("/preferences")
async def keep(
    request: Request,
    lang: Annotated[str, Form()] = "",
    theme: Annotated[str, Form()] = "",
    return_to: Annotated[str, Form()] = "/",
) -> Response:
    response = RedirectResponse(safe_return(return_to), 303)
    if lang in languages.LANGUAGES:
        remember(response, request, languages.COOKIE, lang)
    if theme in THEMES:
        remember(response, request, THEME_COOKIE, theme)
    return response

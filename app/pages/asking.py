"""Asks before a button ends what others may be using: on a page of its own, so that it asks without scripts too."""

from __future__ import annotations

from fastapi import Request
from starlette.responses import Response

from app import forms
from app.models import Interviewer
from app.pages.shell import Viewer, page, safe_return


def asking(request: Request, interviewer: Interviewer, what: str, name: str, back: str) -> Response:
    """The question ``what`` about something with that name. Yes is a POST to this same address, no leads ``back``."""
    return page(
        request, "staff/ask.html", viewer=Viewer.of(interviewer),
        what=what, name=name, back=safe_return(back), once=forms.once(),
    )  # fmt: skip

"""Interviewers sign in and out."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from app import auth
from app.auth import MaybeInterviewer
from app.database import Session
from app.errors import Unauthorized
from app.pages.shell import page, safe_return

router = APIRouter()

START = "/submissions"


@router.get("/sign-in")
async def form(request: Request, interviewer: MaybeInterviewer, return_to: str = START) -> Response:
    if interviewer is not None:
        return RedirectResponse(safe_return(return_to), 303)
    return page(request, "staff/sign_in.html", name="", refused=False, back=safe_return(return_to))


@router.post("/sign-in")
async def sign_in(
    request: Request,
    name: Annotated[str, Form(max_length=200)] = "",
    password: Annotated[str, Form(max_length=1000)] = "",
    return_to: Annotated[str, Form(max_length=2000)] = START,
) -> Response:
    name = name.replace("\0", "")  # PostgreSQL refuses a NUL in any text it is asked about
    settings, limiter = request.app.state.settings, request.app.state.limiter
    for sender in (f"name {name}", f"address {request.client.host if request.client else ''}"):
        limiter.check("login", sender, settings.logins_per_minute)
    try:
        cookie = await auth.sign_in(request.app.state.database, name, password, hours=settings.session_hours)
    except Unauthorized:
        back = safe_return(return_to)
        return page(request, "staff/sign_in.html", status=401, name=name, refused=True, back=back)
    response = RedirectResponse(safe_return(return_to), 303)
    auth.set_cookie(response, settings, auth.INTERVIEWER_COOKIE, cookie, hours=settings.session_hours)
    return response


@router.post("/sign-out")
async def sign_out(request: Request, session: Session) -> Response:
    cookie = auth.read_cookie(request, auth.INTERVIEWER_COOKIE)
    if cookie is not None:
        await auth.sign_out(session, cookie)
    response = RedirectResponse("/sign-in", 303)
    auth.delete_cookie(response, request.app.state.settings, auth.INTERVIEWER_COOKIE)
    return response

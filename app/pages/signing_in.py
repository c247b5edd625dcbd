"""Interviewers sign in and out."""

from __future__ import annotations

from typing import Annotated

import msgspec
from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from app import auth, forms
from app.auth import MaybeInterviewer
from app.database import Database, Session
from app.errors import TooManyRequests, Unauthorized
from app.pages.shell import page, safe_return

router = APIRouter()

START = "/submissions"


@router.get("/sign-in")
async def form(request: Request, interviewer: MaybeInterviewer, return_to: str = START) -> Response:
    if interviewer is not None:
        return RedirectResponse(safe_return(return_to), 303)
    return sign_in_page(request, return_to)


def sign_in_page(
    request: Request, return_to: str, *, typed: str = "", name: str = "", fault: str = "", status: int = 200
) -> Response:
    """The form; ``typed`` carries along, as JSON, what was in another form when the session was found to have ended."""
    back = safe_return(return_to)
    return page(request, "staff/sign_in.html", status=status, name=name, fault=fault, back=back, typed=typed)


@router.post("/sign-in")
async def sign_in(
    request: Request,
    name: Annotated[str, Form(max_length=200)] = "",
    password: Annotated[str, Form(max_length=1000)] = "",
    return_to: Annotated[str, Form(max_length=2000)] = START,
    typed: Annotated[str, Form()] = "",
) -> Response:
    name = name.replace("\0", "")  # PostgreSQL refuses a NUL in any text it is asked about
    settings, limiter = request.app.state.settings, request.app.state.limiter
    database: Database = request.app.state.database
    try:
        for sender in (f"name {name}", f"address {request.client.host if request.client else ''}"):
            limiter.check("login", sender, settings.logins_per_minute)
        cookie = await auth.sign_in(database, name, password, hours=settings.session_hours)
    except (Unauthorized, TooManyRequests) as error:
        response = sign_in_page(request, return_to, typed=typed, name=name, fault=error.code, status=error.status)
        response.headers.update(error.headers)
        return response
    if typed and (interviewer := await auth.interviewer_of(database, cookie)) is not None:
        async with database.writing() as session:
            await forms.keep(session, interviewer, safe_return(return_to), _fields(typed))
    response = RedirectResponse(safe_return(return_to), 303)
    auth.set_cookie(response, settings, auth.INTERVIEWER_COOKIE, cookie, hours=settings.session_hours)
    return response


def _fields(typed: str) -> dict[str, list[str]]:
    """What ``typed`` carries, or nothing when it is not of our making."""
    try:
        return msgspec.json.decode(typed, type=dict[str, list[str]])
    except msgspec.MsgspecError:
        return {}


@router.post("/sign-out")
async def sign_out(request: Request, session: Session) -> Response:
    cookie = auth.read_cookie(request, auth.INTERVIEWER_COOKIE)
    if cookie is not None:
        await auth.sign_out(session, cookie)
    response = RedirectResponse("/sign-in", 303)
    auth.delete_cookie(response, request.app.state.settings, auth.INTERVIEWER_COOKIE)
    return response

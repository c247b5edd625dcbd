"""Interviewers sign in and out, and give themselves another password."""

from __future__ import annotations

from typing import Annotated

import msgspec
from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from app import auth, forms, interviewers
from app.auth import CurrentInterviewer, MaybeInterviewer
from app.database import Database, Session
from app.errors import BadRequest, TooManyRequests, Unauthorized
from app.forms import SentOnce
from app.limits import Attempts, address_of
from app.models import Interviewer
from app.pages.interviewers import staff_page
from app.pages.shell import page, safe_return
from app.passwords import check_password, hash_password, password_matches

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
    settings = request.app.state.settings
    database: Database = request.app.state.database
    try:
        cookie = await auth.sign_in(database, name, password, _attempts(request, name), hours=settings.session_hours)
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


def _attempts(request: Request, name: str) -> Attempts:
    state = request.app.state
    return Attempts(state.limiter, address_of(request), name, state.settings.logins_per_minute)


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


# Not among the other pages of staff, whose transaction begins before the route: it would be held for as long as a hash.
@router.post("/interviewers/password")
async def change_password(
    request: Request,
    interviewer: CurrentInterviewer,
    form: SentOnce,
    password: Annotated[str, Form(max_length=1000)] = "",
    password_new: Annotated[str, Form(max_length=2000)] = "",
    password_again: Annotated[str, Form(max_length=2000)] = "",
) -> Response:
    """Sent again it finds the new password there and says so again."""
    database: Database = request.app.state.database
    async with database.reading() as session:
        done = await form.was_sent(session)
        current = await interviewers.get(session, interviewer.id)
    error = ""
    if not done:
        try:
            attempts = _attempts(request, current.name)
            new_hash = await _new_hash(current, attempts, password, password_new, password_again)
            await _store(request, interviewer, form, new_hash)
        except BadRequest as refused:
            error = refused.detail
    async with database.reading() as session:
        return await staff_page(
            request, session, interviewer, changed=not error, error=error, status=400 if error else 200
        )


async def _new_hash(interviewer: Interviewer, attempts: Attempts, password: str, new: str, again: str) -> str:
    """Raises ``BadRequest`` or ``TooManyRequests``."""
    if new != again:
        raise BadRequest("The new password and its repetition differ.")
    check_password(new)
    if not await password_matches(interviewer.password_hash, password, attempts):
        raise BadRequest("The current password is wrong.")
    return await hash_password(new)


async def _store(request: Request, interviewer: Interviewer, form: SentOnce, new_hash: str) -> None:
    """Raises ``Unauthorized`` when the session was ended meanwhile, as by a change in another browser."""
    database: Database = request.app.state.database
    here = auth.read_cookie(request, auth.INTERVIEWER_COOKIE)
    async with database.writing() as session:
        await interviewers.get(session, interviewer.id, to_change=True)  # two browsers, one after the other
        await session.run_sync(auth.require_open_session, here)

        async def make() -> int:
            await interviewers.set_password(session, interviewer.id, new_hash, but=here)
            return interviewer.id

        await form.once(session, make)

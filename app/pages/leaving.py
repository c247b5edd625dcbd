"""A candidate signs out, here or in every other browser."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter, Request
from sqlalchemy import func, select
from starlette.responses import RedirectResponse, Response

from app import auth
from app.auth import MaybeCandidate
from app.database import Session
from app.errors import Unauthorized
from app.models import LoginSession, now
from app.pages.shell import Viewer, page

router = APIRouter()

PAGE = "/leave"


@dataclass(frozen=True)
class Leaving:
    """Whether this is a guest, who has no link to come back by, and in how many other browsers they are signed in."""

    guest: bool
    elsewhere: int


@router.get(PAGE)
async def ask(request: Request, session: Session, access: MaybeCandidate) -> Response:
    if access is None:
        raise Unauthorized("Open your invitation link first.")
    here = auth.hash_secret(auth.read_cookie(request, auth.CANDIDATE_COOKIE) or "")
    others = select(func.count()).where(
        LoginSession.candidate_id == access.candidate.id, LoginSession.id_hash != here, LoginSession.expires_at > now()
    )
    leaving = Leaving(access.candidate.guest, await session.scalar(others) or 0)
    return page(request, "candidate/leave.html", viewer=Viewer.of(access), leaving=leaving)


@router.post(PAGE)
async def sign_out(request: Request, session: Session) -> Response:
    cookie = auth.read_cookie(request, auth.CANDIDATE_COOKIE)
    if cookie is not None:
        await auth.sign_out(session, cookie)
    response = RedirectResponse("/", 303)
    auth.delete_cookie(response, request.app.state.settings, auth.CANDIDATE_COOKIE)
    return response


@router.post(f"{PAGE}/others")
async def end_others(request: Request, session: Session, access: MaybeCandidate) -> Response:
    if access is None:
        raise Unauthorized("Open your invitation link first.")
    here = auth.read_cookie(request, auth.CANDIDATE_COOKIE)
    await auth.end_sessions(session, LoginSession.candidate_id == access.candidate.id, but=here)
    return RedirectResponse(PAGE, 303)

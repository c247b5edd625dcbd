"""Interviewers: who may sign in, one's own password, and where else one is signed in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Request
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import RedirectResponse, Response

from app import auth, forms, interviewers
from app.auth import CurrentInterviewer
from app.database import Session
from app.models import Interviewer, LoginSession, now
from app.pages.asking import asking
from app.pages.shell import Viewer, page

router = APIRouter()

PAGE = "/interviewers"
MAX_ID = 2**31 - 1

Number = Annotated[int, Path(ge=1, le=MAX_ID)]


@dataclass(frozen=True)
class Row:
    """One interviewer, in how many browsers they are signed in, and whether they may be disabled."""

    interviewer: Interviewer
    sessions: int
    is_you: bool
    may_end: bool


@dataclass(frozen=True)
class Staff:
    """Everything the page shows; ``changed`` on the answer to a new password, ``error`` to one that was refused."""

    rows: list[Row]
    elsewhere: int
    newest_elsewhere: datetime | None
    changed: bool
    error: str
    once: str


@router.get(PAGE)
async def listed(request: Request, session: Session, interviewer: CurrentInterviewer) -> Response:
    return await staff_page(request, session, interviewer)


@router.post(f"{PAGE}/end-others")
async def end_others(request: Request, session: Session, interviewer: CurrentInterviewer) -> Response:
    here = auth.read_cookie(request, auth.INTERVIEWER_COOKIE)
    await auth.end_sessions(session, LoginSession.interviewer_id == interviewer.id, but=here)
    return RedirectResponse(PAGE, 303)


@router.get(f"{PAGE}/{{number}}/disable")
async def ask_to_disable(
    request: Request, session: Session, interviewer: CurrentInterviewer, number: Number
) -> Response:
    about = await interviewers.get(session, number)
    if about.disabled_at is None:
        await interviewers.require_another(session, number)
    what = "disable-yourself" if number == interviewer.id else "disable"
    return asking(request, interviewer, what, about.name, PAGE)


@router.post(f"{PAGE}/{{number}}/disable")
async def disable(session: Session, interviewer: CurrentInterviewer, number: Number) -> Response:
    await interviewers.disable(session, number)
    return RedirectResponse(PAGE, 303)


@router.post(f"{PAGE}/{{number}}/enable")
async def enable(session: Session, interviewer: CurrentInterviewer, number: Number) -> Response:
    await interviewers.enable(session, number)
    return RedirectResponse(PAGE, 303)


async def staff_page(
    request: Request,
    session: AsyncSession,
    interviewer: Interviewer,
    *,
    changed: bool = False,
    error: str = "",
    status: int = 200,
) -> Response:
    open_now = LoginSession.expires_at > now()
    counted = await session.execute(
        select(LoginSession.interviewer_id, func.count()).where(open_now).group_by(LoginSession.interviewer_id)
    )
    sessions = {row[0]: row[1] for row in counted}
    everyone = await interviewers.everyone(session)
    able = sum(one.disabled_at is None for one in everyone)
    rows = [
        Row(one, sessions.get(one.id, 0), one.id == interviewer.id, one.disabled_at is None and able > 1)
        for one in everyone
    ]
    here = auth.hash_secret(auth.read_cookie(request, auth.INTERVIEWER_COOKIE) or "")
    others = select(func.count(), func.max(LoginSession.created_at)).where(
        LoginSession.interviewer_id == interviewer.id, LoginSession.id_hash != here, open_now
    )
    elsewhere, newest = (await session.execute(others)).one()
    ready = Staff(rows, elsewhere, newest, changed, error, forms.once())
    return page(request, "staff/interviewers.html", viewer=Viewer.of(interviewer), status=status, staff=ready)

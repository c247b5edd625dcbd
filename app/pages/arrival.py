"""Where a candidate arrives: the start page, the landing page of an invitation, the list of problems."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from fastapi import APIRouter, Request
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import RedirectResponse, Response

from app import auth, counting, interviews
from app.auth import CandidateAccess, MaybeCandidate, MaybeInterviewer
from app.counting import Total
from app.database import Session
from app.errors import AppError, Unauthorized
from app.models import Kind, now
from app.pages.access import Desk, desk_of, known
from app.pages.shell import Viewer, page, static
from judge.problem import Problem
from judge.report import Verdict

router = APIRouter()


@dataclass(frozen=True)
class Standing:
    """A problem, how often its candidate submitted it, and the best they have reached."""

    problem: Problem
    submitted: int
    best: float | None
    verdict: Verdict | None


@dataclass(frozen=True)
class Home:
    """The start page: the open practice's problems, if practice is open."""

    problems: list[Standing]


@dataclass(frozen=True)
class Invited:
    """What the landing page of an invitation says."""

    candidate: str
    problems: tuple[Problem, ...]
    expires_at: datetime
    opened: bool
    pinned: str | None


@dataclass(frozen=True)
class Closed:
    """Why a link leads nowhere, whom to ask, and whether this browser may still show what its candidate sent."""

    reason: str
    interviewer: str = ""
    ended_at: datetime | None = None
    may_read: bool = False


@router.get("/")
async def home(request: Request, session: Session, interviewer: MaybeInterviewer, access: MaybeCandidate) -> Response:
    if interviewer is not None:
        return RedirectResponse("/submissions", 303)
    if access is not None and access.invitation is not None:
        return RedirectResponse("/problems", 303)
    standings = await _standings(session, desk_of(request, access), access)
    return page(request, "home.html", viewer=Viewer.of(access), home=Home(standings))


@router.get("/favicon.ico")
async def icon() -> Response:
    """Asked for by browsers on pages that name no icon, such as the API documentation."""
    return RedirectResponse(static("seal.svg"), 308)


@router.get("/i/{link}")
async def invitation(request: Request, session: Session, access: MaybeCandidate, link: str) -> Response:
    """Reading the page opens nothing: a link preview in a chat program must not start the interview."""
    try:
        found = await interviews.follow_link(session, link)
    except AppError as error:
        return await _closed(request, session, access, link, error)
    invited = Invited(
        found.candidate.name, known(found.problems), found.expires_at, found.opened_at is not None, found.accept
    )
    return page(request, "candidate/invitation.html", invited=invited)


@router.post("/i/{link}")
async def start(request: Request, session: Session, access: MaybeCandidate, link: str) -> Response:
    try:
        found = await interviews.follow_link(session, link, to_enter=True)
    except AppError as error:
        return await _closed(request, session, access, link, error)
    cookie = await auth.admit_candidate(session, found)
    target = f"/problems/{found.problems[0]}" if len(found.problems) == 1 else "/problems"
    response = RedirectResponse(target, 303)
    hours = auth.candidate_hours(found)
    auth.set_cookie(response, request.app.state.settings, auth.CANDIDATE_COOKIE, cookie, hours=hours)
    return response


async def _closed(
    request: Request, session: AsyncSession, access: CandidateAccess | None, link: str, error: AppError
) -> Response:
    found = await interviews.ended(session, link)
    if found is None:
        closed = Closed("unknown")
    else:
        reason = "revoked" if found.revoked_at else "replaced" if found.is_open(now()) else "expired"
        may_read = access is not None and access.candidate.id == found.candidate_id
        closed = Closed(reason, found.interviewer.name, found.expires_at, may_read)
    return page(request, "candidate/closed.html", status=error.status, closed=closed)


@router.get("/problems")
async def problem_list(request: Request, session: Session, access: MaybeCandidate) -> Response:
    desk = desk_of(request, access)
    if not desk.problems:
        raise Unauthorized("Open your invitation link first.")
    standings = await _standings(session, desk, access)
    return page(
        request, "candidate/problems.html", viewer=Viewer.of(access), problems=standings, expires_at=desk.expires_at
    )


async def _standings(session: AsyncSession, desk: Desk, access: CandidateAccess | None) -> list[Standing]:
    totals = await counting.totals(session, access.candidate.id) if access else {}
    return [_standing(problem, totals.get((problem.slug, Kind.SUBMIT))) for problem in desk.problems]


def _standing(problem: Problem, total: Total | None) -> Standing:
    best = total.best if total else None
    return Standing(problem, total.count if total else 0, best.score if best else None, best.verdict if best else None)

"""Invitations: make a link, see which are open, withdraw one, renew a lost one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Form, Path, Query, Request
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import RedirectResponse, Response

from app import counting, interviews
from app.auth import CurrentInterviewer
from app.database import Session
from app.errors import BadRequest
from app.interviews import NewInvitation
from app.models import Candidate, Interviewer, Invitation, now
from app.pages.shell import Viewer, page, site_address
from judge import problem as problems
from judge.problem import Problem

router = APIRouter()

MAX_ID = 2**31 - 1
DAYS = (1, 3, 7, 14, 30)
DEFAULT_DAYS = 7

Number = Annotated[int, Path(ge=1, le=MAX_ID)]


@dataclass(frozen=True)
class Fresh:
    """A link that was just made; the only time it can be shown."""

    candidate: Candidate
    link: str
    invitation: Invitation


@dataclass(frozen=True)
class Row:
    """One invitation of the list."""

    invitation: Invitation
    titles: tuple[Problem, ...]
    state: str


@dataclass(frozen=True)
class Filled:
    """What the form holds: empty, or what was wrong with what was sent."""

    name: str = ""
    candidate_id: int | None = None
    problems: tuple[str, ...] = ()
    days: int = DEFAULT_DAYS
    accept: str = ""
    error: str = ""


@dataclass(frozen=True)
class Board:
    """Everything the page shows."""

    rows: list[Row]
    total: int
    newest: bool
    older: int | None
    fresh: Fresh | None
    filled: Filled
    problems: tuple[Problem, ...]
    days: tuple[int, ...]


@router.get("/invitations")
async def listed(
    request: Request,
    session: Session,
    interviewer: CurrentInterviewer,
    candidate: Annotated[int | None, Query(ge=1, le=MAX_ID)] = None,
    before: Annotated[int | None, Query(ge=1, le=MAX_ID)] = None,
) -> Response:
    filled = Filled()
    if candidate is not None:
        known = await interviews.get_candidate(session, candidate)
        filled = Filled(name=known.name, candidate_id=known.id)
    return await _page(request, session, interviewer, filled=filled, before=before)


@router.post("/invitations")
async def invite(
    request: Request,
    session: Session,
    interviewer: CurrentInterviewer,
    name: Annotated[str, Form()] = "",
    candidate_id: Annotated[int | None, Form()] = None,
    problem: Annotated[list[str] | None, Form()] = None,
    days: Annotated[int, Form()] = DEFAULT_DAYS,
    accept: Annotated[str, Form()] = "",
) -> Response:
    filled = Filled(name, candidate_id, tuple(problem or ()), days, accept)
    try:
        made = await interviews.invite(
            session, interviewer, name, filled.problems,
            days=days, accept=accept or None, candidate_id=candidate_id,
        )  # fmt: skip
    except BadRequest as error:
        wrong = Filled(name, candidate_id, filled.problems, days, accept, error.detail)
        return await _page(request, session, interviewer, filled=wrong, status=400)
    # Shown on this very answer: only the link's hash is stored, so there is nothing to lead the browser to.
    return await _page(request, session, interviewer, made=made, status=201)


@router.post("/invitations/{number}/renew")
async def renew(request: Request, session: Session, interviewer: CurrentInterviewer, number: Number) -> Response:
    made = await interviews.renew_link(session, number)
    return await _page(request, session, interviewer, made=made, status=201)


@router.post("/invitations/{number}/revoke")
async def revoke(session: Session, interviewer: CurrentInterviewer, number: Number) -> Response:
    await interviews.revoke(session, number)
    return RedirectResponse("/invitations", 303)


async def _page(
    request: Request,
    session: AsyncSession,
    interviewer: Interviewer,
    *,
    made: NewInvitation | None = None,
    filled: Filled | None = None,
    before: int | None = None,
    status: int = 200,
) -> Response:
    fresh = None
    if made is not None:
        fresh = Fresh(made.invitation.candidate, f"{site_address(request)}/i/{made.secret}", made.invitation)
    listed, older = await interviews.invitations(session, before=before)
    board = Board(
        rows=rows_of(listed),
        total=await counting.count_invitations(session),
        newest=before is None,
        older=older,
        fresh=fresh,
        filled=filled or Filled(),
        problems=problems.load_all(),
        days=DAYS,
    )
    return page(request, "staff/invitations.html", viewer=Viewer.of(interviewer), status=status, board=board)


def row_of(invitation: Invitation) -> Row:
    titles = tuple(problems.load(slug) for slug in invitation.problems if slug in problems.slugs())
    return Row(invitation, titles, _state(invitation))


def _state(invitation: Invitation) -> str:
    if invitation.revoked_at is not None:
        return "revoked"
    if not invitation.is_open(now()):
        return "expired"
    return "opened" if invitation.opened_at else "sent"


def rows_of(invitations: Sequence[Invitation]) -> list[Row]:
    return [row_of(one) for one in invitations]

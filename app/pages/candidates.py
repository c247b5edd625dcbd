"""One candidate: their invitations, what they sent, and where each problem stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Path, Request
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload
from starlette.responses import Response

from app import counting, interviews, submissions
from app.auth import CurrentInterviewer
from app.counting import Best, Total
from app.database import Session
from app.models import Candidate, Invitation, Kind, Submission
from app.pages.dashboard import newest_decisions
from app.pages.invitations import MAX_ID, rows_of
from app.pages.invitations import Row as InvitationRow
from app.pages.shell import Viewer, page
from app.submissions import Filters
from judge import problem as problems
from judge.problem import Problem

router = APIRouter()

SHOWN = 20
"""Submissions of a problem that the page lists; the table of all submissions pages through the rest."""


@dataclass(frozen=True)
class Course:
    """How one problem went: counts over everything sent, the best, and the newest submissions."""

    problem: Problem
    newest: Sequence[Submission]
    submitted: int
    runs: int
    best: Best | None


@dataclass(frozen=True)
class Person:
    """Everything the page shows."""

    candidate: Candidate
    invitations: list[InvitationRow]
    courses: list[Course]
    numbers: dict[int, int]
    decisions: dict[int, str]


@router.get("/candidates/{number}")
async def candidate(
    request: Request,
    session: Session,
    interviewer: CurrentInterviewer,
    number: Annotated[int, Path(ge=1, le=MAX_ID)],
) -> Response:
    person = await interviews.get_candidate(session, number)
    totals = await counting.totals(session, number)
    begun = {slug for slug, _kind in totals}
    courses = [await _course(session, number, one, totals) for one in problems.load_all() if one.slug in begun]
    listed = [sent.id for course in courses for sent in course.newest]
    invited = await session.scalars(
        select(Invitation)
        .where(Invitation.candidate_id == number)
        .order_by(Invitation.id.desc())
        .options(joinedload(Invitation.candidate), joinedload(Invitation.interviewer))
    )
    ready = Person(
        candidate=person,
        invitations=rows_of(invited.all()),
        courses=courses,
        numbers=await counting.numbers(session, listed),
        decisions=await newest_decisions(session, listed),
    )
    return page(request, "staff/candidate.html", viewer=Viewer.of(interviewer), person=ready)


async def _course(
    session: AsyncSession, candidate_id: int, problem: Problem, totals: dict[tuple[str, Kind], Total]
) -> Course:
    filters = Filters(candidate_id=candidate_id, problem=problem.slug)
    newest = await submissions.page(session, filters, limit=SHOWN)
    nothing = Total(0, None)
    submitted = totals.get((problem.slug, Kind.SUBMIT), nothing)
    runs = totals.get((problem.slug, Kind.RUN), nothing)
    return Course(problem, newest.submissions, submitted.count, runs.count, submitted.best)

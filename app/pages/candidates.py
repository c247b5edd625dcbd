"""One candidate: their invitations, everything they sent, and where each problem stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Path, Request
from sqlalchemy import select
from sqlalchemy.orm import joinedload
from starlette.responses import Response

from app import interviews, submissions
from app.auth import CurrentInterviewer
from app.database import Session
from app.models import Candidate, Invitation, Kind, Submission
from app.pages.dashboard import newest_decisions
from app.pages.invitations import MAX_ID, rows_of
from app.pages.invitations import Row as InvitationRow
from app.pages.shell import Viewer, page
from judge import problem as problems
from judge.problem import Problem

router = APIRouter()


@dataclass(frozen=True)
class Course:
    """How one problem went: every submission in order, and the best of them."""

    problem: Problem
    sent: Sequence[Submission]
    best: Submission | None
    runs: int

    @property
    def begun(self) -> bool:
        return bool(self.sent or self.runs)


@dataclass(frozen=True)
class Person:
    """Everything the page shows."""

    candidate: Candidate
    invitations: list[InvitationRow]
    courses: list[Course]
    decisions: dict[int, str]


@router.get("/candidates/{number}")
async def candidate(
    request: Request,
    session: Session,
    interviewer: CurrentInterviewer,
    number: Annotated[int, Path(ge=1, le=MAX_ID)],
) -> Response:
    person = await interviews.get_candidate(session, number)
    history = await submissions.history(session, number, limit=500)
    invited = await session.scalars(
        select(Invitation)
        .where(Invitation.candidate_id == number)
        .order_by(Invitation.id.desc())
        .options(joinedload(Invitation.candidate), joinedload(Invitation.interviewer))
    )
    ready = Person(
        candidate=person,
        invitations=rows_of(invited.all()),
        courses=[course for problem in problems.load_all() if (course := _course(problem, history)).begun],
        decisions=await newest_decisions(session, [one.id for one in history]),
    )
    return page(request, "staff/candidate.html", viewer=Viewer.of(interviewer), person=ready)


def _course(problem: Problem, history: Sequence[Submission]) -> Course:
    here = [one for one in history if one.problem == problem.slug]
    sent = [one for one in here if one.kind is Kind.SUBMIT]
    best = max((one for one in sent if one.score is not None), key=lambda one: one.sort_score, default=None)
    return Course(problem, sent, best, len(here) - len(sent))

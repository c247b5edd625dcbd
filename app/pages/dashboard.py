"""The table of submissions: filter, sort, page, and a strip that says whether judging works at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from app import counting, interviews, submissions
from app.auth import CurrentInterviewer
from app.database import Session
from app.judgings import QUEUED
from app.models import Candidate, Decision, Judging, Submission, Worker
from app.pages.shell import Viewer, page
from app.submissions import Filters, Sort
from judge import problem as problems
from judge.problem import Problem
from judge.report import Verdict

router = APIRouter()

PAGE_SIZE = 50
NAMESAKES = 20
MAX_ID = 2**31 - 1


@dataclass(frozen=True)
class Health:
    """Whether there is someone to judge, and why not."""

    sound: list[Worker]
    starting: list[Worker]
    quarantined: list[Worker]
    waiting: int


@dataclass(frozen=True)
class Choice:
    """What the form above the table holds."""

    name: str
    candidate: Candidate | None
    namesakes: Sequence[Candidate]
    more_namesakes: bool
    problem: str
    verdict: str
    sort: Sort

    @property
    def any(self) -> bool:
        return bool(self.name or self.candidate or self.problem or self.verdict)

    def address(self, **changes: object) -> str:
        """The dashboard with this choice, changed."""
        wanted = {
            "candidate_id": self.candidate.id if self.candidate else "",
            "problem": self.problem,
            "verdict": self.verdict,
            "sort": "" if self.sort is Sort.NEWEST else self.sort,
        } | changes
        query = urlencode({name: value for name, value in wanted.items() if value})
        return f"/submissions?{query}" if query else "/submissions"


@dataclass(frozen=True)
class Row:
    """One submission of the table with what was decided about it."""

    submission: Submission
    problem_title: Problem | None
    decision: str | None


@dataclass(frozen=True)
class Dashboard:
    """Everything the page shows."""

    rows: list[Row]
    total: int
    next_cursor: str | None
    first_page: bool
    choice: Choice
    problems: tuple[Problem, ...]
    verdicts: tuple[Verdict, ...]
    names: list[str]
    health: Health


@router.get("/submissions")
async def dashboard(
    request: Request,
    session: Session,
    interviewer: CurrentInterviewer,
    candidate: Annotated[str, Query(max_length=200)] = "",
    candidate_id: Annotated[str, Query(max_length=12)] = "",
    problem: Annotated[str, Query(max_length=64)] = "",
    verdict: Annotated[str, Query(max_length=32)] = "",
    sort: Annotated[str, Query(max_length=16)] = "",
    cursor: Annotated[str | None, Query(max_length=64)] = None,
) -> Response:
    # PostgreSQL refuses a NUL in any text it is asked about.
    name = candidate.replace("\0", "").strip()
    choice = await _choice(session, name, candidate_id, problem, verdict, sort)
    listed = await _listed(session, choice, cursor)
    ready = Dashboard(
        rows=await _rows(session, listed.submissions),
        total=await counting.count_submitted(session, _filters(choice)) if listed.submissions else 0,
        next_cursor=listed.next_cursor,
        first_page=cursor is None,
        choice=choice,
        problems=problems.load_all(),
        verdicts=tuple(Verdict),
        names=sorted({one.name for one in await interviews.candidates(session)}),
        health=await health_of(session),
    )
    return page(request, "staff/dashboard.html", viewer=Viewer.of(interviewer), board=ready)


async def _choice(session: AsyncSession, name: str, candidate_id: str, problem: str, verdict: str, sort: str) -> Choice:
    """What was asked for, less what there is not: a stale link shows a wider table, not an error."""
    number = int(candidate_id) if candidate_id.isdecimal() else 0
    chosen = await session.get(Candidate, number) if 0 < number <= MAX_ID else None
    found = (
        await interviews.candidates(session, name_begins=name, limit=NAMESAKES + 1) if name and chosen is None else []
    )
    if len(found) == 1:
        chosen = found[0]
    return Choice(
        name=chosen.name if chosen else name,
        candidate=chosen,
        namesakes=[] if chosen else found[:NAMESAKES],
        more_namesakes=len(found) > NAMESAKES,
        problem=problem if problem in problems.slugs() else "",
        verdict=verdict if verdict in list(Verdict) else "",
        sort=Sort(sort) if sort in list(Sort) else Sort.NEWEST,
    )


async def _listed(session: AsyncSession, choice: Choice, cursor: str | None) -> submissions.Page:
    if choice.name and choice.candidate is None:
        return submissions.Page([], None)
    return await submissions.page(session, _filters(choice), sort=choice.sort, cursor=cursor, limit=PAGE_SIZE)


def _filters(choice: Choice) -> Filters:
    return Filters(
        candidate_id=choice.candidate.id if choice.candidate else None,
        problem=choice.problem or None,
        verdict=Verdict(choice.verdict) if choice.verdict else None,
    )


async def _rows(session: AsyncSession, listed: Sequence[Submission]) -> list[Row]:
    decided = await newest_decisions(session, [one.id for one in listed])
    return [
        Row(one, problems.load(one.problem) if one.problem in problems.slugs() else None, decided.get(one.id))
        for one in listed
    ]


async def newest_decisions(session: AsyncSession, numbers: Sequence[int]) -> dict[int, str]:
    """The outcome that counts for each of these submissions that has one."""
    rows = await session.execute(
        select(Decision.submission_id, Decision.outcome)
        .where(Decision.submission_id.in_(numbers))
        .order_by(Decision.id)
    )
    return {row.submission_id: row.outcome.value for row in rows}


async def health_of(session: AsyncSession) -> Health:
    found = await submissions.workers(session)
    waiting = await session.scalar(select(func.count()).select_from(Judging).where(QUEUED))
    return Health(
        sound=[one for one in found if one.ready and one.quarantined is None],
        starting=[one for one in found if not one.ready and one.quarantined is None],
        quarantined=[one for one in found if one.quarantined is not None],
        waiting=waiting or 0,
    )

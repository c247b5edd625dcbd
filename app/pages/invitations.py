"""Invitations: make a link, see which are open, withdraw one, open it again, renew a lost one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Form, Path, Query, Request
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import RedirectResponse, Response

from app import counting, forms, interviews
from app.auth import CurrentInterviewer, hash_secret
from app.database import Session
from app.errors import BadRequest
from app.forms import SentOnce, as_text
from app.models import Candidate, Interviewer, Invitation, now
from app.pages.asking import asking
from app.pages.shell import Viewer, page, safe_return, site_address
from judge import problem as problems
from judge.problem import Problem

router = APIRouter()

PAGE = "/invitations"
MAX_ID = 2**31 - 1
DAYS = (1, 3, 7, 14, 30)
DEFAULT_DAYS = 7

Number = Annotated[int, Path(ge=1, le=MAX_ID)]


@dataclass(frozen=True)
class Fresh:
    """A link that was just made; ``link`` is None where a newer one has replaced it since."""

    candidate: Candidate
    link: str | None
    invitation: Invitation


@dataclass(frozen=True)
class Row:
    """One invitation of the list."""

    invitation: Invitation
    titles: tuple[Problem, ...]
    state: str
    may_reopen: bool


@dataclass(frozen=True)
class Filled:
    """What the form holds: empty, or what was wrong with what was sent."""

    name: str = ""
    candidate_id: int | None = None
    problems: tuple[str, ...] = ()
    days: int = DEFAULT_DAYS
    accept: str = ""
    error: str = ""

    @classmethod
    def of(cls, kept: Mapping[str, Sequence[str]]) -> Filled:
        """What was typed before the session ended; empty when nothing was."""
        first = {name: values[0] for name, values in kept.items() if values}
        number, days = first.get("candidate_id", ""), first.get("days", "")
        return cls(
            name=first.get("name", ""),
            candidate_id=int(number) if number.isdecimal() and len(number) < 10 else None,
            problems=tuple(kept.get("problem", ())),
            days=int(days) if days.isdecimal() and len(days) < 4 else DEFAULT_DAYS,
            accept=first.get("accept", ""),
        )


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
    once: str


@router.get("/invitations")
async def listed(
    request: Request,
    session: Session,
    interviewer: CurrentInterviewer,
    candidate: Annotated[int | None, Query(ge=1, le=MAX_ID)] = None,
    before: Annotated[int | None, Query(ge=1, le=MAX_ID)] = None,
) -> Response:
    filled = Filled.of(await forms.kept(session, interviewer, PAGE))
    if candidate is not None:
        known = await interviews.get_candidate(session, candidate)
        filled = Filled(name=known.name, candidate_id=known.id)
    return await _page(request, session, interviewer, filled=filled, before=before)


@router.post("/invitations")
async def invite(
    request: Request,
    session: Session,
    interviewer: CurrentInterviewer,
    form: SentOnce,
    name: Annotated[str, Form()] = "",
    candidate_id: Annotated[int | None, Form(ge=1, le=MAX_ID)] = None,
    problem: Annotated[list[str] | None, Form()] = None,
    days: Annotated[int, Form()] = DEFAULT_DAYS,
    accept: Annotated[str, Form()] = "",
) -> Response:
    filled = Filled(name, candidate_id, tuple(problem or ()), days, accept)

    async def make() -> int:
        made = await interviews.invite(
            session, interviewer, name, filled.problems,
            days=days, accept=accept or None, candidate_id=candidate_id, secret=as_text(form.secret),
        )  # fmt: skip
        return made.invitation.id

    try:
        number = await form.once(session, make)
    except BadRequest as error:
        wrong = Filled(name, candidate_id, filled.problems, days, accept, error.detail)
        return await _page(request, session, interviewer, filled=wrong, status=400)
    await forms.keep(session, interviewer, PAGE, {})
    # Shown on this very answer: only the link's hash is stored, so there is nothing to lead the browser to.
    return await _page(request, session, interviewer, made=await _fresh(request, session, number, form), status=201)


@router.get("/invitations/{number}/renew")
async def ask_to_renew(
    request: Request, session: Session, interviewer: CurrentInterviewer, number: Number, back: str = PAGE
) -> Response:
    invitation = await interviews.get_invitation(session, number)
    return asking(request, interviewer, "renew", invitation.candidate.name, back)


@router.post("/invitations/{number}/renew")
async def renew(
    request: Request, session: Session, interviewer: CurrentInterviewer, form: SentOnce, number: Number
) -> Response:
    async def make() -> int:
        return (await interviews.renew_link(session, number, secret=as_text(form.secret))).invitation.id

    await form.once(session, make)
    return await _page(request, session, interviewer, made=await _fresh(request, session, number, form), status=201)


async def _fresh(request: Request, session: AsyncSession, number: int, form: SentOnce) -> Fresh:
    invitation = await interviews.get_invitation(session, number)
    secret = as_text(form.secret)
    still = invitation.link_hash == hash_secret(secret)
    return Fresh(invitation.candidate, f"{site_address(request)}/i/{secret}" if still else None, invitation)


@router.get("/invitations/{number}/revoke")
async def ask_to_revoke(
    request: Request, session: Session, interviewer: CurrentInterviewer, number: Number, back: str = PAGE
) -> Response:
    invitation = await interviews.get_invitation(session, number)
    return asking(request, interviewer, "revoke", invitation.candidate.name, back)


@router.post("/invitations/{number}/revoke")
async def revoke(
    session: Session, interviewer: CurrentInterviewer, number: Number, back: Annotated[str, Form()] = PAGE
) -> Response:
    await interviews.revoke(session, number)
    return RedirectResponse(safe_return(back), 303)


@router.post("/invitations/{number}/reopen")
async def reopen(
    session: Session, interviewer: CurrentInterviewer, number: Number, back: Annotated[str, Form()] = PAGE
) -> Response:
    await interviews.reopen(session, number)
    return RedirectResponse(safe_return(back), 303)


async def _page(
    request: Request,
    session: AsyncSession,
    interviewer: Interviewer,
    *,
    made: Fresh | None = None,
    filled: Filled | None = None,
    before: int | None = None,
    status: int = 200,
) -> Response:
    listed, older = await interviews.invitations(session, before=before)
    board = Board(
        rows=rows_of(listed),
        total=await counting.count_invitations(session),
        newest=before is None,
        older=older,
        fresh=made,
        filled=filled or Filled(),
        problems=problems.load_all(),
        days=DAYS,
        once=forms.once(),
    )
    return page(request, "staff/invitations.html", viewer=Viewer.of(interviewer), status=status, board=board)


def row_of(invitation: Invitation) -> Row:
    titles = tuple(problems.load(slug) for slug in invitation.problems if slug in problems.slugs())
    return Row(
        invitation, titles, _state(invitation), invitation.revoked_at is not None and now() < invitation.expires_at
    )


def _state(invitation: Invitation) -> str:
    if invitation.revoked_at is not None:
        return "revoked"
    if not invitation.is_open(now()):
        return "expired"
    return "opened" if invitation.opened_at else "sent"


def rows_of(invitations: Sequence[Invitation]) -> list[Row]:
    return [row_of(one) for one in invitations]

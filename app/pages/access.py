"""What the person at this browser may work on: the problems of their invitation, or all of them in open practice."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from starlette.requests import Request

from app.auth import CandidateAccess
from app.config import Settings
from app.errors import Forbidden, NotFound, Unauthorized
from app.models import now
from judge import problem as problems
from judge.problem import Problem


@dataclass(frozen=True)
class Desk:
    """The problems on someone's desk, until when, and whether they may still send."""

    problems: tuple[Problem, ...]
    expires_at: datetime | None
    open: bool
    pinned: str | None = None
    """The one convention for the running variance that this invitation takes; none takes what the problem takes."""

    @property
    def slugs(self) -> tuple[str, ...]:
        return tuple(problem.slug for problem in self.problems)


def desk_of(request: Request, access: CandidateAccess | None) -> Desk:
    """An invitation's problems while there is one, else the open practice, else nothing."""
    settings: Settings = request.app.state.settings
    if access is not None and access.invitation is not None:
        sent = access.invitation
        # A withdrawn invitation has days left that nobody may use.
        until = None if sent.revoked_at else sent.expires_at
        return Desk(known(sent.problems), until, sent.is_open(now()), sent.accept)
    return Desk(problems.load_all() if settings.practice else (), None, settings.practice)


def known(slugs: Iterable[str]) -> tuple[Problem, ...]:
    """The problems of those names; one whose folder has gone since it was invited to is left out."""
    return tuple(problem for slug in slugs if (problem := _load(slug)) is not None)


def _load(slug: str) -> Problem | None:
    with contextlib.suppress(problems.UnknownProblem):
        return problems.load(slug)
    return None


def require_problem(desk: Desk, access: CandidateAccess | None, slug: str) -> Problem:
    """The problem of that name if it is on the desk; raises ``NotFound``, ``Unauthorized`` or ``Forbidden``."""
    if slug in desk.slugs:
        return problems.load(slug)
    if slug not in problems.slugs():
        raise NotFound("There is no such problem.")
    if access is None and not desk.problems:
        raise Unauthorized("Open your invitation link first.")
    raise Forbidden("This problem is not part of your invitation.")

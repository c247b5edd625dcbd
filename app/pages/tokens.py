"""API tokens for CI: make one, see it once, revoke it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Form, Path, Request
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import RedirectResponse, Response

from app import auth
from app.auth import CurrentInterviewer
from app.database import Session
from app.errors import NotFound
from app.models import ApiToken, Interviewer, Scope, now
from app.pages.shell import Viewer, page, site_address

router = APIRouter()

MAX_ID = 2**31 - 1
MAX_NAME = 100


@dataclass(frozen=True)
class Keyring:
    """Everything the page shows; ``secret`` only on the answer that made it."""

    tokens: Sequence[ApiToken]
    secret: str | None
    name: str
    refused: bool
    url: str


@router.get("/tokens")
async def listed(request: Request, session: Session, interviewer: CurrentInterviewer) -> Response:
    return await _page(request, session, interviewer)


@router.post("/tokens")
async def create(
    request: Request,
    session: Session,
    interviewer: CurrentInterviewer,
    name: Annotated[str, Form()] = "",
    scope: Annotated[Scope, Form()] = Scope.SUBMIT,
) -> Response:
    wanted = " ".join(name.split())
    if not wanted or len(wanted) > MAX_NAME or not wanted.isprintable():
        return await _page(request, session, interviewer, name=name, refused=True, status=400)
    scopes = [Scope.SUBMIT] if scope is Scope.SUBMIT else [Scope.SUBMIT, Scope.STAFF]
    _token, secret = await auth.create_token(session, wanted, scopes)
    return await _page(request, session, interviewer, secret=secret, name=wanted, status=201)


@router.post("/tokens/{number}/revoke")
async def revoke(
    session: Session, interviewer: CurrentInterviewer, number: Annotated[int, Path(ge=1, le=MAX_ID)]
) -> Response:
    token = await session.get(ApiToken, number)
    if token is None:
        raise NotFound("There is no such token.")
    token.revoked_at = token.revoked_at or now()
    return RedirectResponse("/tokens", 303)


async def _page(
    request: Request,
    session: AsyncSession,
    interviewer: Interviewer,
    *,
    secret: str | None = None,
    name: str = "",
    refused: bool = False,
    status: int = 200,
) -> Response:
    tokens = (await session.scalars(select(ApiToken).order_by(ApiToken.id.desc()))).all()
    ready = Keyring(tokens, secret, name, refused, site_address(request))
    return page(request, "staff/tokens.html", viewer=Viewer.of(interviewer), status=status, keyring=ready)

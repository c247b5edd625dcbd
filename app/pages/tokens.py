"""API tokens for CI: make one, see it once, revoke it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Form, Path, Request
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import RedirectResponse, Response

from app import auth, forms, wording
from app.auth import CurrentInterviewer
from app.database import Session
from app.errors import NotFound
from app.forms import SentOnce, as_text
from app.models import ApiToken, Interviewer, Scope, now
from app.pages.asking import asking
from app.pages.shell import Viewer, page, site_address

router = APIRouter()

PAGE = "/tokens"
MAX_ID = 2**31 - 1
MAX_NAME = 100

Number = Annotated[int, Path(ge=1, le=MAX_ID)]


@dataclass(frozen=True)
class Keyring:
    """Everything the page shows; ``secret`` only on the answer that made it."""

    tokens: Sequence[ApiToken]
    secret: str | None
    name: str
    scope: str
    error: str
    url: str
    once: str


@router.get("/tokens")
async def listed(request: Request, session: Session, interviewer: CurrentInterviewer) -> Response:
    typed = await forms.kept(session, interviewer, PAGE)
    name, scope = ("".join(typed.get(field, ())) for field in ("name", "scope"))
    return await _page(request, session, interviewer, name=name, scope=scope)


@router.post("/tokens")
async def create(
    request: Request,
    session: Session,
    interviewer: CurrentInterviewer,
    form: SentOnce,
    name: Annotated[str, Form()] = "",
    scope: Annotated[Scope, Form()] = Scope.SUBMIT,
) -> Response:
    wanted = wording.tidy(name)
    fault = _fault(wanted)
    if fault:
        return await _page(request, session, interviewer, name=name, scope=scope, error=fault, status=400)
    scopes: list[Scope] = [Scope.SUBMIT, Scope.STAFF] if scope is Scope.STAFF else [scope]

    async def make() -> int:
        token, _secret = await auth.create_token(session, wanted, scopes, secret=as_text(form.secret))
        return token.id

    await form.once(session, make)
    await forms.keep(session, interviewer, PAGE, {})
    secret = auth.TOKEN_PREFIX + as_text(form.secret)
    return await _page(request, session, interviewer, secret=secret, name=wanted, status=201)


def _fault(name: str) -> str:
    if not wording.shows(name):
        return "Write a name for the token."
    if len(name) > MAX_NAME:
        return f"A token's name has at most {MAX_NAME} characters."
    return "" if wording.is_one_line(name) else "The name holds a control character; type it anew."


@router.get("/tokens/{number}/revoke")
async def ask_to_revoke(
    request: Request, session: Session, interviewer: CurrentInterviewer, number: Number
) -> Response:
    return asking(request, interviewer, "revoke-token", (await _token(session, number)).name, PAGE)


@router.post("/tokens/{number}/revoke")
async def revoke(session: Session, interviewer: CurrentInterviewer, number: Number) -> Response:
    token = await _token(session, number)
    token.revoked_at = token.revoked_at or now()
    return RedirectResponse(PAGE, 303)


async def _token(session: AsyncSession, number: int) -> ApiToken:
    token = await session.get(ApiToken, number)
    if token is None:
        raise NotFound("There is no such token.")
    return token


async def _page(
    request: Request,
    session: AsyncSession,
    interviewer: Interviewer,
    *,
    secret: str | None = None,
    name: str = "",
    scope: str = Scope.SUBMIT,
    error: str = "",
    status: int = 200,
) -> Response:
    tokens = (await session.scalars(select(ApiToken).order_by(ApiToken.id.desc()))).all()
    ready = Keyring(tokens, secret, name, scope, error, site_address(request), forms.once())
    return page(request, "staff/tokens.html", viewer=Viewer.of(interviewer), status=status, keyring=ready)
